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
 * The innermost product for processors with 32 vector registers: a tile of 8 rows by 2 vectors,
 * where {@link MicroKernel12x2} has too few rows.
 *
 * <p>For i in [0, 8), j in [0, 2 · lanes): {@code tile[i][j] = Σ over p of a[i][p] · b[p][j]},
 * summed in the order of p by fused multiply-adds, which round alike in the interpreter, in
 * compiled code and on every processor.
 *
 * <p>16 accumulators, 2 vectors of B and one broadcast of A take 19 registers. Two FMA units with a
 * latency of four cycles need 8 independent sums; 10 loads for 16 FMAs stay below the two loads a
 * cycle of such processors. 2 vectors (not 3) make tiles 32 columns wide at 512 bits, which divides
 * the widths of transformers.
 *
 * <p>The method is one loop and nothing else on purpose. All accumulators are local variables of
 * one method, since vectors that pass through a call that is not inlined are boxed; and what is
 * done with the tile stands in {@link MatMulTile#store}, since with it the method grows so large
 * that the first compiler gives up on it ("out of virtual registers") and it may then stay
 * interpreted.
 *
 * <p>Rows are addressed in pairs, four of them by two offsets. With a pointer for each row there
 * were more values than general registers, and two of them were fetched from vector registers in
 * each round: 100 GFLOP/s rather than 106, of 112.
 *
 * <p>Every operand is masked to the range that it has anyway. The compiler then sees that no
 * address can be negative, and leaves out bounds checks that would otherwise be prepared anew in
 * some 450 instructions before each of the loops. It drops the masks within the loop as well.
 */
final class MicroKernel8x2 {

  /** Rows of a tile. */
  static final int ROWS = 8;

  private static final int LANES = FLOAT.length();
  private static final long VECTOR_BYTES = 4L * LANES;
  private static final long B_ROW_BYTES = 2 * VECTOR_BYTES;

  private MicroKernel8x2() {}

  /**
   * Computes a tile. Nothing is checked: addresses must be of memory that the caller knows to be
   * there.
   *
   * @param a the address of the rows of A, (8, k)
   * @param aRowBytes bytes from one row of A to the next, in [0, 2³⁰)
   * @param aStepBytes bytes from one element of a row to the next, in [0, 256)
   * @param b the address of a packed panel of B: (k, 2 · lanes) without gaps
   * @param k the length of the sums, in [1, 1024)
   * @param target the address that receives the tile: (8, 2 · lanes)
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
    FloatVector zero = FloatVector.zero(FLOAT);
    FloatVector c00 = zero;
    FloatVector c01 = zero;
    FloatVector c10 = zero;
    FloatVector c11 = zero;
    FloatVector c20 = zero;
    FloatVector c21 = zero;
    FloatVector c30 = zero;
    FloatVector c31 = zero;
    FloatVector c40 = zero;
    FloatVector c41 = zero;
    FloatVector c50 = zero;
    FloatVector c51 = zero;
    FloatVector c60 = zero;
    FloatVector c61 = zero;
    FloatVector c70 = zero;
    FloatVector c71 = zero;
    for (int p = 0; p < terms; p++) {
      int q = p & 1023;
      long pb = b0 + q * B_ROW_BYTES;
      FloatVector left = FloatVector.fromMemorySegment(FLOAT, ALL, pb, ORDER);
      FloatVector right = FloatVector.fromMemorySegment(FLOAT, ALL, pb + VECTOR_BYTES, ORDER);
      long even = q * step;
      long odd = even + rowBytes & OFFSET_BITS;
      FloatVector x0 = broadcast(a0 + even);
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
      FloatVector x1 = broadcast(a0 + odd);
      c10 = x1.fma(left, c10);
      c11 = x1.fma(right, c11);
      FloatVector x2 = broadcast(a2 + even);
      c20 = x2.fma(left, c20);
      c21 = x2.fma(right, c21);
      FloatVector x3 = broadcast(a2 + odd);
      c30 = x3.fma(left, c30);
      c31 = x3.fma(right, c31);
      FloatVector x4 = broadcast(a4 + even);
      c40 = x4.fma(left, c40);
      c41 = x4.fma(right, c41);
      FloatVector x5 = broadcast(a4 + odd);
      c50 = x5.fma(left, c50);
      c51 = x5.fma(right, c51);
      FloatVector x6 = broadcast(a6 + even);
      c60 = x6.fma(left, c60);
      c61 = x6.fma(right, c61);
      FloatVector x7 = broadcast(a6 + odd);
      c70 = x7.fma(left, c70);
      c71 = x7.fma(right, c71);
    }
    long to = target & ADDRESS_BITS;
    long toRow = targetRowBytes & ROW_BITS;
    c00.intoMemorySegment(ALL, to, ORDER);
    c01.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    c10.intoMemorySegment(ALL, to, ORDER);
    c11.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    c20.intoMemorySegment(ALL, to, ORDER);
    c21.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    c30.intoMemorySegment(ALL, to, ORDER);
    c31.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    c40.intoMemorySegment(ALL, to, ORDER);
    c41.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    c50.intoMemorySegment(ALL, to, ORDER);
    c51.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    c60.intoMemorySegment(ALL, to, ORDER);
    c61.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
    to += toRow;
    c70.intoMemorySegment(ALL, to, ORDER);
    c71.intoMemorySegment(ALL, to + VECTOR_BYTES, ORDER);
  }

  private static FloatVector broadcast(long address) {
    return FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, address));
  }
}
