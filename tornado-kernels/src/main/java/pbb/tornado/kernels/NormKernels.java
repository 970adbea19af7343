package pbb.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Root mean square normalisation. A run of D elements belongs to as many work-items (lanes) of a
 * group of 64 as D is worth, a power of two: a group holds 64 / lanes runs. Lanes read neighbouring
 * elements, and sum by a tree in local memory.
 */
public final class NormKernels {

  private NormKernels() {}

  /**
   * {@code out = x · inverseRms · weight}. Groups of 64 along x, one for 64 / lanes runs.
   * Descriptor: out, inverseRms, x, weight; runs R, width D, lanes, log2(lanes), where epsilon is.
   * 12 bytes an element of which 4 come from the cache, and 4 FLOPs.
   */
  public static void rmsNorm(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    float[] sums = context.allocateFloatLocalArray(64);
    int p = Descriptors.of(context, d, step);
    int out = Descriptors.at(d, step, p, 0);
    int inverseRms = Descriptors.at(d, step, p, 1);
    int x = Descriptors.at(d, step, p, 2);
    int weight = Descriptors.at(d, step, p, 3);
    int runs = d.get(p + 8);
    int width = d.get(p + 9);
    int lanes = d.get(p + 10);
    int shift = d.get(p + 11);
    float epsilon = f.get(d.get(p + 12));
    int l = context.localIdx;
    int lane = l & (lanes - 1);
    int run = context.groupIdx * (64 >> shift) + (l >> shift);
    int start = run * width;
    int count = 0;
    if (run < runs) {
      count = width;
    }
    float squares = 0f;
    for (int j = lane; j < count; j += lanes) {
      float value = f.get(x + start + j);
      squares += value * value;
    }
    sums[l] = squares;
    for (int stride = lanes >> 1; stride > 0; stride >>= 1) {
      context.localBarrier();
      if (lane < stride) {
        sums[l] += sums[l + stride];
      }
    }
    context.localBarrier();
    float inverse = 1f / TornadoMath.sqrt(sums[l - lane] / width + epsilon);
    for (int j = lane; j < count; j += lanes) {
      f.set(out + start + j, f.get(x + start + j) * inverse * f.get(weight + j));
    }
    if (lane == 0 && run < runs) {
      f.set(inverseRms + run, inverse);
    }
  }

  /**
   * The gradient by the input: {@code dx = r · (g·w − x · r² · mean(g·w·x))}. Groups of 64 along x,
   * one for 64 / lanes runs. Descriptor: dx, gradient, x, inverseRms, weight; R, D, lanes,
   * log2(lanes), accumulate. 12 to 16 bytes an element beside those from the cache, and 9 FLOPs.
   */
  public static void rmsNormGradient(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    float[] sums = context.allocateFloatLocalArray(64);
    int p = Descriptors.of(context, d, step);
    int dx = Descriptors.at(d, step, p, 0);
    int gradient = Descriptors.at(d, step, p, 1);
    int x = Descriptors.at(d, step, p, 2);
    int inverseRms = Descriptors.at(d, step, p, 3);
    int weight = Descriptors.at(d, step, p, 4);
    int runs = d.get(p + 10);
    int width = d.get(p + 11);
    int lanes = d.get(p + 12);
    int shift = d.get(p + 13);
    int accumulate = d.get(p + 14);
    int l = context.localIdx;
    int lane = l & (lanes - 1);
    int run = context.groupIdx * (64 >> shift) + (l >> shift);
    int start = run * width;
    int count = 0;
    float inverse = 0f;
    if (run < runs) {
      count = width;
      inverse = f.get(inverseRms + run);
    }
    float sum = 0f;
    for (int j = lane; j < count; j += lanes) {
      sum += f.get(gradient + start + j) * f.get(weight + j) * f.get(x + start + j);
    }
    sums[l] = sum;
    for (int stride = lanes >> 1; stride > 0; stride >>= 1) {
      context.localBarrier();
      if (lane < stride) {
        sums[l] += sums[l + stride];
      }
    }
    context.localBarrier();
    float mean = sums[l - lane] / width;
    float scaled = inverse * inverse * mean;
    for (int j = lane; j < count; j += lanes) {
      float g = f.get(gradient + start + j) * f.get(weight + j);
      float value = inverse * (g - f.get(x + start + j) * scaled);
      ElementwiseKernels.put(f, dx + start + j, value, accumulate);
    }
  }

  /**
   * The gradient by the weight, first part: {@code partial[block, d] = Σ g · x · r} over the runs
   * of a block. One work-item a column and block, groups of 64 along x, neighbours in neighbouring
   * columns. Descriptor: gradient, x, inverseRms; R, D, blocks, runs a block, where the partial
   * sums go. 8 bytes and 3 FLOPs an element.
   */
  public static void weightGradientBlocks(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    int p = Descriptors.of(context, d, step);
    int runs = d.get(p + 6);
    int width = d.get(p + 7);
    int blocks = d.get(p + 8);
    int i = context.globalIdx;
    int block = i / width;
    if (block < blocks) {
      int gradient = Descriptors.at(d, step, p, 0);
      int x = Descriptors.at(d, step, p, 1);
      int inverseRms = Descriptors.at(d, step, p, 2);
      int blockRuns = d.get(p + 9);
      int partial = d.get(p + 10);
      int column = i - block * width;
      int first = block * blockRuns;
      int end = first + blockRuns;
      if (end > runs) {
        end = runs;
      }
      float sum = 0f;
      for (int r = first; r < end; r++) {
        int at = r * width + column;
        sum += f.get(gradient + at) * f.get(x + at) * f.get(inverseRms + r);
      }
      f.set(partial + i, sum);
    }
  }

  /**
   * Sums the rows of a matrix of partial sums, in their order. One work-item a column, groups of 64
   * along x. Descriptor: out; columns, rows, where the matrix is, accumulate. 4 bytes and 1 FLOP an
   * element of the matrix.
   */
  public static void sumBlocks(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    int p = Descriptors.of(context, d, step);
    int columns = d.get(p + 2);
    int i = context.globalIdx;
    if (i < columns) {
      int out = Descriptors.at(d, step, p, 0);
      int rows = d.get(p + 3);
      int matrix = d.get(p + 4);
      float sum = 0f;
      for (int r = 0; r < rows; r++) {
        sum += f.get(matrix + r * columns + i);
      }
      ElementwiseKernels.put(f, out + i, sum, d.get(p + 5));
    }
  }
}
