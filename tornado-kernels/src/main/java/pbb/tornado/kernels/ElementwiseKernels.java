package pbb.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Element by element: one work-item an element (a pair for the rotation), groups of 64 along x,
 * neighbours in memory side by side.
 */
public final class ElementwiseKernels {

  private ElementwiseKernels() {}

  /** Puts a result in place, or adds it to what is there. */
  static void put(FloatArray f, int index, float value, int accumulate) {
    if (accumulate != 0) {
      f.set(index, f.get(index) + value);
    } else {
      f.set(index, value);
    }
  }

  /** {@code out = x + branch}. Descriptor: out, x, branch; n. 12 bytes and 1 FLOP an element. */
  public static void add(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    int p = Descriptors.of(context, d, step);
    int i = context.globalIdx;
    if (i < d.get(p + 6)) {
      int out = Descriptors.at(d, step, p, 0);
      int x = Descriptors.at(d, step, p, 1);
      int branch = Descriptors.at(d, step, p, 2);
      f.set(out + i, f.get(x + i) + f.get(branch + i));
    }
  }

  /**
   * {@code out = silu(gate) · up}. Descriptor: out, gate, up; n. 12 bytes an element, an
   * exponential and a quotient.
   */
  public static void swiGlu(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    int p = Descriptors.of(context, d, step);
    int i = context.globalIdx;
    if (i < d.get(p + 6)) {
      int out = Descriptors.at(d, step, p, 0);
      float z = f.get(Descriptors.at(d, step, p, 1) + i);
      float up = f.get(Descriptors.at(d, step, p, 2) + i);
      f.set(out + i, z / (1f + TornadoMath.exp(-z)) * up);
    }
  }

  /**
   * Both gradients of the gated unit. Descriptor: dgate, dup, gradient, gate, up; n, accumulate
   * dgate, accumulate dup. 20 bytes an element, 28 where it adds.
   */
  public static void swiGluGradient(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    int p = Descriptors.of(context, d, step);
    int i = context.globalIdx;
    if (i < d.get(p + 10)) {
      int dgate = Descriptors.at(d, step, p, 0);
      int dup = Descriptors.at(d, step, p, 1);
      float g = f.get(Descriptors.at(d, step, p, 2) + i);
      float z = f.get(Descriptors.at(d, step, p, 3) + i);
      float up = f.get(Descriptors.at(d, step, p, 4) + i);
      float s = 1f / (1f + TornadoMath.exp(-z));
      // 1 − s by the exponential of the other sign: no digits cancel where s is almost 1.
      float rest = 1f / (1f + TornadoMath.exp(z));
      put(f, dgate + i, g * up * s * (1f + z * rest), d.get(p + 11));
      put(f, dup + i, g * z * s, d.get(p + 12));
    }
  }

  /**
   * Rotary position embedding, one work-item a pair. Descriptor: out, x, positions; pairs, headDim,
   * heads, where the table starts (for each position headDim/2 cosines, then as many sines), and
   * whether to rotate back. 16 bytes a pair beside the table, 6 FLOPs.
   */
  public static void rope(
      KernelContext context, FloatArray f, IntArray q, IntArray d, IntArray step) {
    int p = Descriptors.of(context, d, step);
    int i = context.globalIdx;
    if (i < d.get(p + 6)) {
      int out = Descriptors.at(d, step, p, 0);
      int x = Descriptors.at(d, step, p, 1);
      int positions = Descriptors.at(d, step, p, 2);
      int dim = d.get(p + 7);
      int heads = d.get(p + 8);
      int table = d.get(p + 9);
      int half = dim / 2;
      int head = i / half;
      int j = i - head * half;
      int row = head / heads;
      int angle = table + q.get(positions + row) * dim + j;
      float cos = f.get(angle);
      float sin = f.get(angle + half);
      if (d.get(p + 10) != 0) {
        sin = -sin;
      }
      int first = head * dim + j;
      float a = f.get(x + first);
      float b = f.get(x + first + half);
      f.set(out + first, a * cos - b * sin);
      f.set(out + first + half, b * cos + a * sin);
    }
  }
}
