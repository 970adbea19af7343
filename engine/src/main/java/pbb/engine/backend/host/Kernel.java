package pbb.engine.backend.host;

/**
 * One op on one layer's operands, bound to memory: what a host backend runs, over and over, without
 * allocating.
 */
@FunctionalInterface
public interface Kernel {

  /** Computes the op. */
  void run();
}
