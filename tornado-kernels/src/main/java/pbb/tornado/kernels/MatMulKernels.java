package pbb.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.vectors.Float8;

/** The matrix product. */
public final class MatMulKernels {

  private MatMulKernels() {}

  /**
   * {@code out = op(a) · op(b)}, in tiles of 64 × 64: a group of 64 work-items copies 16 columns of
   * a's tile and 16 rows of b's into local memory, and work-item (ly, lx) of 8 × 8 multiplies rows
   * 8·ly to 8·ly + 7 with columns 4·lx to 4·lx + 3 and the same 32 further on, so that an element
   * read from global memory is used 64 times, and one from local memory 8 times. Columns come in
   * two runs of four since eight neighbours then read all banks of local memory once, and write
   * pieces of 128 bytes.
   *
   * <p>How work-items share out the copying follows which dimension of an operand is contiguous, so
   * that all four transpositions read neighbours side by side. Each copies 16 elements of each tile
   * at a fixed distance, whose places are found by adding steps: index arithmetic is what the inner
   * loops would else consist of.
   *
   * <p>A row's sums are a {@link Float8}. It means nothing to a GPU, whose registers are scalar,
   * but a processor behind OpenCL then computes them by vectors. The products are written out since
   * only scalar ones become {@code fma}.
   *
   * <p>Groups along x: (matrices × tiles) × splits. Where tiles are few and sums long, a sum is cut
   * into parts, and each part's product goes to scratch memory, to be added up by {@link
   * #sumParts}.
   *
   * <p>Descriptor: out, a, b; M, N, K, how far it is in a from row to row and from column to column
   * of op(a), in b from column to column and from row to row of op(b), by how many bits an item's
   * number is shifted to give its column and its row of a's tile, its row and its column of b's,
   * tiles along N, tiles of a matrix, tiles in all, groups in all, length of a part, elements
   * between parts of out, from matrix to matrix of a and of b, whether to add, 16, where the parts
   * go or −1 for out.
   *
   * <p>4·(M·K·⌈N/64⌉ + K·N·⌈M/64⌉ + M·N) bytes, 2·M·N·K FLOPs. The leading dimension of local tiles
   * is 65, so that neither rows nor columns meet in one bank.
   */
  public static void matMul(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    float[] as = context.allocateFloatLocalArray(1040);
    float[] bs = context.allocateFloatLocalArray(1040);
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
    int aColumnShift = d.get(p + 13);
    int aRowShift = d.get(p + 14);
    int bRowShift = d.get(p + 15);
    int bColumnShift = d.get(p + 16);
    int tilesAlongN = d.get(p + 17);
    int tilesOfMatrix = d.get(p + 18);
    int tiles = d.get(p + 19);
    int groups = d.get(p + 20);
    int partLength = d.get(p + 21);
    int partStride = d.get(p + 22);
    int accumulate = d.get(p + 25);
    int depth = d.get(p + 26);
    int scratch = d.get(p + 27);
    int l = context.localIdx;
    int lx = l & 7;
    int ly = l >> 3;
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
    a += matrix * d.get(p + 23);
    b += matrix * d.get(p + 24);
    if (scratch >= 0) {
      out = scratch + part * partStride;
      accumulate = 0;
    }
    out += matrix * d.get(p + 6) * columns;
    int aK = (l >> aColumnShift) & 15;
    int aM = (l >> aRowShift) & 63;
    int aTo = aK * 65 + aM;
    int aKStep = (64 >> aColumnShift) & 15;
    int aMStep = (64 >> aRowShift) & 63;
    int aToStep = aKStep * 65 + aMStep;
    int aStep = aMStep * aRow + aKStep * aColumn;
    aM += row0;
    a += aM * aRow + aK * aColumn;
    int bK = (l >> bRowShift) & 15;
    int bN = (l >> bColumnShift) & 63;
    int bTo = bK * 65 + bN;
    int bKStep = (64 >> bRowShift) & 15;
    int bNStep = (64 >> bColumnShift) & 63;
    int bToStep = bKStep * 65 + bNStep;
    int bStep = bNStep * bColumn + bKStep * bRow;
    bN += column0;
    b += bN * bColumn + bK * bRow;
    Float8 c0 = new Float8(0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f);
    Float8 c1 = new Float8(0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f);
    Float8 c2 = new Float8(0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f);
    Float8 c3 = new Float8(0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f);
    Float8 c4 = new Float8(0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f);
    Float8 c5 = new Float8(0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f);
    Float8 c6 = new Float8(0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f);
    Float8 c7 = new Float8(0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f);
    for (int k0 = first; k0 < end; k0 += depth) {
      int at = a + k0 * aColumn;
      int to = aTo;
      int m = aM;
      int k1 = k0 + aK;
      for (int i = 0; i < depth; i++) {
        float value = 0f;
        if (m < rows && k1 < end) {
          value = f.get(at);
        }
        as[to] = value;
        at += aStep;
        to += aToStep;
        m += aMStep;
        k1 += aKStep;
      }
      at = b + k0 * bRow;
      to = bTo;
      int n = bN;
      k1 = k0 + bK;
      for (int i = 0; i < depth; i++) {
        float value = 0f;
        if (n < columns && k1 < end) {
          value = f.get(at);
        }
        bs[to] = value;
        at += bStep;
        to += bToStep;
        n += bNStep;
        k1 += bKStep;
      }
      context.localBarrier();
      int valid = end - k0;
      if (valid > depth) {
        valid = depth;
      }
      for (int k = 0; k < valid; k++) {
        int aAt = k * 65 + ly * 8;
        int bAt = k * 65 + lx * 4;
        float a0 = as[aAt + 0];
        float a1 = as[aAt + 1];
        float a2 = as[aAt + 2];
        float a3 = as[aAt + 3];
        float a4 = as[aAt + 4];
        float a5 = as[aAt + 5];
        float a6 = as[aAt + 6];
        float a7 = as[aAt + 7];
        float b0 = bs[bAt + 0];
        float b1 = bs[bAt + 1];
        float b2 = bs[bAt + 2];
        float b3 = bs[bAt + 3];
        float b4 = bs[bAt + 32];
        float b5 = bs[bAt + 33];
        float b6 = bs[bAt + 34];
        float b7 = bs[bAt + 35];
        c0 = plusProducts(c0, a0, b0, b1, b2, b3, b4, b5, b6, b7);
        c1 = plusProducts(c1, a1, b0, b1, b2, b3, b4, b5, b6, b7);
        c2 = plusProducts(c2, a2, b0, b1, b2, b3, b4, b5, b6, b7);
        c3 = plusProducts(c3, a3, b0, b1, b2, b3, b4, b5, b6, b7);
        c4 = plusProducts(c4, a4, b0, b1, b2, b3, b4, b5, b6, b7);
        c5 = plusProducts(c5, a5, b0, b1, b2, b3, b4, b5, b6, b7);
        c6 = plusProducts(c6, a6, b0, b1, b2, b3, b4, b5, b6, b7);
        c7 = plusProducts(c7, a7, b0, b1, b2, b3, b4, b5, b6, b7);
      }
      context.localBarrier();
    }
    int row = row0 + ly * 8;
    int column = column0 + lx * 4;
    int outAt = out + row * columns + column;
    int width = columns - column;
    if (row + 0 < rows) {
      putRow(f, outAt + 0 * columns, width, accumulate, c0);
    }
    if (row + 1 < rows) {
      putRow(f, outAt + 1 * columns, width, accumulate, c1);
    }
    if (row + 2 < rows) {
      putRow(f, outAt + 2 * columns, width, accumulate, c2);
    }
    if (row + 3 < rows) {
      putRow(f, outAt + 3 * columns, width, accumulate, c3);
    }
    if (row + 4 < rows) {
      putRow(f, outAt + 4 * columns, width, accumulate, c4);
    }
    if (row + 5 < rows) {
      putRow(f, outAt + 5 * columns, width, accumulate, c5);
    }
    if (row + 6 < rows) {
      putRow(f, outAt + 6 * columns, width, accumulate, c6);
    }
    if (row + 7 < rows) {
      putRow(f, outAt + 7 * columns, width, accumulate, c7);
    }
  }

