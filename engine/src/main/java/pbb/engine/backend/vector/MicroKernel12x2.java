package pbb.engine.backend.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static pbb.engine.backend.vector.Lanes.FLOAT;
import static pbb.engine.backend.vector.Lanes.ORDER;
import static pbb.engine.backend.vector.Memory.ADDRESS_BITS;
import static pbb.engine.backend.vector.Memory.ALL;
import static pbb.engine.backend.vector.Memory.ROW_BITS;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost product of large matrices, for processors with 32 vector registers: a tile of 12
 * rows by 2 vectors, of the bits of {@link MicroKernel8x2}, which says how it came about.
 *
 * <p>24 accumulators, 2 vectors of B and one broadcast of A take 27 registers. Half as many rows
 * again as there cost no more instructions to count and to load B, and a panel of B is read for two
 * thirds of the tiles. That shows where another thread works on the same physical core, and where B
 * comes from the second-level cache. 8 rows by 3 vectors were slower by themselves; 14 by 2 were 2%
 * faster, and leave 32 of 256 rows to tiles of 8 rows, where 12 leave 16.
 *
 * <p>The elements of A lie at distances that are constants of the code, so that a round has 45
 * instructions for its 24 FMAs. With distances that callers give, it has 59: twelve addresses are
 * more than there are general registers. Hence two layouts of A, and a method for each, equal but
 * for these distances; a method that both call would be too large to be inlined.
 *
 * <p>The loads are written out: with a method of our own for them, which {@link MicroKernel8x2} can
 * afford, there are more nodes than those up to which the compiler inlines any but the JDK's, and
 * vectors are boxed.
 */
final class MicroKernel12x2 {

  /** Rows of a tile. */
  static final int ROWS = 12;

  /** The longest sums. */
  static final int MAX_TERMS = 512;

  /**
   * Bytes from one row of A to the next for {@link #rows}: a cache line more than the longest row,
   * since rows a power of two apart would share a few lines of the first-level cache.
   */
  static final long ROW_BYTES = 4L * MAX_TERMS + 64;

  /** Bytes from one term to the next for {@link #panel}. */
  private static final long PANEL_ROW_BYTES = 4L * ROWS;

  private static final long VECTOR_BYTES = 4L * FLOAT.length();
  private static final long B_ROW_BYTES = 2 * VECTOR_BYTES;

  private MicroKernel12x2() {}

