package pbb.bench;

import java.util.Locale;

/** What {@code scripts/bench compare} can measure, in the order in which it does. */
enum What {
  /** This machine's own limits. */
  LIMIT(false),
  /** Whole training steps. */
  TRAIN(true),
  /** A training step by kernel. */
  KERNELS(true),
  /** Matrix products by themselves. */
  MATMUL(true),
  /** Batched generation. */
  GENERATE(true),
  /** Generation of a single sequence, beside the memory's speed. */
  GENERATE1(true),
  /** What a training process keeps in memory at most. */
  MEMORY(false),
  /** How long until something happens, in processes as users start them. */
  START(false),
  /** How the time of a step grows with batch and layers. */
  GROWTH(true),
  /** Training steps of many other shapes. */
  GRID(true),
  /** Bytes on the heap for a training step, and for a generated token. */
  ALLOCATION(false);

  private final boolean steadySpeed;

  What(boolean steadySpeed) {
    this.steadySpeed = steadySpeed;
  }

  /** Whether it compares the speeds of compiled code, for which a single thread keeps its CPU. */
  boolean isSteadySpeed() {
    return steadySpeed;
  }

  /** As on the command line and in lines. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
