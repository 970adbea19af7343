package pbb.bench;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.LongSupplier;

/**
 * Tells when a piece of work that is repeated has been compiled: when, in two windows of at least a
 * second and a half that follow each other, compiling took less than 3% of the time; no repeat
 * begins after half a minute, but for the second. A fixed time is too short: a first training step
 * may take three seconds, and those after it be compiled no better. One window is not enough: the
 * JVM counts a compilation when it ends, and that of a large kernel may take longer than a window.
 * One that takes longer than two is missed.
 */
final class CompilationWatch {

  private static final int FEWEST_REPEATS = 2;
  private static final double WINDOW_SECONDS = 1.5;
  private static final int QUIET_WINDOWS = 2;
  private static final double LARGEST_QUIET_SHARE = 0.03;
  private static final double LONGEST_SECONDS = 30;

  private final LongSupplier compiledMillis;
  private long compiledBefore;
  private double total;
  private double window;
  private int repeats;
  private int quietWindows;

  /**
   * @param compiledMillis milliseconds that the JVM has spent compiling since its start, all its
   *     compiler threads together
   */
  CompilationWatch(LongSupplier compiledMillis) {
    this.compiledMillis = compiledMillis;
    this.compiledBefore = compiledMillis.getAsLong();
  }

  /** For this JVM. One that only interprets is taken for quiet. */
  static CompilationWatch begin() {
    CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
    return new CompilationWatch(compiler == null ? () -> 0 : compiler::getTotalCompilationTime);
  }

  /** Adds a repeat that took {@code seconds}. */
  void ran(double seconds) {
    repeats++;
    total += seconds;
    window += seconds;
    if (window >= WINDOW_SECONDS) {
      long compiled = compiledMillis.getAsLong();
      boolean quiet = (compiled - compiledBefore) / 1e3 < LARGEST_QUIET_SHARE * window;
      quietWindows = quiet ? quietWindows + 1 : 0;
      compiledBefore = compiled;
      window = 0;
    }
  }

  boolean isOver() {
    return repeats >= FEWEST_REPEATS && (quietWindows >= QUIET_WINDOWS || total >= LONGEST_SECONDS);
  }
}
