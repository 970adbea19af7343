package pbb.engine.backend.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static pbb.engine.backend.vector.Lanes.FLOAT;
import static pbb.engine.backend.vector.Lanes.ORDER;
import static pbb.engine.backend.vector.Memory.ADDRESS_BITS;
import static pbb.engine.backend.vector.Memory.ALL;
import static pbb.engine.backend.vector.Memory.ROW_BITS;

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
 * memory. Each round adds two terms, since a round of one has more instructions besides its FMAs
 * than such processors issue in their time. The store between the two stands for nothing else than
 * their order: the compiler moves no load across it, where it would otherwise broadcast for both at
 * once and spill. Of the peak of AVX2, alone: one term a round 66%, two 85%, without the store 26%.
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
    long to = target & ADDRESS_BITS;
    int pairs = terms >>> 1;
    for (int pair = 0; pair < pairs; pair++) {
      int p = pair & 511;
      long pb = b0 + p * (2 * B_ROW_BYTES);
      long first = p * (2 * step);
      FloatVector left = FloatVector.fromMemorySegment(FLOAT, ALL, pb, ORDER);
      FloatVector right = FloatVector.fromMemorySegment(FLOAT, ALL, pb + VECTOR_BYTES, ORDER);
      FloatVector x0 = broadcast(a0 + first);
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
      FloatVector x1 = broadcast(a1 + first);
      c10 = x1.fma(left, c10);
      c11 = x1.fma(right, c11);
      FloatVector x2 = broadcast(a2 + first);
      c20 = x2.fma(left, c20);
      c21 = x2.fma(right, c21);
      FloatVector x3 = broadcast(a3 + first);
      c30 = x3.fma(left, c30);
      c31 = x3.fma(right, c31);
      ALL.set(JAVA_FLOAT_UNALIGNED, to, 0f);
      long second = first + step;
      pb += B_ROW_BYTES;
      left = FloatVector.fromMemorySegment(FLOAT, ALL, pb, ORDER);
      right = FloatVector.fromMemorySegment(FLOAT, ALL, pb + VECTOR_BYTES, ORDER);
      x0 = broadcast(a0 + second);
      c00 = x0.fma(left, c00);
      c01 = x0.fma(right, c01);
      x1 = broadcast(a1 + second);
      c10 = x1.fma(left, c10);
      c11 = x1.fma(right, c11);
      x2 = broadcast(a2 + second);
      c20 = x2.fma(left, c20);
      c21 = x2.fma(right, c21);
      x3 = broadcast(a3 + second);
      c30 = x3.fma(left, c30);
      c31 = x3.fma(right, c31);
    }
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
    if ((terms & 1) != 0) {
      int last = terms - 1;
      addTerm(a + last * step, rowBytes, b + last * B_ROW_BYTES, target, toRow);
    }
  }

  /** Adds one more term to the sums of a stored tile. */
  private static void addTerm(long a, long aRowBytes, long b, long target, long targetRowBytes) {
    FloatVector left = Memory.load(b);
    FloatVector right = Memory.load(b + VECTOR_BYTES);
    for (int i = 0; i < ROWS; i++) {
      FloatVector x = FloatVector.broadcast(FLOAT, Memory.get(a + i * aRowBytes));
      long to = target + i * targetRowBytes;
      Memory.store(to, x.fma(left, Memory.load(to)));
      Memory.store(to + VECTOR_BYTES, x.fma(right, Memory.load(to + VECTOR_BYTES)));
    }
  }

  private static FloatVector broadcast(long address) {
    return FloatVector.broadcast(FLOAT, ALL.get(JAVA_FLOAT_UNALIGNED, address));
  }
}
