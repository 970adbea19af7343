package pbb.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The matrix product. */
public final class MatMulKernels {

  private MatMulKernels() {}

  /**
   * {@code out = op(a) · op(b)}, in tiles of 64 × 64: a group of 64 work-items copies 16 columns of
   * a's tile and 16 rows of b's into local memory, and each work-item multiplies its 8 × 8 part out
   * of registers, so that an element read from global memory is used 64 times, and one from local
   * memory 8 times. How work-items share out the copying follows which dimension of an operand is
   * contiguous, so that all four transpositions read neighbours side by side.
   *
   * <p>Groups along x: (matrices × tiles) × splits. Where tiles are few and sums long, a sum is cut
   * into parts, and each part's product goes to scratch memory, to be added up by {@link
   * #sumParts}.
   *
   * <p>Descriptor: out, a, b; M, N, K, how far it is in a from row to row and from column to column
   * of op(a), in b from column to column and from row to row of op(b), by how many bits an item's
   * number is shifted to give its column and its row of a's tile, its row and its column of b's,
   * tiles along N, tiles of a matrix, tiles in all, groups in all, length of a part, elements
   * between parts of out, from matrix to matrix of a and of b, whether to add, 16, 1024, where the
   * parts go or −1 for out.
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
    int elements = d.get(p + 27);
    int scratch = d.get(p + 28);
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
    float c00 = 0f, c01 = 0f, c02 = 0f, c03 = 0f;
    float c04 = 0f, c05 = 0f, c06 = 0f, c07 = 0f;
    float c10 = 0f, c11 = 0f, c12 = 0f, c13 = 0f;
    float c14 = 0f, c15 = 0f, c16 = 0f, c17 = 0f;
    float c20 = 0f, c21 = 0f, c22 = 0f, c23 = 0f;
    float c24 = 0f, c25 = 0f, c26 = 0f, c27 = 0f;
    float c30 = 0f, c31 = 0f, c32 = 0f, c33 = 0f;
    float c34 = 0f, c35 = 0f, c36 = 0f, c37 = 0f;
    float c40 = 0f, c41 = 0f, c42 = 0f, c43 = 0f;
    float c44 = 0f, c45 = 0f, c46 = 0f, c47 = 0f;
    float c50 = 0f, c51 = 0f, c52 = 0f, c53 = 0f;
    float c54 = 0f, c55 = 0f, c56 = 0f, c57 = 0f;
    float c60 = 0f, c61 = 0f, c62 = 0f, c63 = 0f;
    float c64 = 0f, c65 = 0f, c66 = 0f, c67 = 0f;
    float c70 = 0f, c71 = 0f, c72 = 0f, c73 = 0f;
    float c74 = 0f, c75 = 0f, c76 = 0f, c77 = 0f;
    for (int k0 = first; k0 < end; k0 += depth) {
      for (int i = l; i < elements; i += 64) {
        int k = (i >> aColumnShift) & 15;
        int m = (i >> aRowShift) & 63;
        float value = 0f;
        if (row0 + m < rows && k0 + k < end) {
          value = f.get(a + (row0 + m) * aRow + (k0 + k) * aColumn);
        }
        as[k * 65 + m] = value;
      }
      for (int i = l; i < elements; i += 64) {
        int k = (i >> bRowShift) & 15;
        int n = (i >> bColumnShift) & 63;
        float value = 0f;
        if (column0 + n < columns && k0 + k < end) {
          value = f.get(b + (k0 + k) * bRow + (column0 + n) * bColumn);
        }
        bs[k * 65 + n] = value;
      }
      context.localBarrier();
      int valid = end - k0;
      if (valid > depth) {
        valid = depth;
      }
      for (int k = 0; k < valid; k++) {
        int aAt = k * 65 + ly * 8;
        int bAt = k * 65 + lx * 8;
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
        float b4 = bs[bAt + 4];
        float b5 = bs[bAt + 5];
        float b6 = bs[bAt + 6];
        float b7 = bs[bAt + 7];
        c00 += a0 * b0;
        c01 += a0 * b1;
        c02 += a0 * b2;
        c03 += a0 * b3;
        c04 += a0 * b4;
        c05 += a0 * b5;
        c06 += a0 * b6;
        c07 += a0 * b7;
        c10 += a1 * b0;
        c11 += a1 * b1;
        c12 += a1 * b2;
        c13 += a1 * b3;
        c14 += a1 * b4;
        c15 += a1 * b5;
        c16 += a1 * b6;
        c17 += a1 * b7;
        c20 += a2 * b0;
        c21 += a2 * b1;
        c22 += a2 * b2;
        c23 += a2 * b3;
        c24 += a2 * b4;
        c25 += a2 * b5;
        c26 += a2 * b6;
        c27 += a2 * b7;
        c30 += a3 * b0;
        c31 += a3 * b1;
        c32 += a3 * b2;
        c33 += a3 * b3;
        c34 += a3 * b4;
        c35 += a3 * b5;
        c36 += a3 * b6;
        c37 += a3 * b7;
        c40 += a4 * b0;
        c41 += a4 * b1;
        c42 += a4 * b2;
        c43 += a4 * b3;
        c44 += a4 * b4;
        c45 += a4 * b5;
        c46 += a4 * b6;
        c47 += a4 * b7;
        c50 += a5 * b0;
        c51 += a5 * b1;
        c52 += a5 * b2;
        c53 += a5 * b3;
        c54 += a5 * b4;
        c55 += a5 * b5;
        c56 += a5 * b6;
        c57 += a5 * b7;
        c60 += a6 * b0;
        c61 += a6 * b1;
        c62 += a6 * b2;
        c63 += a6 * b3;
        c64 += a6 * b4;
        c65 += a6 * b5;
        c66 += a6 * b6;
        c67 += a6 * b7;
        c70 += a7 * b0;
        c71 += a7 * b1;
        c72 += a7 * b2;
        c73 += a7 * b3;
        c74 += a7 * b4;
        c75 += a7 * b5;
        c76 += a7 * b6;
        c77 += a7 * b7;
      }
      context.localBarrier();
    }
    int row = row0 + ly * 8;
    int column = column0 + lx * 8;
    int at = out + row * columns + column;
    int width = columns - column;
    if (row + 0 < rows) {
      putRow(f, at + 0 * columns, width, accumulate, c00, c01, c02, c03, c04, c05, c06, c07);
    }
    if (row + 1 < rows) {
      putRow(f, at + 1 * columns, width, accumulate, c10, c11, c12, c13, c14, c15, c16, c17);
    }
    if (row + 2 < rows) {
      putRow(f, at + 2 * columns, width, accumulate, c20, c21, c22, c23, c24, c25, c26, c27);
    }
    if (row + 3 < rows) {
      putRow(f, at + 3 * columns, width, accumulate, c30, c31, c32, c33, c34, c35, c36, c37);
    }
    if (row + 4 < rows) {
      putRow(f, at + 4 * columns, width, accumulate, c40, c41, c42, c43, c44, c45, c46, c47);
    }
    if (row + 5 < rows) {
      putRow(f, at + 5 * columns, width, accumulate, c50, c51, c52, c53, c54, c55, c56, c57);
    }
    if (row + 6 < rows) {
      putRow(f, at + 6 * columns, width, accumulate, c60, c61, c62, c63, c64, c65, c66, c67);
    }
    if (row + 7 < rows) {
      putRow(f, at + 7 * columns, width, accumulate, c70, c71, c72, c73, c74, c75, c76, c77);
    }
  }

  /** Puts the first {@code width} of 8 results in a row. */
  private static void putRow(
      FloatArray f,
      int at,
      int width,
      int accumulate,
      float c0,
      float c1,
      float c2,
      float c3,
      float c4,
      float c5,
      float c6,
      float c7) {
    if (width > 0) {
      ElementwiseKernels.put(f, at + 0, c0, accumulate);
    }
    if (width > 1) {
      ElementwiseKernels.put(f, at + 1, c1, accumulate);
    }
    if (width > 2) {
      ElementwiseKernels.put(f, at + 2, c2, accumulate);
    }
    if (width > 3) {
      ElementwiseKernels.put(f, at + 3, c3, accumulate);
    }
    if (width > 4) {
      ElementwiseKernels.put(f, at + 4, c4, accumulate);
    }
    if (width > 5) {
      ElementwiseKernels.put(f, at + 5, c5, accumulate);
    }
    if (width > 6) {
      ElementwiseKernels.put(f, at + 6, c6, accumulate);
    }
    if (width > 7) {
      ElementwiseKernels.put(f, at + 7, c7, accumulate);
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
