package pbb.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Rows of a table, the gradient by the table, and what generation writes into its cache. */
public final class EmbeddingKernels {

  private EmbeddingKernels() {}

  /**
   * {@code out[n] = table[rows[n]]}, for embeddings and for rows picked from a matrix. One
   * work-item an element, groups of 64 along x. Descriptor: out, table, rows; N·C, C. 8 bytes an
   * element.
   */
  public static void copyRows(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    int p = Descriptors.of(context, d, step);
    int i = context.globalIdx;
    if (i < d.get(p + 6)) {
      int out = Descriptors.at(d, step, p, 0);
      int table = Descriptors.at(d, step, p, 1);
      int rows = Descriptors.at(d, step, p, 2);
      int width = d.get(p + 7);
      int n = i / width;
      int c = i - n * width;
      f.set(out + i, f.get(table + q.get(rows + n) * width + c));
    }
  }

  /**
   * Sets a tensor to zero: the rows of a table that no token reads have no gradient. One work-item
   * an element, groups of 64 along x. Descriptor: out; n. 4 bytes an element.
   */
  public static void zero(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    int p = Descriptors.of(context, d, step);
    int i = context.globalIdx;
    if (i < d.get(p + 2)) {
      f.set(Descriptors.at(d, step, p, 0) + i, 0f);
    }
  }

  /**
   * Links the occurrences of each token: for each position the next one of the same token, or −1,
   * and whether it is the first. One work-item a position, groups of 64 along x. Descriptor:
   * tokens; N, where the links go, where the marks go. At most 4·N bytes a position, from the
   * cache.
   */
  public static void linkOccurrences(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    int p = Descriptors.of(context, d, step);
    int n = context.globalIdx;
    int count = d.get(p + 2);
    if (n < count) {
      int tokens = Descriptors.at(d, step, p, 0);
      int links = d.get(p + 3);
      int marks = d.get(p + 4);
      int token = q.get(tokens + n);
      int next = n + 1;
      while (next < count && q.get(tokens + next) != token) {
        next++;
      }
      int before = n - 1;
      while (before >= 0 && q.get(tokens + before) != token) {
        before--;
      }
      if (next == count) {
        next = -1;
      }
      q.set(links + n, next);
      q.set(marks + n, before);
    }
  }

  /**
   * Sums the gradients of each token's positions, in their order. One work-item an element, groups
   * of 64 along x; those at a token's first position do the work. Descriptor: table, gradient,
   * tokens; N·C, C, links, marks, accumulate. 4 bytes and 1 FLOP an element, and the table's rows.
   */
  public static void sumOccurrences(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    int p = Descriptors.of(context, d, step);
    int i = context.globalIdx;
    if (i < d.get(p + 6)) {
      int table = Descriptors.at(d, step, p, 0);
      int gradient = Descriptors.at(d, step, p, 1);
      int tokens = Descriptors.at(d, step, p, 2);
      int width = d.get(p + 7);
      int links = d.get(p + 8);
      int marks = d.get(p + 9);
      int n = i / width;
      int c = i - n * width;
      if (q.get(marks + n) < 0) {
        float sum = 0f;
        int m = n;
        while (m >= 0) {
          sum += f.get(gradient + m * width + c);
          m = q.get(links + m);
        }
        ElementwiseKernels.put(f, table + q.get(tokens + n) * width + c, sum, d.get(p + 10));
      }
    }
  }

  /**
   * Puts new rows into a cache; of several in a row that have one position, the last. One work-item
   * an element, groups of 64 along x. Descriptor: cache, x, positions; B·T·W, W, T, S. 8 bytes an
   * element.
   */
  public static void cacheWrite(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    int p = Descriptors.of(context, d, step);
    int i = context.globalIdx;
    if (i < d.get(p + 6)) {
      int cache = Descriptors.at(d, step, p, 0);
      int x = Descriptors.at(d, step, p, 1);
      int positions = Descriptors.at(d, step, p, 2);
      int width = d.get(p + 7);
      int length = d.get(p + 8);
      int capacity = d.get(p + 9);
      int row = i / width;
      int c = i - row * width;
      int b = row / length;
      int t = row - b * length;
      int position = q.get(positions + row);
      int following = -1;
      if (t + 1 < length) {
        following = q.get(positions + row + 1);
      }
      if (following != position) {
        f.set(cache + (b * capacity + position) * width + c, f.get(x + i));
      }
    }
  }
}
