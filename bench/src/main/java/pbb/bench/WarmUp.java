package pbb.bench;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.LongSupplier;

/**
 * Tells when a piece of work that is repeated has been compiled: when, in two windows of a second
 * and a half that follow each other, compiling took less than 3% of the time; after half a minute
 * at the latest. A fixed time is too short: a first training step may take three seconds, and those
 * after it be compiled no better. One window is not enough: the JVM counts a compilation when it
 * ends, and that of a large kernel takes longer than a second.
 */
final class WarmUp {

  private static final double WINDOW_SECONDS = 1.5;
  private static final int QUIET_WINDOWS = 2;
  private static final double QUIET = 0.03;
  private static final double LONGEST_SECONDS = 30;

  private final LongSupplier compiledMillis;
  private long compiledBefore;
  private double total;
  private double window;
  private int quietWindows;

  /**
   * @param compiledMillis how long has been compiled since the JVM's start
   */
  WarmUp(LongSupplier compiledMillis) {
    this.compiledMillis = compiledMillis;
    this.compiledBefore = compiledMillis.getAsLong();
  }

  /** For this JVM. One that only interprets is taken for quiet. */
  static WarmUp begin() {
    CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
    return new WarmUp(compiler == null ? () -> 0 : compiler::getTotalCompilationTime);
  }

  /** Counts a repeat that took so long. */
  void ran(double seconds) {
    total += seconds;
    window += seconds;
    if (window >= WINDOW_SECONDS) {
      long compiled = compiledMillis.getAsLong();
      boolean quiet = (compiled - compiledBefore) / 1e3 < QUIET * window;
      quietWindows = quiet ? quietWindows + 1 : 0;
      compiledBefore = compiled;
      window = 0;
    }
  }

  boolean isOver() {
    return quietWindows >= QUIET_WINDOWS || total >= LONGEST_SECONDS;
  }
}
