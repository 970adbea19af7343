package pbb.engine.backend.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static pbb.engine.backend.vector.Lanes.FLOAT;
import static pbb.engine.backend.vector.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * The innermost product for processors with 32 vector registers: a tile of 8 rows by 2 vectors.
 *
 * <p>For i in [0, 8), j in [0, 2 · lanes): {@code tile[i][j] = Σ over p of a[i][p] · b[p][j]}, summed in the order of p
 * by fused multiply-adds, which round alike in the interpreter, in compiled code and on every processor.
 *
 * <p>16 accumulators, 2 vectors of B and one broadcast of A take 19 registers. Two FMA units with a latency of four cycles
 * need 8 independent sums; 10 loads for 16 FMAs stay below the two loads a cycle of such processors. 2 vectors (not 3) make
 * tiles 32 columns wide at 512 bits, which divides the widths of transformers.
 *
 * <p>The method is one loop and nothing else on purpose. All accumulators are local variables of one method, since vectors
 * that pass through a call that is not inlined are boxed; and what is done with the tile stands in
 * {@link MatMulTile#store}, since with it the method grows so large that the first compiler gives up on it ("out of virtual
 * registers") and it may then stay interpreted. Offsets are computed from an {@code int} counter, which lets the compiler
 * move the bounds checks out of the loop.
 */
final class MicroKernel8x2 {

  /** Rows of a tile. */
  static final int ROWS = 8;

  private static final int LANES = FLOAT.length();
  private static final long VECTOR_BYTES = 4L * LANES;
  private static final long B_ROW_BYTES = 2 * VECTOR_BYTES;

  private MicroKernel8x2() {}

  /**
   * Computes a tile.
   *
   * @param a the packed rows of A: (≥ 8, k) with {@code aRowBytes} from row to row
   * @param aOffset where they begin, in bytes
   * @param aRowBytes bytes from one row of A to the next
   * @param b a packed panel of B: (k, 2 · lanes) without gaps
   * @param bOffset where it begins, in bytes
   * @param k the length of the sums, at least 1
   * @param tile receives the tile: (8, 2 · lanes) without gaps, from its beginning
   */
  static void multiply(
      MemorySegment a,
      long aOffset,
      long aRowBytes,
      MemorySegment b,
      long bOffset,
      int k,
      MemorySegment tile) {
    long a0 = aOffset;
    long a1 = aOffset + aRowBytes;
    long a2 = aOffset + 2 * aRowBytes;
    long a3 = aOffset + 3 * aRowBytes;
    long a4 = aOffset + 4 * aRowBytes;
    long a5 = aOffset + 5 * aRowBytes;
    long a6 = aOffset + 6 * aRowBytes;
    long a7 = aOffset + 7 * aRowBytes;
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
    for (int p = 0; p < k; p++) {
      long pb = bOffset + p * B_ROW_BYTES;
      FloatVector b0 = FloatVector.fromMemorySegment(FLOAT, b, pb, ORDER);
      FloatVector b1 = FloatVector.fromMemorySegment(FLOAT, b, pb + VECTOR_BYTES, ORDER);
      long pa = 4L * p;
      FloatVector x0 = FloatVector.broadcast(FLOAT, a.get(JAVA_FLOAT, a0 + pa));
      c00 = x0.fma(b0, c00);
      c01 = x0.fma(b1, c01);
      FloatVector x1 = FloatVector.broadcast(FLOAT, a.get(JAVA_FLOAT, a1 + pa));
      c10 = x1.fma(b0, c10);
      c11 = x1.fma(b1, c11);
      FloatVector x2 = FloatVector.broadcast(FLOAT, a.get(JAVA_FLOAT, a2 + pa));
      c20 = x2.fma(b0, c20);
      c21 = x2.fma(b1, c21);
      FloatVector x3 = FloatVector.broadcast(FLOAT, a.get(JAVA_FLOAT, a3 + pa));
      c30 = x3.fma(b0, c30);
      c31 = x3.fma(b1, c31);
      FloatVector x4 = FloatVector.broadcast(FLOAT, a.get(JAVA_FLOAT, a4 + pa));
      c40 = x4.fma(b0, c40);
      c41 = x4.fma(b1, c41);
      FloatVector x5 = FloatVector.broadcast(FLOAT, a.get(JAVA_FLOAT, a5 + pa));
      c50 = x5.fma(b0, c50);
      c51 = x5.fma(b1, c51);
      FloatVector x6 = FloatVector.broadcast(FLOAT, a.get(JAVA_FLOAT, a6 + pa));
      c60 = x6.fma(b0, c60);
      c61 = x6.fma(b1, c61);
      FloatVector x7 = FloatVector.broadcast(FLOAT, a.get(JAVA_FLOAT, a7 + pa));
      c70 = x7.fma(b0, c70);
      c71 = x7.fma(b1, c71);
    }
    c00.intoMemorySegment(tile, 0, ORDER);
    c01.intoMemorySegment(tile, VECTOR_BYTES, ORDER);
    c10.intoMemorySegment(tile, 2 * VECTOR_BYTES, ORDER);
    c11.intoMemorySegment(tile, 3 * VECTOR_BYTES, ORDER);
    c20.intoMemorySegment(tile, 4 * VECTOR_BYTES, ORDER);
    c21.intoMemorySegment(tile, 5 * VECTOR_BYTES, ORDER);
    c30.intoMemorySegment(tile, 6 * VECTOR_BYTES, ORDER);
    c31.intoMemorySegment(tile, 7 * VECTOR_BYTES, ORDER);
    c40.intoMemorySegment(tile, 8 * VECTOR_BYTES, ORDER);
    c41.intoMemorySegment(tile, 9 * VECTOR_BYTES, ORDER);
    c50.intoMemorySegment(tile, 10 * VECTOR_BYTES, ORDER);
    c51.intoMemorySegment(tile, 11 * VECTOR_BYTES, ORDER);
    c60.intoMemorySegment(tile, 12 * VECTOR_BYTES, ORDER);
    c61.intoMemorySegment(tile, 13 * VECTOR_BYTES, ORDER);
    c70.intoMemorySegment(tile, 14 * VECTOR_BYTES, ORDER);
    c71.intoMemorySegment(tile, 15 * VECTOR_BYTES, ORDER);
  }
}