  /** Adds the products of an element of a with eight of b to their sums. */
  private static Float8 plusProducts(
      Float8 sums,
      float a,
      float b0,
      float b1,
      float b2,
      float b3,
      float b4,
      float b5,
      float b6,
      float b7) {
    return new Float8(
        sums.getS0() + a * b0,
        sums.getS1() + a * b1,
        sums.getS2() + a * b2,
        sums.getS3() + a * b3,
        sums.getS4() + a * b4,
        sums.getS5() + a * b5,
        sums.getS6() + a * b6,
        sums.getS7() + a * b7);
  }

  /** Puts a row of results in two runs of four, as far as columns go on, {@code width} of them. */
  private static void putRow(FloatArray f, int at, int width, int accumulate, Float8 values) {
    if (width > 0) {
      ElementwiseKernels.put(f, at + 0, values.getS0(), accumulate);
    }
    if (width > 1) {
      ElementwiseKernels.put(f, at + 1, values.getS1(), accumulate);
    }
    if (width > 2) {
      ElementwiseKernels.put(f, at + 2, values.getS2(), accumulate);
    }
    if (width > 3) {
      ElementwiseKernels.put(f, at + 3, values.getS3(), accumulate);
    }
    if (width > 32) {
      ElementwiseKernels.put(f, at + 32, values.getS4(), accumulate);
    }
    if (width > 33) {
      ElementwiseKernels.put(f, at + 33, values.getS5(), accumulate);
    }
    if (width > 34) {
      ElementwiseKernels.put(f, at + 34, values.getS6(), accumulate);
    }
    if (width > 35) {
      ElementwiseKernels.put(f, at + 35, values.getS7(), accumulate);
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
