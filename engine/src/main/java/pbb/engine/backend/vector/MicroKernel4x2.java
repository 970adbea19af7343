package pbb.engine.backend.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static pbb.engine.backend.vector.Lanes.FLOAT;
import static pbb.engine.backend.vector.Lanes.ORDER;
import static pbb.engine.backend.vector.Memory.ADDRESS_BITS;
import static pbb.engine.backend.vector.Memory.ALL;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost product for processors with 16 vector registers: a tile of 4 rows by 2 vectors.
 *
 * <p>For i in [0, 4), j in [0, 2 · lanes): {@code tile[i][j] = Σ over p of a[i][p] · b[p][j]},
 * summed in the order of p by fused multiply-adds, which round alike in the interpreter, in
 * compiled code and on every processor.
 *
 * <p>8 accumulators, 2 vectors of B and the broadcasts of A, which the compiler issues up to four
 * at a time, take 14 registers. With 5 or 6 rows, accumulators spill, and each sum then waits for
 * memory: 43% of the peak of AVX2 rather than 78%. Unrolling spills them too, which is why the loop
 * steps through A by an amount that the compiler does not know.
 *
 * <p>The method is one loop and nothing else on purpose. All accumulators are local variables of
 * one method, since vectors that pass through a call that is not inlined are boxed; and what is
 * done with the tile stands in {@link MatMulTile#store}, since with it the method grows so large
 * that the first compiler gives up on it ("out of virtual registers") and it may then stay
 * interpreted.
 *
 * <p>Operands and addresses are masked to the range that they have anyway. The compiler then sees
 * that no address can be negative, and leaves out bounds checks.
 */
final class MicroKernel4x2 {

  /** Rows of a tile. */
  static final int ROWS = 4;

  private static final int LANES = FLOAT.length();
  private static final long VECTOR_BYTES = 4L * LANES;
  private static final long B_ROW_BYTES = 2 * VECTOR_BYTES;

  /** The bits that the distance between two rows has. */
  private static final long ROW_BITS = (1L << 30) - 1;

  private MicroKernel4x2() {}

  /**
   * Computes a tile. Nothing is checked: addresses must be of memory that the caller knows to be
   * there.
   *
   * @param a the address of the rows of A, (4, k)
   * @param aRowBytes bytes from one row of A to the next, in [0, 2³⁰)
   * @param aStepBytes bytes from one element of a row to the next, in [0, 256)
   * @param b the address of a packed panel of B: (k, 2 · lanes) without gaps
   * @param k the length of the sums, in [1, 1024)
   * @param target the address that receives the tile: (4, 2 · lanes)
   * @param targetRowBytes bytes from one of its rows to the next, in [0, 2³⁰)
   */
  static void multiply(
      long a, long aRowBytes, int aStepBytes, long b, int k, long target, long targetRowBytes) {
    int terms = k & 1023;
    long step = aStepBytes & 255;
    long rowBytes = aRowBytes & ROW_BITS;
    long b0 = b & ADDRESS_BITS;
    long a0 = a & ADDRESS_BITS;
    long a1 = a0 + rowBytes;
    long a2 = a1 + rowBytes;
    long a3 = a2 + rowBytes;
    FloatVector zero = FloatVector.zero(FLOAT);
    FloatVector c00 = zero;
    FloatVector c01 = zero;
    FloatVector c10 = zero;
    FloatVector c11 = zero;
    FloatVector c20 = zero;
    FloatVector c21 = zero;
    FloatVector c30 = zero;
    FloatVector c31 = zero;
    long end = terms * step;
    long bRow = b0;
    for (long at = 0; at != end; at += step) {
      long pa = at & 0x3_FFFF;
      long pb = bRow & ADDRESS_BITS;
      FloatVector left = FloatVector.fromMemorySegment(FLOAT, ALL, pb, ORDER);
      FloatVector right = FloatVector.fromMemorySegment(FLOAT, ALL, pb + VECTOR_BYTES, ORDER);
      bRow += B_ROW_BYTES;
      FloatVector x0 = broadcast(a0 + pa);
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
      FloatVector x1 = broadcast(a1 + pa);
      c10 = x1.fma(left, c10);
      c11 = x1.fma(right, c11);
      FloatVector x2 = broadcast(a2 + pa);
      c20 = x2.fma(left, c20);
      c21 = x2.fma(right, c21);
      FloatVector x3 = broadcast(a3 + pa);
      c30 = x3.fma(left, c30);
      c31 = x3.fma(right, c31);
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
  }

  private static FloatVector broadcast(long address) {
    return FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, address));
  }
}
