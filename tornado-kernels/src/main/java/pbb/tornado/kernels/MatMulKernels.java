package pbb.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.vectors.Float16;

/** The matrix product. */
public final class MatMulKernels {

  private MatMulKernels() {}

  /**
   * {@code out = op(a) · op(b)}, in tiles of 64 × 64: a group of 64 work-items copies 16 columns of
   * a's tile and 16 rows of b's into local memory, and work-item (ly, lx) of 16 × 4 multiplies rows
   * 4·ly to 4·ly + 3 with columns 4·lx to 4·lx + 3, and the same 16, 32 and 48 further on, so that
   * an element read from global memory is used 64 times. Columns come in runs of four so that
   * neighbours write side by side, and read different banks of local memory.
   *
   * <p>Work-items copy 16 elements of each tile, four at a time, so that four reads are under way.
   * Where columns of op(a), or rows of op(b), are contiguous, 16 neighbours read 64 bytes at a
   * time. Where the dimension of the sum is, four neighbours read 16 bytes each, of eight rows at
   * once, and come back for the rest of the 64 bytes, which are in the cache by then: a work-item
   * that would go through more rows finds them evicted on devices that run one after the other,
   * when rows are a power of two long.
   *
   * <p>What is read beyond an operand's rows goes into results that nobody writes, and what is read
   * beyond the sum is not added up; so reads only have to stay in the operand's memory.
   *
   * <p>A row's sums are a {@link Float16}. That means nothing to a GPU, whose registers are scalar,
   * but a processor behind OpenCL then computes them by vectors. The products are written out since
   * only scalar ones become {@code fma}. Places in local memory are multiples of four with two bits
   * put in ({@code & -4}, {@code | 1}), and the leading dimension is data, lest TornadoVM's
   * compiler see that the mask is superfluous: the driver's compiler can know only so that four
   * neighbours are aligned, and reads them at once.
   *
   * <p>Groups along x: (matrices × tiles) × splits. Where tiles are few and sums long, a sum is cut
   * into parts, and each part's product goes to scratch memory, to be added up by {@link
   * #sumParts}.
   *
   * <p>Descriptor: out, a, b; M, N, K, how far it is in a from row to row and from column to column
   * of op(a), in b from column to column and from row to row of op(b), whether columns of op(a) are
   * contiguous, whether rows of op(b) are, tiles along N, tiles of a matrix, tiles in all, groups
   * in all, length of a part, elements between parts of out, from matrix to matrix of a and of b,
   * whether to add, 16, the leading dimension of local tiles (68, which keeps most columns out of
   * one bank), where the parts go or −1 for out.
   *
   * <p>4·(M·K·⌈N/64⌉ + K·N·⌈M/64⌉ + M·N) bytes, 2·M·N·K FLOPs. Local memory: 8.5 KiB.
   */
  public static void matMul(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    float[] as = context.allocateFloatLocalArray(1088);
    float[] bs = context.allocateFloatLocalArray(1088);
    int p = Descriptors.of(context, d, step);
    int out = Descriptors.at(d, step, p, 0);
    int a = Descriptors.at(d, step, p, 1);
    int b = Descriptors.at(d, step, p, 2);
    int rows = d.get(p + 6);
    int columns = d.get(p + 7);
    int end = d.get(p + 8);
    int aRow = d.get(p + 9);
    int aColumn = d.get(p + 10);
    int bColumn = d.get(p + 11);
    int bRow = d.get(p + 12);
    int tilesAlongN = d.get(p + 15);
    int tilesOfMatrix = d.get(p + 16);
    int tiles = d.get(p + 17);
    int groups = d.get(p + 18);
    int partLength = d.get(p + 19);
    int partStride = d.get(p + 20);
    int accumulate = d.get(p + 23);
    int depth = d.get(p + 24);
    int leading = d.get(p + 25);
    int scratch = d.get(p + 26);
    int l = context.localIdx;
    int lx = l & 3;
    int ly = l >> 2;
    int group = context.groupIdx;
    int part = group / tiles;
    int tile = group - part * tiles;
    int matrix = tile / tilesOfMatrix;
    int inMatrix = tile - matrix * tilesOfMatrix;
    int tileRow = inMatrix / tilesAlongN;
    int row0 = tileRow * 64;
    int column0 = (inMatrix - tileRow * tilesAlongN) * 64;
    int first = part * partLength;
    if (first + partLength < end) {
      end = first + partLength;
    }
    if (group >= groups) {
      end = first;
      rows = 0;
    }
    a += matrix * d.get(p + 21);
    b += matrix * d.get(p + 22);
    if (scratch >= 0) {
      out = scratch + part * partStride;
      accumulate = 0;
    }
    out += matrix * d.get(p + 6) * columns;
    int aM = l >> 2;
    int aK = l & 3;
    if (d.get(p + 13) != 0) {
      aM = l & 15;
      aK = l >> 4;
    }
    int bN = l >> 2;
    int bK = l & 3;
    if (d.get(p + 14) != 0) {
      bN = l & 15;
      bK = l >> 4;
    }
    int aTo = aK * leading + aM;
    int aStep = 16 * aRow;
    int aJump = 4 * aColumn;
    int aLast = a + d.get(p + 6) * d.get(p + 8) - 1;
    a += (row0 + aM) * aRow + aK * aColumn;
    int bTo = bK * leading + bN;
    int bStep = 16 * bColumn;
    int bJump = 4 * bRow;
    int bLast = b + d.get(p + 8) * columns - 1;
    b += (column0 + bN) * bColumn + bK * bRow;
    Float16 c0 = new Float16(0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f);
    Float16 c1 = new Float16(0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f);
    Float16 c2 = new Float16(0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f);
    Float16 c3 = new Float16(0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f);
    for (int k0 = first; k0 < end; k0 += depth) {
      int at = a + k0 * aColumn;
      int to = aTo;
      for (int i = 0; i < depth; i += 4) {
        float v0 = f.get(TornadoMath.min(at, aLast));
        float v1 = f.get(TornadoMath.min(at + aStep, aLast));
        float v2 = f.get(TornadoMath.min(at + 2 * aStep, aLast));
        float v3 = f.get(TornadoMath.min(at + 3 * aStep, aLast));
        as[to] = v0;
        as[to + 16] = v1;
        as[to + 32] = v2;
        as[to + 48] = v3;
        at += aJump;
        to += 4 * leading;
      }
      at = b + k0 * bRow;
      to = bTo;
      for (int i = 0; i < depth; i += 4) {
        float v0 = f.get(TornadoMath.min(at, bLast));
        float v1 = f.get(TornadoMath.min(at + bStep, bLast));
        float v2 = f.get(TornadoMath.min(at + 2 * bStep, bLast));
        float v3 = f.get(TornadoMath.min(at + 3 * bStep, bLast));
        bs[to] = v0;
        bs[to + 16] = v1;
        bs[to + 32] = v2;
        bs[to + 48] = v3;
        at += bJump;
        to += 4 * leading;
      }
      context.localBarrier();
      int valid = end - k0;
      if (valid > depth) {
        valid = depth;
      }
      for (int k = 0; k < valid; k++) {
        int aAt = (k * leading + ly * 4) & -4;
        int b0 = (k * leading + lx * 4) & -4;
        int b1 = b0 + 16;
        int b2 = b0 + 32;
        int b3 = b0 + 48;
        float a0 = as[aAt];
        float a1 = as[aAt | 1];
        float a2 = as[aAt | 2];
        float a3 = as[aAt | 3];
        float v0 = bs[b0];
        float v1 = bs[b0 | 1];
        float v2 = bs[b0 | 2];
        float v3 = bs[b0 | 3];
        float v4 = bs[b1];
        float v5 = bs[b1 | 1];
        float v6 = bs[b1 | 2];
        float v7 = bs[b1 | 3];
        float v8 = bs[b2];
        float v9 = bs[b2 | 1];
        float v10 = bs[b2 | 2];
        float v11 = bs[b2 | 3];
        float v12 = bs[b3];
        float v13 = bs[b3 | 1];
        float v14 = bs[b3 | 2];
        float v15 = bs[b3 | 3];
        c0 =
            plusProducts(
                c0, a0, v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15);
        c1 =
            plusProducts(
                c1, a1, v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15);
        c2 =
            plusProducts(
                c2, a2, v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15);
        c3 =
            plusProducts(
                c3, a3, v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15);
      }
      context.localBarrier();
    }
    int row = row0 + ly * 4;
    int column = column0 + lx * 4;
    int outAt = out + row * columns + column;
    int width = columns - column;
    if (row < rows) {
      putFirstHalf(f, outAt, width, accumulate, c0);
      putSecondHalf(f, outAt + 32, width - 32, accumulate, c0);
    }
    if (row + 1 < rows) {
      putFirstHalf(f, outAt + columns, width, accumulate, c1);
      putSecondHalf(f, outAt + columns + 32, width - 32, accumulate, c1);
    }
    if (row + 2 < rows) {
      putFirstHalf(f, outAt + 2 * columns, width, accumulate, c2);
      putSecondHalf(f, outAt + 2 * columns + 32, width - 32, accumulate, c2);
    }
    if (row + 3 < rows) {
      putFirstHalf(f, outAt + 3 * columns, width, accumulate, c3);
      putSecondHalf(f, outAt + 3 * columns + 32, width - 32, accumulate, c3);
    }
  }

