package pbb.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Attention over packed rows and its gradient, in the manner of Dao et al. 2022: a group of 64
 * work-items holds a tile of queries and goes through the keys tile by tile (or the other way
 * round), with scores, probabilities and sums in local memory. The T × T matrix is never in global
 * memory, and tiles in which every score is masked, by causality or since they belong to another
 * document, are skipped.
 *
 * <p>A tile has R rows of D elements, R = 16 for D up to 64, 8 up to 128, 4 up to 256, with a
 * leading dimension of D + 1, which keeps rows and columns out of one bank: 1,040 floats at most.
 * Work-item (y, x) of 8 × 8 computes the scores of rows y and y + 8 with rows x and x + 8, so that
 * an element read from local memory is used twice, and sums over rows y and y + 8 at every eighth
 * element from x on.
 *
 * <p>Documents lie in a row one after the other, so that their starts never decrease.
 */
public final class AttentionKernels {

  private AttentionKernels() {}

  /** What a masked score is put in place of. */
  private static final float MASKED = -1e30f;

  /**
   * The output and the logarithm of each softmax's denominator, with a running maximum and sum
   * (algorithm 1 of Milakov and Gimelshein 2018). Groups along x: rows B × query heads × tiles of R
   * queries. Descriptor: out, logSumExp, q, k, v, documentStart; groups, T, Hq, Hkv, D, R, tiles of
   * a row, where the scale is.
   *
   * <p>Per group 4·D·(2·R + 2·keys) bytes, 4·D·R·keys FLOPs and R·keys exponentials, for the keys
   * from the start of the first query's document to the last query. Local memory: 14 KiB.
   */
  public static void attention(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    float[] queries = context.allocateFloatLocalArray(1040);
    float[] rows = context.allocateFloatLocalArray(1040); // keys, then values
    float[] sums = context.allocateFloatLocalArray(1040);
    float[] scores = context.allocateFloatLocalArray(272);
    float[] lanes = context.allocateFloatLocalArray(64);
    float[] rowMax = context.allocateFloatLocalArray(16);
    float[] rowSum = context.allocateFloatLocalArray(16);
    float[] rowScale = context.allocateFloatLocalArray(16);
    int[] starts = context.allocateIntLocalArray(16);
    int p = Descriptors.of(context, d, step);
    int out = Descriptors.at(d, step, p, 0);
    int logSumExp = Descriptors.at(d, step, p, 1);
    int queryAt = Descriptors.at(d, step, p, 2);
    int keyAt = Descriptors.at(d, step, p, 3);
    int valueAt = Descriptors.at(d, step, p, 4);
    int startAt = Descriptors.at(d, step, p, 5);
    int groups = d.get(p + 12);
    int length = d.get(p + 13);
    int heads = d.get(p + 14);
    int kvHeads = d.get(p + 15);
    int dim = d.get(p + 16);
    int size = d.get(p + 17); // R
    int tiles = d.get(p + 18);
    float scale = f.get(d.get(p + 19));
    int l = context.localIdx;
    int x = l & 7;
    int y = l >> 3;
    int group = context.groupIdx;
    int headRow = group / tiles;
    int t0 = (group - headRow * tiles) * size;
    int b = headRow / heads;
    int h = headRow - b * heads;
    int count = length - t0; // queries of the tile
    if (count > size) {
      count = size;
    }
    if (group >= groups) {
      count = 0;
      b = 0;
      t0 = 0;
    }
    int first = q.get(startAt + b * length + t0);
    int last = t0 + count - 1;
    int queryStride = heads * dim;
    int keyStride = kvHeads * dim;
    queryAt += (b * length + t0) * queryStride + h * dim;
    out += (b * length + t0) * queryStride + h * dim;
    int kvStart = b * length * keyStride + h / (heads / kvHeads) * dim;
    keyAt += kvStart;
    valueAt += kvStart;
    int leading = dim + 1;
    for (int r = y; r < size; r += 8) {
      for (int j = x; j < dim; j += 8) {
        float value = 0f;
        if (r < count) {
          value = f.get(queryAt + r * queryStride + j) * scale;
        }
        queries[r * leading + j] = value;
        sums[r * leading + j] = 0f;
      }
    }
    if (l < size) {
      rowMax[l] = MASKED;
      rowSum[l] = 0f;
      int start = 0;
      if (l < count) {
        start = q.get(startAt + b * length + t0 + l);
      }
      starts[l] = start;
    }
    int y0 = y;
    if (y0 >= size) {
      y0 = size - 1;
    }
    int y1 = y + 8;
    if (y1 >= size) {
      y1 = size - 1;
    }
    int x0 = x;
    if (x0 >= size) {
      x0 = size - 1;
    }
    int x1 = x + 8;
    if (x1 >= size) {
      x1 = size - 1;
    }
    int row = l >> 2; // of the softmax: four work-items a row
    int quarter = l & 3;
    for (int s0 = first; s0 <= last; s0 += size) {
      for (int r = y; r < size; r += 8) {
        for (int j = x; j < dim; j += 8) {
          float value = 0f;
          if (s0 + r <= last) {
            value = f.get(keyAt + (s0 + r) * keyStride + j);
          }
          rows[r * leading + j] = value;
        }
      }
      context.localBarrier();
      float s00 = 0f;
      float s01 = 0f;
      float s10 = 0f;
      float s11 = 0f;
      for (int j = 0; j < dim; j++) {
        float q0 = queries[y0 * leading + j];
        float q1 = queries[y1 * leading + j];
        float k0 = rows[x0 * leading + j];
        float k1 = rows[x1 * leading + j];
        s00 += q0 * k0;
        s01 += q0 * k1;
        s10 += q1 * k0;
        s11 += q1 * k1;
      }
      scores[y0 * 17 + x0] = masked(s00, t0 + y0, s0 + x0, starts[y0], last);
      scores[y0 * 17 + x1] = masked(s01, t0 + y0, s0 + x1, starts[y0], last);
      scores[y1 * 17 + x0] = masked(s10, t0 + y1, s0 + x0, starts[y1], last);
      scores[y1 * 17 + x1] = masked(s11, t0 + y1, s0 + x1, starts[y1], last);
      context.localBarrier();
      for (int r = y; r < size; r += 8) {
        for (int j = x; j < dim; j += 8) {
          float value = 0f;
          if (s0 + r <= last) {
            value = f.get(valueAt + (s0 + r) * keyStride + j);
          }
          rows[r * leading + j] = value;
        }
      }
      float max = MASKED;
      if (row < size) {
        for (int c = quarter; c < size; c += 4) {
          max = TornadoMath.max(max, scores[row * 17 + c]);
        }
      }
      lanes[l] = max;
      context.localBarrier();
      max =
          TornadoMath.max(
              TornadoMath.max(lanes[row * 4], lanes[row * 4 + 1]),
              TornadoMath.max(lanes[row * 4 + 2], lanes[row * 4 + 3]));
      float sum = 0f;
      if (row < size) {
        max = TornadoMath.max(max, rowMax[row]);
        for (int c = quarter; c < size; c += 4) {
          float score = scores[row * 17 + c];
          float probability = 0f;
          if (score != MASKED) { // so that NaN goes on
            probability = TornadoMath.exp(score - max);
          }
          scores[row * 17 + c] = probability;
          sum += probability;
        }
      }
      context.localBarrier();
      lanes[l] = sum;
      context.localBarrier();
      if (row < size && quarter == 0) {
        float factor = TornadoMath.exp(rowMax[row] - max);
        rowScale[row] = factor;
        rowSum[row] =
            rowSum[row] * factor + (lanes[l] + lanes[l + 1] + (lanes[l + 2] + lanes[l + 3]));
        rowMax[row] = max;
      }
      context.localBarrier();
      float scale0 = rowScale[y0];
      float scale1 = rowScale[y1];
      for (int j = x; j < dim; j += 16) {
        int j1 = j + 8;
        if (j1 >= dim) {
          j1 = j;
        }
        float a00 = 0f;
        float a01 = 0f;
        float a10 = 0f;
        float a11 = 0f;
        for (int c = 0; c < size; c++) {
          float p0 = scores[y0 * 17 + c];
          float p1 = scores[y1 * 17 + c];
          float v0 = rows[c * leading + j];
          float v1 = rows[c * leading + j1];
          a00 += p0 * v0;
          a01 += p0 * v1;
          a10 += p1 * v0;
          a11 += p1 * v1;
        }
        if (y < size) {
          sums[y * leading + j] = sums[y * leading + j] * scale0 + a00;
          if (j + 8 < dim) {
            sums[y * leading + j1] = sums[y * leading + j1] * scale0 + a01;
          }
        }
        if (y + 8 < size) {
          sums[y1 * leading + j] = sums[y1 * leading + j] * scale1 + a10;
          if (j + 8 < dim) {
            sums[y1 * leading + j1] = sums[y1 * leading + j1] * scale1 + a11;
          }
        }
      }
      context.localBarrier();
    }
    for (int r = y; r < count; r += 8) {
      float inverse = 1f / rowSum[r];
      for (int j = x; j < dim; j += 8) {
        f.set(out + r * queryStride + j, sums[r * leading + j] * inverse);
      }
    }
    if (l < count) {
      f.set(logSumExp + (b * length + t0 + l) * heads + h, rowMax[l] + TornadoMath.log(rowSum[l]));
    }
  }

