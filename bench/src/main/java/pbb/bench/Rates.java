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
}