  /** Adds the products of an element of a with sixteen of b to their sums. */
  private static Float16 plusProducts(
      Float16 sums,
      float a,
      float b0,
      float b1,
      float b2,
      float b3,
      float b4,
      float b5,
      float b6,
      float b7,
      float b8,
      float b9,
      float b10,
      float b11,
      float b12,
      float b13,
      float b14,
      float b15) {
    return new Float16(
        sums.getS0() + a * b0,
        sums.getS1() + a * b1,
        sums.getS2() + a * b2,
        sums.getS3() + a * b3,
        sums.getS4() + a * b4,
        sums.getS5() + a * b5,
        sums.getS6() + a * b6,
        sums.getS7() + a * b7,
        sums.getS8() + a * b8,
        sums.getS9() + a * b9,
        sums.getS10() + a * b10,
        sums.getS11() + a * b11,
        sums.getS12() + a * b12,
        sums.getS13() + a * b13,
        sums.getS14() + a * b14,
        sums.getS15() + a * b15);
  }

  /** Puts the first two runs of four of a row, as far as its columns go, {@code width} of them. */
  private static void putFirstHalf(FloatArray f, int at, int width, int accumulate, Float16 sums) {
    if (width > 0) {
      ElementwiseKernels.put(f, at, sums.getS0(), accumulate);
    }
    if (width > 1) {
      ElementwiseKernels.put(f, at + 1, sums.getS1(), accumulate);
    }
    if (width > 2) {
      ElementwiseKernels.put(f, at + 2, sums.getS2(), accumulate);
    }
    if (width > 3) {
      ElementwiseKernels.put(f, at + 3, sums.getS3(), accumulate);
    }
    if (width > 16) {
      ElementwiseKernels.put(f, at + 16, sums.getS4(), accumulate);
    }
    if (width > 17) {
      ElementwiseKernels.put(f, at + 17, sums.getS5(), accumulate);
    }
    if (width > 18) {
      ElementwiseKernels.put(f, at + 18, sums.getS6(), accumulate);
    }
    if (width > 19) {
      ElementwiseKernels.put(f, at + 19, sums.getS7(), accumulate);
    }
  }

