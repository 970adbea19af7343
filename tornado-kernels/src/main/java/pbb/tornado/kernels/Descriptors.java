package pbb.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** How kernels read what they work on; inlined into each. */
final class Descriptors {

  private Descriptors() {}

  /** Where in {@code d} the descriptor of this work-item's op starts. */
  static int of(KernelContext context, IntArray d, IntArray step) {
    return d.get(step.get(1) + context.groupIdz);
  }

  /** Where operand {@code index} of the op at {@code p} starts, for the layer that is run. */
  static int at(IntArray d, IntArray step, int p, int index) {
    return d.get(p + 2 * index) + step.get(0) * d.get(p + 2 * index + 1);
  }
}
