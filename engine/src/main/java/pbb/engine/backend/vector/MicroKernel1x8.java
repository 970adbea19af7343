package pbb.engine.backend.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static pbb.engine.backend.vector.Lanes.FLOAT;
import static pbb.engine.backend.vector.Memory.ADDRESS_BITS;
import static pbb.engine.backend.vector.Memory.ALL;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost product of a single row, by four panels of B at a time: for each of them and j in
 * [0, 2 · lanes), {@code tile[j] = Σ over p of a[p] · b[p][j]}, summed in the order of p as {@link
 * MicroKernel8x2} sums, so that a row has the same bits alone and among others.
 *
 * <p>It does as many multiplications as it loads vectors: what counts is that loading never waits.
 * Eight sums keep two FMA units with a latency of four cycles busy, and four panels are four
 * streams of memory that processors load ahead.
 */
final class MicroKernel1x8 {

  /** Panels at a time. */
  static final int PANELS = 4;

  private static final long VECTOR_BYTES = 4L * FLOAT.length();
  private static final long B_ROW_BYTES = 2 * VECTOR_BYTES;

  private MicroKernel1x8() {}

  /**
   * Computes four tiles of a row. Nothing is checked.
   *
   * @param a the address of the row of A, (k)
   * @param b the address of the first packed panel, (k, 2 · lanes) without gaps
   * @param panelBytes bytes from one panel to the next
   * @param last which panel is the last, in [0, 4): it takes the place of those after it
   * @param k the length of the sums, in [1, 1024)
   * @param target the address that receives the tiles: (4, 2 · lanes)
   */
  static void multiply(long a, long b, long panelBytes, int last, int k, long target) {
    int terms = k & 1023;
    long b0 = b & ADDRESS_BITS;
    long b1 = b + Math.min(1, last) * panelBytes & ADDRESS_BITS;
    long b2 = b + Math.min(2, last) * panelBytes & ADDRESS_BITS;
    long b3 = b + Math.min(3, last) * panelBytes & ADDRESS_BITS;
    FloatVector zero = FloatVector.zero(FLOAT);
    FloatVector c00 = zero;
    FloatVector c01 = zero;
    FloatVector c10 = zero;
    FloatVector c11 = zero;
    FloatVector c20 = zero;
    FloatVector c21 = zero;
    FloatVector c30 = zero;
    FloatVector c31 = zero;
    for (int p = 0; p < terms; p++) {
      long at = (p & 1023) * B_ROW_BYTES;
      FloatVector x =
          FloatVector.broadcast(
              FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, (a & ADDRESS_BITS) + (p & 1023) * 4L));
      c00 = x.fma(Memory.load(b0 + at), c00);
      c01 = x.fma(Memory.load(b0 + at + VECTOR_BYTES), c01);
      c10 = x.fma(Memory.load(b1 + at), c10);
      c11 = x.fma(Memory.load(b1 + at + VECTOR_BYTES), c11);
      c20 = x.fma(Memory.load(b2 + at), c20);
      c21 = x.fma(Memory.load(b2 + at + VECTOR_BYTES), c21);
      c30 = x.fma(Memory.load(b3 + at), c30);
      c31 = x.fma(Memory.load(b3 + at + VECTOR_BYTES), c31);
    }
    Memory.store(target, c00);
    Memory.store(target + VECTOR_BYTES, c01);
    Memory.store(target + B_ROW_BYTES, c10);
    Memory.store(target + B_ROW_BYTES + VECTOR_BYTES, c11);
    Memory.store(target + 2 * B_ROW_BYTES, c20);
    Memory.store(target + 2 * B_ROW_BYTES + VECTOR_BYTES, c21);
    Memory.store(target + 3 * B_ROW_BYTES, c30);
    Memory.store(target + 3 * B_ROW_BYTES + VECTOR_BYTES, c31);
  }
}
