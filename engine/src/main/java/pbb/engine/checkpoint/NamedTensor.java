package pbb.engine.checkpoint;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import pbb.engine.graph.Shape;

/**
 * A tensor as a file holds it.
 *
 * @param name unique within the file, such as {@code model.norm.weight}
 * @param type the type of the elements
 * @param shape the extents, outermost first; none for a single number
 * @param data the elements, row-major, as many bytes as type and shape make; a tensor that was read
 *     ends with its file
 */
public record NamedTensor(String name, ElementType type, List<Long> shape, MemorySegment data) {

  /**
   * Checks that the data have the size that type and shape make.
   *
   * @throws IllegalArgumentException if they do not
   */
  public NamedTensor {
    shape = List.copyOf(shape);
    long expected = bytes(type, shape);
    if (data.byteSize() != expected) {
      throw new IllegalArgumentException(
          "tensor "
              + name
              + " of shape "
              + shape
              + " takes "
              + expected
              + " bytes of "
              + type
              + ", not "
              + data.byteSize());
    }
  }

  /** A tensor of floats. */
  public static NamedTensor floats(String name, Shape shape, MemorySegment data) {
    List<Long> extents = new ArrayList<>();
    shape.dimensions().forEach(extent -> extents.add((long) extent));
    return new NamedTensor(name, ElementType.F32, extents, data);
  }

  /** The number of elements. */
  public long size() {
    return data.byteSize() / type.bytes();
  }

  /**
   * The bytes that elements of a type take in a shape.
   *
   * @throws IllegalArgumentException if an extent is negative
   * @throws ArithmeticException if they are more than a {@code long} counts
   */
  static long bytes(ElementType type, List<Long> shape) {
    long bytes = type.bytes();
    for (long extent : shape) {
      if (extent < 0) {
        throw new IllegalArgumentException("an extent is negative: " + shape);
      }
      bytes = Math.multiplyExact(bytes, extent);
    }
    return bytes;
  }
}
