package pbb.engine.backend.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static pbb.engine.backend.vector.Lanes.FLOAT;
import static pbb.engine.backend.vector.Lanes.ORDER;
import static pbb.engine.backend.vector.Memory.ADDRESS_BITS;
import static pbb.engine.backend.vector.Memory.ALL;
import static pbb.engine.backend.vector.Memory.OFFSET_BITS;
import static pbb.engine.backend.vector.Memory.ROW_BITS;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost product of large matrices, for processors with 32 vector registers: a tile of 12
 * rows by 2 vectors, of the bits of {@link MicroKernel8x2}, which says how it came about.
 *
 * <p>24 accumulators, 2 vectors of B and one broadcast of A take 27 registers. Half as many rows
 * again as there cost no more instructions to count and to load B: a round has 52 instructions for
 * its 24 FMAs, rather than 36 for 16, and a panel of B is read for two thirds of the tiles. That
 * shows where another thread works on the same physical core, and where B comes from the
 * second-level cache. 8 rows by 3 vectors were slower by themselves; 14 by 2 were 2% faster, and
 * leave 32 of the 256 rows of a strip to tiles of 8 rows, where 12 leave 16.
 *
 * <p>The loads are written out: with a method of our own for them, which {@link MicroKernel8x2} can
 * afford, there are more nodes than those up to which the compiler inlines any but the JDK's, and
 * vectors are boxed.
 */
final class MicroKernel12x2 {

  /** Rows of a tile. */
  static final int ROWS = 12;

  private static final long VECTOR_BYTES = 4L * FLOAT.length();
  private static final long B_ROW_BYTES = 2 * VECTOR_BYTES;

  private MicroKernel12x2() {}

  /**
   * Computes a tile. Nothing is checked: addresses must be of memory that the caller knows to be
   * there.
   *
   * @param a the address of the rows of A, (12, k)
   * @param aRowBytes bytes from one row of A to the next, in [0, 2³⁰)
   * @param aStepBytes bytes from one element of a row to the next, in [0, 256)
   * @param b the address of a packed panel of B: (k, 2 · lanes) without gaps
   * @param k the length of the sums, in [1, 1024)
   * @param target the address that receives the tile: (12, 2 · lanes)
   * @param targetRowBytes bytes from one of its rows to the next, in [0, 2³⁰)
   */
  static void multiply(
      long a, long aRowBytes, int aStepBytes, long b, int k, long target, long targetRowBytes) {
    int terms = k & 1023;
    long step = aStepBytes & 255;
    long rowBytes = aRowBytes & ROW_BITS;
    long b0 = b & ADDRESS_BITS;
    long a0 = a & ADDRESS_BITS;
    long a2 = a0 + 2 * rowBytes;
    long a4 = a2 + 2 * rowBytes;
    long a6 = a4 + 2 * rowBytes;
    long a8 = a6 + 2 * rowBytes;
    long a10 = a8 + 2 * rowBytes;
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
      FloatVector left = FloatVector.fromMemorySegment(FLOAT, ALL, pb, ORDER);
      FloatVector right = FloatVector.fromMemorySegment(FLOAT, ALL, pb + VECTOR_BYTES, ORDER);
      long even = q * step;
      long odd = even + rowBytes & OFFSET_BITS;
      FloatVector x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, a0 + even));
      left0 = x.fma(left, left0);
      right0 = x.fma(right, right0);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, a0 + odd));
      left1 = x.fma(left, left1);
      right1 = x.fma(right, right1);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, a2 + even));
      left2 = x.fma(left, left2);
      right2 = x.fma(right, right2);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, a2 + odd));
      left3 = x.fma(left, left3);
      right3 = x.fma(right, right3);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, a4 + even));
      left4 = x.fma(left, left4);
      right4 = x.fma(right, right4);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, a4 + odd));
      left5 = x.fma(left, left5);
      right5 = x.fma(right, right5);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, a6 + even));
      left6 = x.fma(left, left6);
      right6 = x.fma(right, right6);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, a6 + odd));
      left7 = x.fma(left, left7);
      right7 = x.fma(right, right7);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, a8 + even));
      left8 = x.fma(left, left8);
      right8 = x.fma(right, right8);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, a8 + odd));
      left9 = x.fma(left, left9);
      right9 = x.fma(right, right9);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, a10 + even));
      left10 = x.fma(left, left10);
      right10 = x.fma(right, right10);
      x = FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, a10 + odd));
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
