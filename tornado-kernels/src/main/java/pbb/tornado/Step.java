package pbb.tornado;

import pbb.engine.graph.Op;

/** One thing that a graph's run does, on the layer that it is at. */
sealed interface Step {

  /**
   * A kernel for one op, or for several that do not depend on each other.
   *
   * @param kernel what is run
   * @param list where in the program's descriptors the list of the ops' descriptors is
   * @param groups groups of work-items an op
   * @param ops how many ops
   * @param flops their floating-point operations; 0 where they do not matter
   */
  record Launch(DeviceKernel kernel, int list, int groups, int ops, long flops) implements Step {

    /**
     * Checks what the device would not: a launch that is too large or empty gives wrong numbers.
     */
    public Launch {
      if (groups < 1
          || ops < 1
          || groups > Integer.MAX_VALUE / DeviceKernel.GROUP
          || ops > 65_535) {
        throw new IllegalArgumentException(
            kernel + " cannot be launched for " + ops + " ops of " + groups + " groups");
      }
    }
  }

  /**
   * An op that the device refused.
   *
   * @param op what is run on the host
   * @param reason why
   */
  record OnHost(Op op, String reason) implements Step {}
}
