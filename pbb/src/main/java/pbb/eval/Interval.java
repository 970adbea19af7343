package pbb.eval;

import java.util.Collection;

/**
 * A proportion with its 95% confidence interval.
 *
 * @param value the proportion
 * @param low the interval's lower end
 * @param high its upper end
 */
public record Interval(double value, double low, double high) {

  /** The 97.5% quantile of the standard normal distribution. */
  private static final double Z = 1.959963984540054;

  /**
   * Successes among the trials of one cluster, such as a program's queries.
   *
   * @param successes at most {@code trials}
   * @param trials at least 1
   */
  public record Cluster(int successes, int trials) {}

  /**
   * Wilson's score interval (Wilson 1927, as Brown, Cai and DasGupta 2001 give it, equation 4) for
   * the proportion {@code value} of {@code n} independent trials.
   *
   * @param n above 0, not necessarily whole
   */
  public static Interval wilson(double value, double n) {
    double z2 = Z * Z;
    double centre = (value + z2 / (2 * n)) / (1 + z2 / n);
    double half = Z / (1 + z2 / n) * StrictMath.sqrt(value * (1 - value) / n + z2 / (4 * n * n));
    // At the ends the formula gives 0 and 1 exactly; rounding would not.
    return new Interval(
        value,
        value == 0 ? 0 : Math.max(0, centre - half),
        value == 1 ? 1 : Math.min(1, centre + half));
  }

  /**
   * Wilson's interval with the number of trials divided by the design effect of the clusters (Kish
   * 1965, section 8.2): the variance of the ratio estimator between clusters over that of
   * independent trials. The number that remains is at most the number of trials and at least that
   * of the clusters, which it is where all trials went the same way and nothing can be estimated.
   *
   * @throws IllegalArgumentException if there is no cluster
   */
  public static Interval clustered(Collection<Cluster> clusters) {
    if (clusters.isEmpty()) {
      throw new IllegalArgumentException("an interval needs at least one cluster of trials");
    }
    int trials = clusters.stream().mapToInt(Cluster::trials).sum();
    int count = clusters.size();
    double value = clusters.stream().mapToInt(Cluster::successes).sum() / (double) trials;
    double effective = count;
    if (count > 1 && value > 0 && value < 1) {
      double squares = 0;
      for (Cluster cluster : clusters) {
        double deviation = cluster.successes() - value * cluster.trials();
        squares += deviation * deviation;
      }
      double variance = count / (count - 1.0) * squares / ((double) trials * trials);
      double designEffect = variance / (value * (1 - value) / trials);
      effective = Math.clamp(trials / designEffect, count, trials);
    }
    return wilson(value, effective);
  }
}
