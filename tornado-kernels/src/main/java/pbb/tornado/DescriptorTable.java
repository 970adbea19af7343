package pbb.tornado;

import java.util.Arrays;

/**
 * The descriptors of a program, with addresses that count from where its memory will start, and are
 * moved there when that is known.
 */
final class DescriptorTable {

  /** What an entry is counted from. */
  enum Kind {
    /** A number. */
    NUMBER,
    /** An index of floats, from the start of the program's. */
    FLOATS,
    /** An index of floats, from the start of what kernels use for themselves. */
    SCRATCH_FLOATS,
    /** An index of integers. */
    INTS,
    /** An index of integers, from the start of what kernels use for themselves. */
    SCRATCH_INTS,
    /** An index of this table. */
    TABLE
  }

  private int[] values = new int[256];
  private Kind[] kinds = new Kind[256];
  private int size;

  /** How many entries there are: the index of the next one. */
  int size() {
    return size;
  }

  /** Appends an entry. */
  void add(Kind kind, int value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, 2 * size);
      kinds = Arrays.copyOf(kinds, 2 * size);
    }
    values[size] = value;
    kinds[size++] = kind;
  }

  /** The table for a program whose parts start at these indices. */
  int[] moved(int floats, int scratchFloats, int ints, int scratchInts, int table) {
    int[] moved = Arrays.copyOf(values, size);
    for (int i = 0; i < size; i++) {
      moved[i] +=
          switch (kinds[i]) {
            case NUMBER -> 0;
            case FLOATS -> floats;
            case SCRATCH_FLOATS -> scratchFloats;
            case INTS -> ints;
            case SCRATCH_INTS -> scratchInts;
            case TABLE -> table;
          };
    }
    return moved;
  }
}
