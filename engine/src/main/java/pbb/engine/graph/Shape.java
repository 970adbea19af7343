package pbb.engine.graph;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The extents of a tensor, outermost first; storage is row-major, so the last one is contiguous.
 *
 * @param dimensions one extent a dimension, each at least 1
 */
public record Shape(List<Integer> dimensions) {

  /** Checks the extents. */
  public Shape {
    dimensions = List.copyOf(dimensions);
    for (int extent : dimensions) {
      if (extent < 1) {
        throw new IllegalArgumentException(
            "every extent must be at least 1, but the shape is " + dimensions);
      }
    }
  }

  /** The shape with these extents. */
  public static Shape of(int... dimensions) {
    return new Shape(Arrays.stream(dimensions).boxed().toList());
  }

  /** How many dimensions there are. */
  public int rank() {
    return dimensions.size();
  }

  /**
   * The extent of dimension {@code index}, counted from the outermost; negative counts from the
   * innermost.
   */
  public int get(int index) {
    return dimensions.get(index < 0 ? rank() + index : index);
  }

  /** The number of elements. */
  public long size() {
    long size = 1;
    for (int extent : dimensions) {
      size = Math.multiplyExact(size, extent);
    }
    return size;
  }

  /** This shape with one more dimension of {@code extent} outside the others. */
  public Shape stacked(int extent) {
    return of(
        IntStream.concat(IntStream.of(extent), dimensions.stream().mapToInt(Integer::intValue))
            .toArray());
  }

  @Override
  public String toString() {
    return dimensions.stream().map(String::valueOf).collect(Collectors.joining(", ", "(", ")"));
  }
}