  /** A score, if query {@code t} may see key {@code s}. */
  private static float masked(float score, int t, int s, int start, int last) {
    float value = score;
    if (s > t || s < start || t > last) {
      value = MASKED;
    }
    return value;
  }

  /**
   * {@code out[r] = Σ x[r, j] · y[r, j]}: of each query's gradient and output. Groups of 64 along
   * x, one for 64 / lanes rows. Descriptor: x, y; rows, D, lanes, log2(lanes), where out is. 8
   * bytes and 2 FLOPs an element.
   */
  public static void rowDots(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    float[] sums = context.allocateFloatLocalArray(64);
    int p = Descriptors.of(context, d, step);
    int x = Descriptors.at(d, step, p, 0);
    int y = Descriptors.at(d, step, p, 1);
    int rows = d.get(p + 4);
    int width = d.get(p + 5);
    int lanes = d.get(p + 6);
    int shift = d.get(p + 7);
    int out = d.get(p + 8);
    int l = context.localIdx;
    int lane = l & (lanes - 1);
    int row = context.groupIdx * (64 >> shift) + (l >> shift);
    int start = row * width;
    int count = 0;
    if (row < rows) {
      count = width;
    }
    float sum = 0f;
    for (int j = lane; j < count; j += lanes) {
      sum += f.get(x + start + j) * f.get(y + start + j);
    }
    sums[l] = sum;
    for (int stride = lanes >> 1; stride > 0; stride >>= 1) {
      context.localBarrier();
      if (lane < stride) {
        sums[l] += sums[l + stride];
      }
    }
    context.localBarrier();
    if (lane == 0 && row < rows) {
      f.set(out + row, sums[l]);
    }
  }

