package pbb.bench;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/**
 * What the repeats of one measurement gave, work per second each.
 *
 * @param median the middle one
 * @param low the slowest
 * @param high the fastest
 */
record Rates(double median, double low, double high) {

  private static final int WARM_UPS = 2;
  private static final double WARM_UP_WINDOW = 1.5;
  private static final double QUIET = 0.03;
  private static final double LONGEST_WARM_UP = 30;

  static Rates of(double... rates) {
    double[] sorted = rates.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    return new Rates((sorted[(n - 1) / 2] + sorted[n / 2]) / 2, sorted[0], sorted[n - 1]);
  }

  /**
   * Times a piece of work, after it ran for long enough to have been compiled.
   *
   * @param amount how much one run does, in the unit of the rates
   */
  static Rates measure(double amount, int repeats, Runnable work) {
    warmUp(work);
    double[] rates = new double[repeats];
    for (int i = 0; i < repeats; i++) {
      rates[i] = amount / seconds(work);
    }
    return of(rates);
  }

  /**
   * Repeats a piece of work until the JVM has compiled it: until, while it ran for a second and a
   * half, compiling took less than 3% of that; for half a minute at most. A fixed time is too
   * short: a first training step may take three seconds, and those after it be compiled no better.
   */
  static void warmUp(Runnable work) {
    CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
    double total = 0;
    double window = 0;
    long compiled = compiler.getTotalCompilationTime();
    boolean quiet = false;
    for (int runs = 0; runs < WARM_UPS || !quiet && total < LONGEST_WARM_UP; runs++) {
      double spent = seconds(work);
      total += spent;
      window += spent;
      if (window >= WARM_UP_WINDOW) {
        long before = compiled;
        compiled = compiler.getTotalCompilationTime();
        quiet = (compiled - before) / 1e3 < QUIET * window;
        window = 0;
      }
    }
  }

  static double seconds(Runnable work) {
    long began = System.nanoTime();
    work.run();
    return (System.nanoTime() - began) / 1e9;
  }
}
