package pbb.engine.backend;

import java.util.List;

/**
 * What a run of a graph consisted of, by the clock of whoever computed it. What is left of the time
 * from the run's start to its end was spent on the host, between kernels.
 *
 * @param kernels each kernel once, in the order in which they were first started
 * @param transferNanoseconds how long copies between host and device took
 */
public record Profile(List<KernelTime> kernels, long transferNanoseconds) {

  /** Copies the list. */
  public Profile {
    kernels = List.copyOf(kernels);
  }

  /**
   * All launches of one kernel.
   *
   * @param name the kernel's name, as in the backend's sources
   * @param launches how often it was started
   * @param nanoseconds how long it computed, all launches together
   * @param flops the floating-point operations of its ops, all launches together; 0 where they do
   *     not matter
   */
  public record KernelTime(String name, long launches, long nanoseconds, long flops) {

    /** This and another one's launches, under this one's name. */
    public KernelTime plus(KernelTime other) {
      return new KernelTime(
          name, launches + other.launches, nanoseconds + other.nanoseconds, flops + other.flops);
    }
  }
}
