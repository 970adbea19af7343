package pbb.engine.graph;

/**
 * A tensor as graphs know it: a name, a type and a shape, but no storage.
 *
 * <p>A tensor of {@code slices > 1} is stacked: it holds as many values of {@code shape}, one after
 * the other, and an op of a {@link Section.Repeated} works on the slice of its layer. A parameter
 * that each layer has of its own is one tensor of {@code layers} slices; what one layer hands to
 * the next is one of {@code layers + 1}.
 *
 * @param name unique within a program
 * @param type the type of the elements
 * @param shape the shape of one slice
 * @param slices how many values of {@code shape} the tensor holds, at least 1
 * @param role what the tensor is for
 */
public record Tensor(String name, DataType type, Shape shape, int slices, Role role) {

  /** Checks that there is a slice. */
  public Tensor {
    if (slices < 1) {
      throw new IllegalArgumentException(
          "tensor " + name + " must have at least 1 slice, not " + slices);
    }
  }

  /** An unstacked tensor of floats. */
  public static Tensor of(String name, Role role, int... shape) {
    return new Tensor(name, DataType.F32, Shape.of(shape), 1, role);
  }

  /** An unstacked tensor of integers. */
  public static Tensor ofInts(String name, Role role, int... shape) {
    return new Tensor(name, DataType.I32, Shape.of(shape), 1, role);
  }

  /** A tensor of floats with {@code slices} values of {@code shape}. */
  public static Tensor stacked(String name, Role role, int slices, int... shape) {
    return new Tensor(name, DataType.F32, Shape.of(shape), slices, role);
  }

  /** All of the tensor. */
  public Operand whole() {
    return new Operand(this, Operand.Slice.WHOLE);
  }

  /** One slice, by its number. */
  public Operand at(int index) {
    return new Operand(this, new Operand.At(index));
  }

  /** The slice of the layer that is being run. */
  public Operand ofLayer() {
    return ofLayer(0);
  }

  /** The slice {@code offset} after that of the layer that is being run. */
  public Operand ofLayer(int offset) {
    return new Operand(this, new Operand.OfLayer(offset));
  }

  /** The number of elements in all slices. */
  public long size() {
    return Math.multiplyExact(shape.size(), slices);
  }

  @Override
  public String toString() {
    return name + (slices > 1 ? shape.stacked(slices) : shape);
  }
}