  /**
   * Computes a tile from rows of A, (12, k), each {@link #ROW_BYTES} after the one before. Nothing
   * is checked: addresses must be of memory that the caller knows to be there.
   *
   * @param a the address of A's first element
   * @param b the address of a packed panel of B: (k, 2 · lanes) without gaps
   * @param k the length of the sums, in [1, {@value #MAX_TERMS}]
   * @param target the address that receives the tile: (12, 2 · lanes)
   * @param targetRowBytes bytes from one of its rows to the next, in [0, 2³⁰)
   */
  static void rows(long a, long b, int k, long target, long targetRowBytes) {
    int terms = k & 1023;
    long b0 = b & ADDRESS_BITS;
    long a0 = a & ADDRESS_BITS;
    FloatVector zero = FloatVector.zero(FLOAT);
    FloatVector left0 = zero;
    FloatVector right0 = zero;
    FloatVector left1 = zero;
    FloatVector right1 = zero;
    FloatVector left2 = zero;
    FloatVector right2 = zero;
    FloatVector left3 = zero;
    FloatVector right3 = zero;
    FloatVector left4 = zero;
    FloatVector right4 = zero;
    FloatVector left5 = zero;
    FloatVector right5 = zero;
    FloatVector left6 = zero;
    FloatVector right6 = zero;
    FloatVector left7 = zero;
    FloatVector right7 = zero;
    FloatVector left8 = zero;
    FloatVector right8 = zero;
    FloatVector left9 = zero;
    FloatVector right9 = zero;
    FloatVector left10 = zero;
    FloatVector right10 = zero;
    FloatVector left11 = zero;
    FloatVector right11 = zero;
    for (int p = 0; p < terms; p++) {
      int q = p & 1023;
      long pb = b0 + q * B_ROW_BYTES;
      long pa = a0 + q * 4L;
      FloatVector left = FloatVector.fromMemorySegment(FLOAT, ALL, pb, ORDER);
      FloatVector right = FloatVector.fromMemorySegment(FLOAT, ALL, pb + VECTOR_BYTES, ORDER);
      FloatVector x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa));
      left0 = x.fma(left, left0);
      right0 = x.fma(right, right0);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + ROW_BYTES));
      left1 = x.fma(left, left1);
      right1 = x.fma(right, right1);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 2 * ROW_BYTES));
      left2 = x.fma(left, left2);
      right2 = x.fma(right, right2);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 3 * ROW_BYTES));
      left3 = x.fma(left, left3);
      right3 = x.fma(right, right3);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 4 * ROW_BYTES));
      left4 = x.fma(left, left4);
      right4 = x.fma(right, right4);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 5 * ROW_BYTES));
      left5 = x.fma(left, left5);
      right5 = x.fma(right, right5);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 6 * ROW_BYTES));
      left6 = x.fma(left, left6);
      right6 = x.fma(right, right6);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 7 * ROW_BYTES));
      left7 = x.fma(left, left7);
      right7 = x.fma(right, right7);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 8 * ROW_BYTES));
      left8 = x.fma(left, left8);
      right8 = x.fma(right, right8);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 9 * ROW_BYTES));
      left9 = x.fma(left, left9);
      right9 = x.fma(right, right9);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 10 * ROW_BYTES));
      left10 = x.fma(left, left10);
      right10 = x.fma(right, right10);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 11 * ROW_BYTES));
      left11 = x.fma(left, left11);
      right11 = x.fma(right, right11);
    }
    long to = target & ADDRESS_BITS;
    long toRow = targetRowBytes & ROW_BITS;
    left0.intoMemorySegment(ALL, to, ORDER);
    right0.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left1.intoMemorySegment(ALL, to, ORDER);
    right1.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left2.intoMemorySegment(ALL, to, ORDER);
    right2.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left3.intoMemorySegment(ALL, to, ORDER);
    right3.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left4.intoMemorySegment(ALL, to, ORDER);
    right4.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left5.intoMemorySegment(ALL, to, ORDER);
    right5.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left6.intoMemorySegment(ALL, to, ORDER);
    right6.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left7.intoMemorySegment(ALL, to, ORDER);
    right7.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left8.intoMemorySegment(ALL, to, ORDER);
    right8.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left9.intoMemorySegment(ALL, to, ORDER);
    right9.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left10.intoMemorySegment(ALL, to, ORDER);
    right10.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left11.intoMemorySegment(ALL, to, ORDER);
    right11.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
  }

  /**
   * Computes a tile from a packed panel of A: (k, 12) without gaps. Nothing is checked, as in
   * {@link #rows}.
   *
   * @param a the address of A's first element
   * @param b the address of a packed panel of B: (k, 2 · lanes) without gaps
   * @param k the length of the sums, in [1, {@value #MAX_TERMS}]
   * @param target the address that receives the tile: (12, 2 · lanes)
   * @param targetRowBytes bytes from one of its rows to the next, in [0, 2³⁰)
   */
  static void panel(long a, long b, int k, long target, long targetRowBytes) {
    int terms = k & 1023;
    long b0 = b & ADDRESS_BITS;
    long a0 = a & ADDRESS_BITS;
    FloatVector zero = FloatVector.zero(FLOAT);
    FloatVector left0 = zero;
    FloatVector right0 = zero;
    FloatVector left1 = zero;
    FloatVector right1 = zero;
    FloatVector left2 = zero;
    FloatVector right2 = zero;
    FloatVector left3 = zero;
    FloatVector right3 = zero;
    FloatVector left4 = zero;
    FloatVector right4 = zero;
    FloatVector left5 = zero;
    FloatVector right5 = zero;
    FloatVector left6 = zero;
    FloatVector right6 = zero;
    FloatVector left7 = zero;
    FloatVector right7 = zero;
    FloatVector left8 = zero;
    FloatVector right8 = zero;
    FloatVector left9 = zero;
    FloatVector right9 = zero;
    FloatVector left10 = zero;
    FloatVector right10 = zero;
    FloatVector left11 = zero;
    FloatVector right11 = zero;
    for (int p = 0; p < terms; p++) {
      int q = p & 1023;
      long pb = b0 + q * B_ROW_BYTES;
      long pa = a0 + q * PANEL_ROW_BYTES;
      FloatVector left = FloatVector.fromMemorySegment(FLOAT, ALL, pb, ORDER);
      FloatVector right = FloatVector.fromMemorySegment(FLOAT, ALL, pb + VECTOR_BYTES, ORDER);
      FloatVector x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa));
      left0 = x.fma(left, left0);
      right0 = x.fma(right, right0);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 4L));
      left1 = x.fma(left, left1);
      right1 = x.fma(right, right1);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 2 * 4L));
      left2 = x.fma(left, left2);
      right2 = x.fma(right, right2);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 3 * 4L));
      left3 = x.fma(left, left3);
      right3 = x.fma(right, right3);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 4 * 4L));
      left4 = x.fma(left, left4);
      right4 = x.fma(right, right4);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 5 * 4L));
      left5 = x.fma(left, left5);
      right5 = x.fma(right, right5);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 6 * 4L));
      left6 = x.fma(left, left6);
      right6 = x.fma(right, right6);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 7 * 4L));
      left7 = x.fma(left, left7);
      right7 = x.fma(right, right7);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 8 * 4L));
      left8 = x.fma(left, left8);
      right8 = x.fma(right, right8);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 9 * 4L));
      left9 = x.fma(left, left9);
      right9 = x.fma(right, right9);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 10 * 4L));
      left10 = x.fma(left, left10);
      right10 = x.fma(right, right10);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, pa + 11 * 4L));
      left11 = x.fma(left, left11);
      right11 = x.fma(right, right11);
    }
    long to = target & ADDRESS_BITS;
    long toRow = targetRowBytes & ROW_BITS;
    left0.intoMemorySegment(ALL, to, ORDER);
    right0.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left1.intoMemorySegment(ALL, to, ORDER);
    right1.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left2.intoMemorySegment(ALL, to, ORDER);
    right2.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left3.intoMemorySegment(ALL, to, ORDER);
    right3.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left4.intoMemorySegment(ALL, to, ORDER);
    right4.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left5.intoMemorySegment(ALL, to, ORDER);
    right5.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left6.intoMemorySegment(ALL, to, ORDER);
    right6.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left7.intoMemorySegment(ALL, to, ORDER);
    right7.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left8.intoMemorySegment(ALL, to, ORDER);
    right8.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left9.intoMemorySegment(ALL, to, ORDER);
    right9.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left10.intoMemorySegment(ALL, to, ORDER);
    right10.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    left11.intoMemorySegment(ALL, to, ORDER);
    right11.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
  }
}
