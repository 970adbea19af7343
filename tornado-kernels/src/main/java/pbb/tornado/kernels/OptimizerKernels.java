package pbb.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** What happens between the gradients and the new weights; all tensors of a model in one launch. */
public final class OptimizerKernels {

  private OptimizerKernels() {}

  /**
   * The sum of squares of each block of a tensor. One group of 64 a block, groups along x; each
   * work-item sums every 64th element, then a tree in local memory. Descriptor: x; n, blocks, block
   * length, where the sums go, the group's size. 4 bytes and 2 FLOPs an element.
   */
  public static void squaredBlocks(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    float[] lanes = context.allocateFloatLocalArray(64);
    int p = Descriptors.of(context, d, step);
    int x = Descriptors.at(d, step, p, 0);
    int count = d.get(p + 2);
    int blocks = d.get(p + 3);
    int length = d.get(p + 4);
    int partial = d.get(p + 5);
    int size = d.get(p + 6);
    int l = context.localIdx;
    int block = context.groupIdx;
    int end = 0;
    if (block < blocks) {
      end = block * length + length;
      if (end > count) {
        end = count;
      }
    }
    float sum = 0f;
    for (int i = block * length + l; i < end; i += size) {
      float value = f.get(x + i);
      sum += value * value;
    }
    lanes[l] = sum;
    for (int stride = size >> 1; stride > 0; stride >>= 1) {
      context.localBarrier();
      if (l < stride) {
        lanes[l] += lanes[l + stride];
      }
    }
    context.localBarrier();
    if (l == 0 && block < blocks) {
      f.set(partial + block, lanes[0]);
    }
  }

  /**
   * The common norm and what gradients are multiplied with. One group of 64. Descriptor: out,
   * squaredNorms; P, where the largest norm is, the group's size. 4 bytes a tensor.
   */
  public static void clipFactor(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    float[] lanes = context.allocateFloatLocalArray(64);
    int p = Descriptors.of(context, d, step);
    int out = Descriptors.at(d, step, p, 0);
    int squaredNorms = Descriptors.at(d, step, p, 1);
    int count = d.get(p + 4);
    float maxNorm = f.get(d.get(p + 5));
    int size = d.get(p + 6);
    int l = context.localIdx;
    float sum = 0f;
    for (int i = l; i < count; i += size) {
      sum += f.get(squaredNorms + i);
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
      float norm = TornadoMath.sqrt(lanes[0]);
      f.set(out, norm);
      float factor = maxNorm / (norm + 1e-6f);
      if (factor > 1f) { // min(1, NaN) would be 1
        factor = 1f;
      }
      f.set(out + 1, factor);
    }
  }

  /**
   * One step of AdamW. One work-item an element, groups of 64 along x. Descriptor: parameter,
   * firstMoment, secondMoment, gradient, clip, schedule; n, where the constants are: beta1, 1 −
   * beta1, beta2, 1 − beta2, epsilon, weight decay. 28 bytes and about 15 FLOPs an element.
   */
  public static void adamW(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    int p = Descriptors.of(context, d, step);
    int i = context.globalIdx;
    if (i < d.get(p + 12)) {
      int parameter = Descriptors.at(d, step, p, 0) + i;
      int firstMoment = Descriptors.at(d, step, p, 1) + i;
      int secondMoment = Descriptors.at(d, step, p, 2) + i;
      int gradient = Descriptors.at(d, step, p, 3) + i;
      int clip = Descriptors.at(d, step, p, 4);
      int schedule = Descriptors.at(d, step, p, 5);
      int constants = d.get(p + 13);
      float rate = f.get(schedule);
      float g = f.get(clip + 1) * f.get(gradient);
      float m = f.get(constants) * f.get(firstMoment) + f.get(constants + 1) * g;
      float v = f.get(constants + 2) * f.get(secondMoment) + f.get(constants + 3) * g * g;
      float decayed = f.get(parameter) * (1f - rate * f.get(constants + 5));
      float root = TornadoMath.sqrt(v / f.get(schedule + 2)) + f.get(constants + 4);
      f.set(firstMoment, m);
      f.set(secondMoment, v);
      f.set(parameter, decayed - rate * (m / f.get(schedule + 1)) / root);
    }
  }
}
