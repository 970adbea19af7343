package pbb.bench;

import java.util.Locale;

/** What {@code scripts/bench compare} can measure, in the order in which it does. */
enum What {
  LIMIT,
  TRAIN,
  KERNELS,
  MATMUL,
  GENERATE;

  /** As on the command line and in lines. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