  /**
   * The gradients by keys and values, with the probabilities computed anew. Groups along x: rows B
   * × key-value heads × tiles of R keys; each goes through the query heads of its key-value head,
   * and through the queries from its first key on to the last that may see one of its keys, always
   * in that order. Descriptor: dk, dv, gradient, q, k, v, logSumExp, documentStart; groups, T, Hq,
   * Hkv, D, R, tiles of a row, where the scale is, where each query's dot product of gradient and
   * output is, whether to add to dk, whether to dv.
   *
   * <p>Per group 4·D·(4·R + 2·queries) bytes and 8·D·R·queries FLOPs. Local memory: 27 KiB.
   */
  public static void keyValueGradient(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    float[] keys = context.allocateFloatLocalArray(1040);
    float[] values = context.allocateFloatLocalArray(1040);
    float[] keySums = context.allocateFloatLocalArray(1040);
    float[] valueSums = context.allocateFloatLocalArray(1040);
    float[] queries = context.allocateFloatLocalArray(1040);
    float[] gradients = context.allocateFloatLocalArray(1040);
    float[] probabilities = context.allocateFloatLocalArray(272);
    float[] slopes = context.allocateFloatLocalArray(272);
    float[] normalizers = context.allocateFloatLocalArray(16);
    float[] dots = context.allocateFloatLocalArray(16);
    int[] starts = context.allocateIntLocalArray(16);
    int p = Descriptors.of(context, d, step);
    int dk = Descriptors.at(d, step, p, 0);
    int dv = Descriptors.at(d, step, p, 1);
    int gradientAt = Descriptors.at(d, step, p, 2);
    int queryAt = Descriptors.at(d, step, p, 3);
    int keyAt = Descriptors.at(d, step, p, 4);
    int valueAt = Descriptors.at(d, step, p, 5);
    int logSumExp = Descriptors.at(d, step, p, 6);
    int startAt = Descriptors.at(d, step, p, 7);
    int groups = d.get(p + 16);
    int length = d.get(p + 17);
    int heads = d.get(p + 18);
    int kvHeads = d.get(p + 19);
    int dim = d.get(p + 20);
    int size = d.get(p + 21); // R
    int tiles = d.get(p + 22);
    float scale = f.get(d.get(p + 23));
    int dotAt = d.get(p + 24);
    int accumulateKeys = d.get(p + 25);
    int accumulateValues = d.get(p + 26);
    int l = context.localIdx;
    int x = l & 7;
    int y = l >> 3;
    int group = context.groupIdx;
    int headRow = group / tiles;
    int s0 = (group - headRow * tiles) * size;
    int b = headRow / kvHeads;
    int kvHead = headRow - b * kvHeads;
    int count = length - s0; // keys of the tile
    if (count > size) {
      count = size;
    }
    if (group >= groups) {
      count = 0;
      b = 0;
      s0 = 0;
    }
    int last = s0 + count - 1;
    int queryStride = heads * dim;
    int keyStride = kvHeads * dim;
    int tileStart = (b * length + s0) * keyStride + kvHead * dim;
    int leading = dim + 1;
    for (int r = y; r < size; r += 8) {
      for (int j = x; j < dim; j += 8) {
        float key = 0f;
        float value = 0f;
        if (r < count) {
          key = f.get(keyAt + tileStart + r * keyStride + j);
          value = f.get(valueAt + tileStart + r * keyStride + j);
        }
        keys[r * leading + j] = key;
        values[r * leading + j] = value;
        keySums[r * leading + j] = 0f;
        valueSums[r * leading + j] = 0f;
      }
    }
    // Where the queries that see one of these keys end.
    int end = s0;
    if (count > 0) {
      for (int t = s0; t < length; t += size) {
        if (q.get(startAt + b * length + t) <= last) {
          end = t + 1;
        }
      }
    }
    int y0 = y;
    if (y0 >= size) {
      y0 = size - 1;
    }
    int y1 = y + 8;
    if (y1 >= size) {
      y1 = size - 1;
    }
    int x0 = x;
    if (x0 >= size) {
      x0 = size - 1;
    }
    int x1 = x + 8;
    if (x1 >= size) {
      x1 = size - 1;
    }
    int headsOfGroup = heads / kvHeads;
    for (int member = 0; member < headsOfGroup; member++) {
      int h = kvHead * headsOfGroup + member;
      for (int t0 = s0; t0 < end; t0 += size) {
        int from = (b * length + t0) * queryStride + h * dim;
        for (int r = y; r < size; r += 8) {
          for (int j = x; j < dim; j += 8) {
            float query = 0f;
            float gradient = 0f;
            if (t0 + r < length) {
              query = f.get(queryAt + from + r * queryStride + j) * scale;
              gradient = f.get(gradientAt + from + r * queryStride + j);
            }
            queries[r * leading + j] = query;
            gradients[r * leading + j] = gradient;
          }
        }
        if (l < size) {
          int start = length; // later than any key: masked
          float normalizer = 0f;
          float dot = 0f;
          if (t0 + l < length) {
            int position = b * length + t0 + l;
            start = q.get(startAt + position);
            normalizer = f.get(logSumExp + position * heads + h);
            dot = f.get(dotAt + position * heads + h);
          }
          starts[l] = start;
          normalizers[l] = normalizer;
          dots[l] = dot;
        }
        context.localBarrier();
        float s00 = 0f;
        float s01 = 0f;
        float s10 = 0f;
        float s11 = 0f;
        float g00 = 0f;
        float g01 = 0f;
        float g10 = 0f;
        float g11 = 0f;
        for (int j = 0; j < dim; j++) {
          float q0 = queries[y0 * leading + j];
          float q1 = queries[y1 * leading + j];
          float k0 = keys[x0 * leading + j];
          float k1 = keys[x1 * leading + j];
          s00 += q0 * k0;
          s01 += q0 * k1;
          s10 += q1 * k0;
          s11 += q1 * k1;
          float o0 = gradients[y0 * leading + j];
          float o1 = gradients[y1 * leading + j];
          float v0 = values[x0 * leading + j];
          float v1 = values[x1 * leading + j];
          g00 += o0 * v0;
          g01 += o0 * v1;
          g10 += o1 * v0;
          g11 += o1 * v1;
        }
        float p00 = probability(s00, normalizers[y0], t0 + y0, s0 + x0, starts[y0], last);
        float p01 = probability(s01, normalizers[y0], t0 + y0, s0 + x1, starts[y0], last);
        float p10 = probability(s10, normalizers[y1], t0 + y1, s0 + x0, starts[y1], last);
        float p11 = probability(s11, normalizers[y1], t0 + y1, s0 + x1, starts[y1], last);
        probabilities[y0 * 17 + x0] = p00;
        probabilities[y0 * 17 + x1] = p01;
        probabilities[y1 * 17 + x0] = p10;
        probabilities[y1 * 17 + x1] = p11;
        slopes[y0 * 17 + x0] = p00 * (g00 - dots[y0]);
        slopes[y0 * 17 + x1] = p01 * (g01 - dots[y0]);
        slopes[y1 * 17 + x0] = p10 * (g10 - dots[y1]);
        slopes[y1 * 17 + x1] = p11 * (g11 - dots[y1]);
        context.localBarrier();
        for (int j = x; j < dim; j += 8) {
          float v0 = 0f;
          float v1 = 0f;
          float k0 = 0f;
          float k1 = 0f;
          for (int r = 0; r < size; r++) {
            float gradient = gradients[r * leading + j];
            float query = queries[r * leading + j];
            v0 += probabilities[r * 17 + y0] * gradient;
            v1 += probabilities[r * 17 + y1] * gradient;
            k0 += slopes[r * 17 + y0] * query;
            k1 += slopes[r * 17 + y1] * query;
          }
          if (y < size) {
            valueSums[y * leading + j] += v0;
            keySums[y * leading + j] += k0;
          }
          if (y + 8 < size) {
            valueSums[y1 * leading + j] += v1;
            keySums[y1 * leading + j] += k1;
          }
        }
        context.localBarrier();
      }
    }
    for (int r = y; r < count; r += 8) {
      for (int j = x; j < dim; j += 8) {
        int at = tileStart + r * keyStride + j;
        ElementwiseKernels.put(f, dk + at, keySums[r * leading + j], accumulateKeys);
        ElementwiseKernels.put(f, dv + at, valueSums[r * leading + j], accumulateValues);
      }
    }
  }

