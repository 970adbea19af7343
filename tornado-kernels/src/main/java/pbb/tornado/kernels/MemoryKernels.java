package pbb.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Moves bytes within the device: what the host sends goes into a staging array, and from there to
 * its place. One work-item an element, groups of 64 along x; 8 bytes an element, no arithmetic.
 */
public final class MemoryKernels {

  private MemoryKernels() {}

  /**
   * Reads and writes each resident array, so that the runtime allocates them for both: it takes the
   * flags of a buffer from the first graph that uses it.
   */
  public static void touch(KernelContext context, FloatArray f, IntArray q, IntArray d) {
    if (context.globalIdx == 0) {
      f.set(0, f.get(0));
      q.set(0, q.get(0));
      d.set(0, d.get(0));
    }
  }

  /** Copies {@code range[1]} floats from the staging array to {@code range[0]}. */
  public static void uploadFloats(
      KernelContext context, FloatArray f, FloatArray staging, IntArray range) {
    int i = context.globalIdx;
    if (i < range.get(1)) {
      f.set(range.get(0) + i, staging.get(i));
    }
  }

  /** Copies {@code range[1]} integers from the staging array to {@code range[0]}. */
  public static void uploadInts(
      KernelContext context, IntArray target, IntArray staging, IntArray range) {
    int i = context.globalIdx;
    if (i < range.get(1)) {
      target.set(range.get(0) + i, staging.get(i));
    }
  }

  /** Sets {@code range[1]} floats from {@code range[0]} on to zero. */
  public static void zeroFloats(KernelContext context, FloatArray f, IntArray range) {
    int i = context.globalIdx;
    if (i < range.get(1)) {
      f.set(range.get(0) + i, 0f);
    }
  }

  /** Sets {@code range[1]} integers from {@code range[0]} on to zero. */
  public static void zeroInts(KernelContext context, IntArray q, IntArray range) {
    int i = context.globalIdx;
    if (i < range.get(1)) {
      q.set(range.get(0) + i, 0);
    }
  }
}
