package pbb.tornado;

import pbb.engine.graph.DataType;

/**
 * Where an operand lies in the program's part of the device's memory.
 *
 * @param type which of the two arrays it is in
 * @param start index of its first element on layer 0, from the start of the program's part
 * @param stride elements from one layer's slice to the next; 0 if all layers have one
 * @param size elements of a slice
 * @param from where all slices start
 * @param to where all slices end
 */
record Place(DataType type, int start, int stride, int size, int from, int to) {

  /** Whether some slice of both is the same memory. */
  boolean overlaps(Place other) {
    return type == other.type && from < other.to && other.from < to;
  }

  /** Just one element. */
  Place element(int index) {
    return new Place(type, start + index, 0, 1, start + index, start + index + 1);
  }

  /** Where the slice of {@code layer} starts. */
  int start(int layer) {
    return start + layer * stride;
  }
}
