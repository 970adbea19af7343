package pbb.bench;

import java.util.Arrays;

/**
 * What the repeats of one measurement gave, work per second each.
 *
 * @param median the middle one
 * @param low the slowest
 * @param high the fastest
 */
record Rates(double median, double low, double high) {

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

  /** Repeats a piece of work until the JVM has compiled it, as {@link CompilationWatch} tells. */
  static void warmUp(Runnable work) {
    CompilationWatch watch = CompilationWatch.begin();
    while (!watch.isOver()) {
      watch.ran(seconds(work));
    }
  }

  static double seconds(Runnable work) {
    long began = System.nanoTime();
    work.run();
    return (System.nanoTime() - began) / 1e9;
  }
}
