package pbb.bench;

import java.util.Locale;

/** What {@code scripts/bench compare} can measure, in the order in which it does. */
enum What {
  /** This machine's own limits. */
  LIMIT,
  /** Whole training steps. */
  TRAIN,
  /** A training step by kernel. */
  KERNELS,
  /** Matrix products by themselves. */
  MATMUL,
  /** Batched generation. */
  GENERATE,
  /** Generation of a single sequence, beside the memory's speed. */
  GENERATE1,
  /** What a training process keeps in memory at most. */
  MEMORY,
  /** How long until something happens. */
  START,
  /** How the time of a step grows with batch and layers. */
  GROWTH,
  /** Training steps of many other shapes. */
  GRID,
  /** Bytes on the heap for a training step, and for a generated token. */
  ALLOCATION;

  /** As on the command line and in lines. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
