package pbb.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/**
 * Bytes that all threads together allocate on the heap for a training step and for a generated
 * token, once that has become steady: before it is compiled, much more is allocated.
 */
final class Allocation {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int ROUNDS = 5;
  private static final double ROUND_SECONDS = 1;
  private static final double AT_MOST_SECONDS = 60;

  /** Rounds that differ by less count as alike. */
  private static final long ALIKE = 64;

  /**
   * What the last rounds gave, for one run of the work.
   *
   * @param bytes the most of them
   * @param steady whether they were alike
   */
  record Result(long bytes, boolean steady) {}

  private Allocation() {}

  /** A step's. */
  static Line training(Engine engine, ModelShape shape) {
    try (TrainingLoad load = engine.training(shape)) {
      Result result = measure(load::step);
      return engine
          .line(What.ALLOCATION)
          .with("shape", shape.name())
          .with("bytes_per_step", result.bytes)
          .with("steady", String.valueOf(result.steady));
    }
  }

  /** A new token's, in a batch. */
  static Line generation(Engine engine, ModelShape shape) {
    int batch = GenerationLoad.BATCH;
    int fresh = GenerationLoad.NEW;
    try (GenerationLoad load = engine.generation(shape, batch, GenerationLoad.PROMPT, fresh)) {
      Result result = measure(load::generate);
      return engine
          .line(What.ALLOCATION)
          .with("shape", shape.name())
          .with("batch", batch)
          .with("bytes_per_token", Line.round((double) result.bytes / (batch * fresh), 1))
          .with("steady", String.valueOf(result.steady));
    }
  }

  /** Repeats the work in rounds until some in a row allocate alike, or a minute has passed. */
  static Result measure(Runnable work) {
    long[] last = new long[ROUNDS];
    Arrays.fill(last, Long.MAX_VALUE);
    long began = System.nanoTime();
    boolean steady = false;
    for (int round = 0; !steady; round++) {
      long before = THREADS.getTotalThreadAllocatedBytes();
      long runs = 0;
      double spent = 0;
      while (spent < ROUND_SECONDS) {
        spent += Rates.seconds(work);
        runs++;
      }
      last[round % ROUNDS] = (THREADS.getTotalThreadAllocatedBytes() - before) / runs;
      long most = Arrays.stream(last).max().getAsLong();
      long least = Arrays.stream(last).min().getAsLong();
      steady = most < Long.MAX_VALUE && most - least <= Math.max(ALIKE, least / 10);
      if (round >= ROUNDS - 1 && (System.nanoTime() - began) / 1e9 > AT_MOST_SECONDS) {
        break;
      }
    }
    return new Result(Arrays.stream(last).max().getAsLong(), steady);
  }
}
