package pbb.engine.graph;

/**
 * A tensor, or a slice of a stacked one, as an op reads or writes it.
 *
 * @param tensor the tensor
 * @param slice which part of it
 */
public record Operand(Tensor tensor, Slice slice) {

  /** Which slices of a stacked tensor are meant. */
  public sealed interface Slice permits Whole, At, OfLayer {
    /** All of them. */
    Slice WHOLE = new Whole();
  }

  /** All slices. */
  public record Whole() implements Slice {}

  /** The slice with this number. */
  public record At(int index) implements Slice {}

  /** The slice whose number is the current layer's plus {@code offset}. */
  public record OfLayer(int offset) implements Slice {}

  /** Checks that the slice is one of the tensor's. */
  public Operand {
    int last =
        switch (slice) {
          case Whole _ -> 0;
          case At(int index) -> index;
          case OfLayer(int offset) -> offset;
        };
    if (last < 0 || last >= tensor.slices()) {
      throw new IllegalArgumentException(
          "slice " + last + " of " + tensor + " does not exist: it has " + tensor.slices());
    }
  }

  /**
   * The shape that the op sees: with the slices as outermost dimension where all of a stacked
   * tensor is meant.
   */
  public Shape shape() {
    return slice instanceof Whole && tensor.slices() > 1
        ? tensor.shape().stacked(tensor.slices())
        : tensor.shape();
  }

  /** The type of the elements. */
  public DataType type() {
    return tensor.type();
  }

  /** The number of elements that the op sees. */
  public long size() {
    return shape().size();
  }

  /**
   * The first slice that the op touches when {@code layer} is run.
   *
   * @param layer the layer's number, 0 outside repeated sections
   */
  public int firstSlice(int layer) {
    return switch (slice) {
      case Whole _ -> 0;
      case At(int index) -> index;
      case OfLayer(int offset) -> layer + offset;
    };
  }

  @Override
  public String toString() {
    String suffix =
        switch (slice) {
          case Whole _ -> "";
          case At(int index) -> "[" + index + "]";
          case OfLayer(int offset) -> offset == 0 ? "[layer]" : "[layer+" + offset + "]";
        };
    return tensor.name() + suffix + shape();
  }
}
