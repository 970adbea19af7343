package pbb.engine.backend.scalar;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A tensor's integers.
 *
 * @param name the tensor's name, for messages
 * @param memory elements of four bytes
 */
record Integers(String name, MemorySegment memory) {

  /**
   * Element {@code index}, which must be in [0, bound).
   *
   * @throws IllegalArgumentException if it is not
   */
  int get(long index, int bound) {
    int value = memory.getAtIndex(ValueLayout.JAVA_INT, index);
    if (value < 0 || value >= bound) {
      throw new IllegalArgumentException(
          "element " + index + " of " + name + " must be in [0, " + bound + "), not " + value);
    }
    return value;
  }
}