  /** The probability of key {@code s} for query {@code t}; 0 if it may not see it. */
  private static float probability(
      float score, float normalizer, int t, int s, int start, int last) {
    float value = 0f;
    if (s <= t && s >= start && s <= last) {
      value = TornadoMath.exp(score - normalizer);
    }
    return value;
  }

  /**
   * The gradient by the queries, with the probabilities computed anew. Groups along x: rows B ×
   * query heads × tiles of R queries. Descriptor: dq, gradient, q, k, v, logSumExp, documentStart;
   * groups, T, Hq, Hkv, D, R, tiles of a row, where the scale is, where each query's dot product of
   * gradient and output is, whether to add.
   *
   * <p>Per group 4·D·(3·R + 2·keys) bytes and 6·D·R·keys FLOPs. Local memory: 22 KiB.
   */
  public static void queryGradient(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    float[] queries = context.allocateFloatLocalArray(1040);
    float[] gradients = context.allocateFloatLocalArray(1040);
    float[] keys = context.allocateFloatLocalArray(1040);
    float[] values = context.allocateFloatLocalArray(1040);
    float[] sums = context.allocateFloatLocalArray(1040);
    float[] slopes = context.allocateFloatLocalArray(272);
    float[] normalizers = context.allocateFloatLocalArray(16);
    float[] dots = context.allocateFloatLocalArray(16);
    int[] starts = context.allocateIntLocalArray(16);
    int p = Descriptors.of(context, d, step);
    int dq = Descriptors.at(d, step, p, 0);
    int gradientAt = Descriptors.at(d, step, p, 1);
    int queryAt = Descriptors.at(d, step, p, 2);
    int keyAt = Descriptors.at(d, step, p, 3);
    int valueAt = Descriptors.at(d, step, p, 4);
    int logSumExp = Descriptors.at(d, step, p, 5);
    int startAt = Descriptors.at(d, step, p, 6);
    int groups = d.get(p + 14);
    int length = d.get(p + 15);
    int heads = d.get(p + 16);
    int kvHeads = d.get(p + 17);
    int dim = d.get(p + 18);
    int size = d.get(p + 19); // R
    int tiles = d.get(p + 20);
    float scale = f.get(d.get(p + 21));
    int dotAt = d.get(p + 22);
    int accumulate = d.get(p + 23);
    int l = context.localIdx;
    int x = l & 7;
    int y = l >> 3;
    int group = context.groupIdx;
    int headRow = group / tiles;
    int t0 = (group - headRow * tiles) * size;
    int b = headRow / heads;
    int h = headRow - b * heads;
    int count = length - t0; // queries of the tile
    if (count > size) {
      count = size;
    }
    if (group >= groups) {
      count = 0;
      b = 0;
      t0 = 0;
    }
    int first = q.get(startAt + b * length + t0);
    int last = t0 + count - 1;
    int queryStride = heads * dim;
    int keyStride = kvHeads * dim;
    int tileStart = (b * length + t0) * queryStride + h * dim;
    int kvStart = b * length * keyStride + h / (heads / kvHeads) * dim;
    keyAt += kvStart;
    valueAt += kvStart;
    int leading = dim + 1;
    for (int r = y; r < size; r += 8) {
      for (int j = x; j < dim; j += 8) {
        float query = 0f;
        float gradient = 0f;
        if (r < count) {
          query = f.get(queryAt + tileStart + r * queryStride + j) * scale;
          gradient = f.get(gradientAt + tileStart + r * queryStride + j);
        }
        queries[r * leading + j] = query;
        gradients[r * leading + j] = gradient;
        sums[r * leading + j] = 0f;
      }
    }
    if (l < size) {
      int start = length; // later than any key: masked
      float normalizer = 0f;
      float dot = 0f;
      if (l < count) {
        int position = b * length + t0 + l;
        start = q.get(startAt + position);
        normalizer = f.get(logSumExp + position * heads + h);
        dot = f.get(dotAt + position * heads + h);
      }
      starts[l] = start;
      normalizers[l] = normalizer;
      dots[l] = dot;
    }
    int y0 = y;
    if (y0 >= size) {
      y0 = size - 1;
    }
    int y1 = y + 8;
    if (y1 >= size) {
      y1 = size - 1;
    }
    int x0 = x;
    if (x0 >= size) {
      x0 = size - 1;
    }
    int x1 = x + 8;
    if (x1 >= size) {
      x1 = size - 1;
    }
    for (int s0 = first; s0 <= last; s0 += size) {
      for (int r = y; r < size; r += 8) {
        for (int j = x; j < dim; j += 8) {
          float key = 0f;
          float value = 0f;
          if (s0 + r <= last) {
            key = f.get(keyAt + (s0 + r) * keyStride + j);
            value = f.get(valueAt + (s0 + r) * keyStride + j);
          }
          keys[r * leading + j] = key;
          values[r * leading + j] = value;
        }
      }
      context.localBarrier();
      float s00 = 0f;
      float s01 = 0f;
      float s10 = 0f;
      float s11 = 0f;
      float g00 = 0f;
      float g01 = 0f;
      float g10 = 0f;
      float g11 = 0f;
      for (int j = 0; j < dim; j++) {
        float q0 = queries[y0 * leading + j];
        float q1 = queries[y1 * leading + j];
        float k0 = keys[x0 * leading + j];
        float k1 = keys[x1 * leading + j];
        s00 += q0 * k0;
        s01 += q0 * k1;
        s10 += q1 * k0;
        s11 += q1 * k1;
        float o0 = gradients[y0 * leading + j];
        float o1 = gradients[y1 * leading + j];
        float v0 = values[x0 * leading + j];
        float v1 = values[x1 * leading + j];
        g00 += o0 * v0;
        g01 += o0 * v1;
        g10 += o1 * v0;
        g11 += o1 * v1;
      }
      float p00 = probability(s00, normalizers[y0], t0 + y0, s0 + x0, starts[y0], last);
      float p01 = probability(s01, normalizers[y0], t0 + y0, s0 + x1, starts[y0], last);
      float p10 = probability(s10, normalizers[y1], t0 + y1, s0 + x0, starts[y1], last);
      float p11 = probability(s11, normalizers[y1], t0 + y1, s0 + x1, starts[y1], last);
      slopes[y0 * 17 + x0] = p00 * (g00 - dots[y0]);
      slopes[y0 * 17 + x1] = p01 * (g01 - dots[y0]);
      slopes[y1 * 17 + x0] = p10 * (g10 - dots[y1]);
      slopes[y1 * 17 + x1] = p11 * (g11 - dots[y1]);
      context.localBarrier();
      for (int j = x; j < dim; j += 8) {
        float a0 = 0f;
        float a1 = 0f;
        for (int c = 0; c < size; c++) {
          float key = keys[c * leading + j];
          a0 += slopes[y0 * 17 + c] * key;
          a1 += slopes[y1 * 17 + c] * key;
        }
        if (y < size) {
          sums[y * leading + j] += a0;
        }
        if (y + 8 < size) {
          sums[y1 * leading + j] += a1;
        }
      }
      context.localBarrier();
    }
    for (int r = y; r < count; r += 8) {
      for (int j = x; j < dim; j += 8) {
        int at = dq + tileStart + r * queryStride + j;
        ElementwiseKernels.put(f, at, sums[r * leading + j] * scale, accumulate);
      }
    }
  }

