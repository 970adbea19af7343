package pbb.engine.conformance;

import java.util.Optional;

/** Holds values against what is expected of them. */
final class Comparison {

  private Comparison() {}

  /** The root mean square of the values that are finite. */
  static double rms(double[] values) {
    double squares = 0;
    int count = 0;
    for (double value : values) {
      if (Double.isFinite(value)) {
        squares += value * value;
        count++;
      }
    }
    return count == 0 ? 0 : Math.sqrt(squares / count);
  }

  /** The first element that is further from what is expected than allowed, and the furthest one. */
  static Optional<String> difference(
      String what, double[] actual, double[] expected, Tolerance tolerance) {
    double scale = Math.max(rms(expected), tolerance.cancelling());
    int worst = -1;
    double worstExcess = 0;
    int count = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs(actual[i] - expected[i]);
      double allowed = tolerance.relative() * (Math.abs(expected[i]) + scale);
      boolean same = Double.compare(actual[i], expected[i]) == 0 || actual[i] == expected[i];
      if (!same && !(difference <= allowed)) {
        count++;
        double excess =
            Double.isNaN(difference) || allowed == 0 ? Double.MAX_VALUE : difference / allowed;
        if (excess > worstExcess) {
          worstExcess = excess;
          worst = i;
        }
      }
    }
    return count == 0
        ? Optional.empty()
        : Optional.of(
            String.format(
                "%s: %d of %d elements are too far off; worst is element %d, %s where %s is"
                    + " expected, %.3g times the tolerance (%.3g: %s)",
                what,
                count,
                expected.length,
                worst,
                actual[worst],
                expected[worst],
                worstExcess,
                tolerance.relative(),
                tolerance.reason()));
  }

  /** The root of the normalised mean squared error, where it exceeds {@code bound}. */
  static Optional<String> distance(String what, double[] actual, double[] expected, double bound) {
    double error = 0;
    double scale = 0;
    for (int i = 0; i < expected.length; i++) {
      error += (actual[i] - expected[i]) * (actual[i] - expected[i]);
      scale += expected[i] * expected[i];
    }
    double distance = Math.sqrt(error / scale);
    return distance <= bound || (error == 0 && scale == 0)
        ? Optional.empty()
        : Optional.of(
            String.format(
                "%s: |actual − expected| / |expected| is %.3g, above %.3g", what, distance, bound));
  }
}