  /** Puts the other two; in one method they would be more than TornadoVM inlines. */
  private static void putSecondHalf(FloatArray f, int at, int width, int accumulate, Float16 sums) {
    if (width > 0) {
      ElementwiseKernels.put(f, at, sums.getS8(), accumulate);
    }
    if (width > 1) {
      ElementwiseKernels.put(f, at + 1, sums.getS9(), accumulate);
    }
    if (width > 2) {
      ElementwiseKernels.put(f, at + 2, sums.getS10(), accumulate);
    }
    if (width > 3) {
      ElementwiseKernels.put(f, at + 3, sums.getS11(), accumulate);
    }
    if (width > 16) {
      ElementwiseKernels.put(f, at + 16, sums.getS12(), accumulate);
    }
    if (width > 17) {
      ElementwiseKernels.put(f, at + 17, sums.getS13(), accumulate);
    }
    if (width > 18) {
      ElementwiseKernels.put(f, at + 18, sums.getS14(), accumulate);
    }
    if (width > 19) {
      ElementwiseKernels.put(f, at + 19, sums.getS15(), accumulate);
    }
  }

  /**
   * Adds up the parts of products whose sums were cut, in their order. One work-item an element of
   * out, groups of 64 along x. Descriptor: out; elements, parts, where the first part is, whether
   * to add. 4 bytes and 1 FLOP an element and part.
   */
  public static void sumParts(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    int p = Descriptors.of(context, d, step);
    int i = context.globalIdx;
    int elements = d.get(p + 2);
    if (i < elements) {
      int parts = d.get(p + 3);
      int at = d.get(p + 4) + i;
      float sum = 0f;
      for (int part = 0; part < parts; part++) {
        sum += f.get(at);
        at += elements;
      }
      ElementwiseKernels.put(f, Descriptors.at(d, step, p, 0) + i, sum, d.get(p + 5));
    }
  }
}