  /**
   * Attention of new positions to a cache, one group of 64 a query and head, groups along x: it
   * goes through the cache by tiles of K positions (64 for D up to 64, 32 up to 128, 16 up to 256),
   * each copied to local memory in the order of addresses, with a running maximum and sum; never
   * beyond the query's position. Descriptor: out, q, keys, values, positions; groups, T, S, Hq,
   * Hkv, D, K, where the scale is, the group's size.
   *
   * <p>Per group 8·D·(positions + 1) bytes, 4·D·positions FLOPs and as many exponentials as
   * positions. Local memory: 18 KiB.
   */
  public static void cachedAttention(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    float[] tile = context.allocateFloatLocalArray(4160);
    float[] query = context.allocateFloatLocalArray(256);
    float[] scores = context.allocateFloatLocalArray(64);
    float[] lanes = context.allocateFloatLocalArray(64);
    int p = Descriptors.of(context, d, step);
    int out = Descriptors.at(d, step, p, 0);
    int queryAt = Descriptors.at(d, step, p, 1);
    int keyAt = Descriptors.at(d, step, p, 2);
    int valueAt = Descriptors.at(d, step, p, 3);
    int positions = Descriptors.at(d, step, p, 4);
    int groups = d.get(p + 10);
    int length = d.get(p + 11);
    int capacity = d.get(p + 12);
    int heads = d.get(p + 13);
    int kvHeads = d.get(p + 14);
    int dim = d.get(p + 15);
    int keys = d.get(p + 16); // K
    float scale = f.get(d.get(p + 17));
    int size = d.get(p + 18);
    int l = context.localIdx;
    int group = context.groupIdx;
    int last = -1;
    if (group >= groups) {
      group = 0;
    } else {
      last = q.get(positions + group / heads);
    }
    int row = group / heads;
    int h = group - row * heads;
    int b = row / length;
    int keyStride = kvHeads * dim;
    int start = b * capacity * keyStride + h / (heads / kvHeads) * dim;
    int leading = dim + 1;
    queryAt += group * dim;
    for (int j = l; j < dim; j += size) {
      query[j] = f.get(queryAt + j) * scale;
    }
    float max = MASKED;
    float sum = 0f;
    float o0 = 0f;
    float o1 = 0f;
    float o2 = 0f;
    float o3 = 0f;
    for (int s0 = 0; s0 <= last; s0 += keys) {
      int count = last - s0 + 1;
      if (count > keys) {
        count = keys;
      }
      for (int i = l; i < count * dim; i += size) {
        int r = i / dim;
        int j = i - r * dim;
        tile[r * leading + j] = f.get(keyAt + start + (s0 + r) * keyStride + j);
      }
      context.localBarrier();
      float score = MASKED;
      if (l < count) {
        float dot = 0f;
        for (int j = 0; j < dim; j++) {
          dot += query[j] * tile[l * leading + j];
        }
        score = dot;
      }
      lanes[l] = score;
      for (int stride = size >> 1; stride > 0; stride >>= 1) {
        context.localBarrier();
        if (l < stride) {
          lanes[l] = TornadoMath.max(lanes[l], lanes[l + stride]);
        }
      }
      context.localBarrier();
      float newMax = TornadoMath.max(max, lanes[0]);
      float probability = 0f;
      if (l < count) {
        probability = TornadoMath.exp(score - newMax);
      }
      context.localBarrier();
      scores[l] = probability;
      lanes[l] = probability;
      for (int stride = size >> 1; stride > 0; stride >>= 1) {
        context.localBarrier();
        if (l < stride) {
          lanes[l] += lanes[l + stride];
        }
      }
      // The scores are done: values take the place of the keys.
      for (int i = l; i < count * dim; i += size) {
        int r = i / dim;
        int j = i - r * dim;
        tile[r * leading + j] = f.get(valueAt + start + (s0 + r) * keyStride + j);
      }
      context.localBarrier();
      float factor = TornadoMath.exp(max - newMax);
      max = newMax;
      sum = sum * factor + lanes[0];
      o0 *= factor;
      o1 *= factor;
      o2 *= factor;
      o3 *= factor;
      for (int r = 0; r < count; r++) {
        float weight = scores[r];
        int at = r * leading + l;
        if (l < dim) {
          o0 += weight * tile[at];
        }
        if (l + 64 < dim) {
          o1 += weight * tile[at + 64];
        }
        if (l + 128 < dim) {
          o2 += weight * tile[at + 128];
        }
        if (l + 192 < dim) {
          o3 += weight * tile[at + 192];
        }
      }
      context.localBarrier();
    }
    if (last >= 0) {
      int at = out + group * dim + l;
      if (l < dim) {
        f.set(at, o0 / sum);
      }
      if (l + 64 < dim) {
        f.set(at + 64, o1 / sum);
      }
      if (l + 128 < dim) {
        f.set(at + 128, o2 / sum);
      }
      if (l + 192 < dim) {
        f.set(at + 192, o3 / sum);
      }
    }
  }
}
