package pbb.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Cross-entropy and its gradient. */
public final class LossKernels {

  private LossKernels() {}

  /**
   * The logarithm of each row's sum of exponentials, and its term of the loss. One group of 64 a
   * row, groups along x; maximum and sum by trees in local memory. Descriptor: logSumExp, logits,
   * targets, weights; N, V, where the terms go, the group's size. 8 bytes an element, half of them
   * from the cache, and an exponential.
   */
  public static void crossEntropyRows(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    float[] lanes = context.allocateFloatLocalArray(64);
    int p = Descriptors.of(context, d, step);
    int logSumExp = Descriptors.at(d, step, p, 0);
    int logits = Descriptors.at(d, step, p, 1);
    int targets = Descriptors.at(d, step, p, 2);
    int weights = Descriptors.at(d, step, p, 3);
    int rows = d.get(p + 8);
    int vocabulary = d.get(p + 9);
    int terms = d.get(p + 10);
    int size = d.get(p + 11); // of a group
    int l = context.localIdx;
    int row = context.groupIdx;
    int start = logits + row * vocabulary;
    int count = 0;
    if (row < rows) {
      count = vocabulary;
    }
    float max = -3.4e38f;
    for (int v = l; v < count; v += size) {
      max = TornadoMath.max(max, f.get(start + v));
    }
    lanes[l] = max;
    for (int stride = size >> 1; stride > 0; stride >>= 1) {
      context.localBarrier();
      if (l < stride) {
        lanes[l] = TornadoMath.max(lanes[l], lanes[l + stride]);
      }
    }
    context.localBarrier();
    max = lanes[0];
    context.localBarrier();
    float sum = 0f;
    for (int v = l; v < count; v += size) {
      sum += TornadoMath.exp(f.get(start + v) - max);
    }
    lanes[l] = sum;
    for (int stride = size >> 1; stride > 0; stride >>= 1) {
      context.localBarrier();
      if (l < stride) {
        lanes[l] += lanes[l + stride];
      }
    }
    context.localBarrier();
    if (l == 0 && row < rows) {
      float normalizer = max + TornadoMath.log(lanes[0]);
      f.set(logSumExp + row, normalizer);
      float weight = f.get(weights + row);
      float term = 0f;
      if (weight != 0f) {
        term = weight * (normalizer - f.get(start + q.get(targets + row)));
      }
      f.set(terms + row, term);
    }
  }

  /**
   * Sums a vector into one element: of the terms of a loss, or of blocks of squares. One group of
   * 64; each work-item sums every 64th element, then a tree in local memory. Descriptor: out; n,
   * where the vector is, which element of out, the group's size. 4 bytes and 1 FLOP an element.
   */
  public static void sumVector(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    float[] lanes = context.allocateFloatLocalArray(64);
    int p = Descriptors.of(context, d, step);
    int out = Descriptors.at(d, step, p, 0);
    int count = d.get(p + 2);
    int vector = d.get(p + 3);
    int index = d.get(p + 4);
    int size = d.get(p + 5);
    int l = context.localIdx;
    float sum = 0f;
    for (int i = l; i < count; i += size) {
      sum += f.get(vector + i);
    }
    lanes[l] = sum;
    for (int stride = size >> 1; stride > 0; stride >>= 1) {
      context.localBarrier();
      if (l < stride) {
        lanes[l] += lanes[l + stride];
      }
    }
    context.localBarrier();
    if (l == 0 && context.groupIdx == 0) {
      f.set(out + index, lanes[0]);
    }
  }

  /**
   * {@code dlogits[n, v] = weights[n] · (exp(logits[n, v] − logSumExp[n]) − [v = targets[n]])}. One
   * work-item an element, groups of 64 along x. Descriptor: dlogits, logits, logSumExp, targets,
   * weights; N·V, V. 8 bytes an element beside what a row shares, and an exponential.
   */
  public static void crossEntropyGradient(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    int p = Descriptors.of(context, d, step);
    int i = context.globalIdx;
    if (i < d.get(p + 10)) {
      int dlogits = Descriptors.at(d, step, p, 0);
      int logits = Descriptors.at(d, step, p, 1);
      int logSumExp = Descriptors.at(d, step, p, 2);
      int targets = Descriptors.at(d, step, p, 3);
      int weights = Descriptors.at(d, step, p, 4);
      int vocabulary = d.get(p + 11);
      int n = i / vocabulary;
      int v = i - n * vocabulary;
      float weight = f.get(weights + n);
      float value = 0f;
      if (weight != 0f) {
        float wanted = 0f;
        if (q.get(targets + n) == v) {
          wanted = 1f;
        }
        value = weight * (TornadoMath.exp(f.get(logits + i) - f.get(logSumExp + n)) - wanted);
      }
      f.set(dlogits + i, value);
    }
  }
}
