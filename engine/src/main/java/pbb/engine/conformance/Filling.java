package pbb.engine.conformance;

import java.util.Arrays;
import pbb.engine.random.RandomStream;

/** How an input of a case is made. */
@FunctionalInterface
public interface Filling {

  /** Marks what an op must put something else in place of. */
  Filling UNWRITTEN = constant(Double.NaN);

  /** {@code size} values, a pure function of the stream. */
  double[] values(int size, RandomStream stream);

  /** Normal values with this standard deviation. */
  static Filling normal(double deviation) {
    return (size, stream) -> {
      double[] values = new double[size];
      Arrays.setAll(values, _ -> deviation * stream.nextGaussian());
      return values;
    };
  }

  /** Normal values around one, as the weights of norms are. */
  static Filling aroundOne() {
    return (size, stream) -> {
      double[] values = new double[size];
      Arrays.setAll(values, _ -> 1 + 0.2 * stream.nextGaussian());
      return values;
    };
  }

  /** Squares of normal values. */
  static Filling squares(double deviation) {
    return (size, stream) -> {
      double[] values = normal(deviation).values(size, stream);
      Arrays.setAll(values, i -> values[i] * values[i]);
      return values;
    };
  }

  /** The same value everywhere. */
  static Filling constant(double value) {
    return (size, _) -> {
      double[] values = new double[size];
      Arrays.fill(values, value);
      return values;
    };
  }

  /** Just these values, over and over. */
  static Filling of(double... cycle) {
    return (size, _) -> {
      double[] values = new double[size];
      Arrays.setAll(values, i -> cycle[i % cycle.length]);
      return values;
    };
  }

  /** Uniform integers in [0, bound), the first one 0 and the last one {@code bound − 1}. */
  static Filling integers(int bound) {
    return (size, stream) -> {
      double[] values = new double[size];
      Arrays.setAll(values, _ -> stream.nextInt(bound));
      values[0] = 0;
      values[size - 1] = bound - 1;
      return values;
    };
  }

  /** Weights of tokens in a loss: a third are 0, the rest in (0, 2/size). */
  static Filling tokenWeights() {
    return (size, stream) -> {
      double[] values = new double[size];
      Arrays.setAll(values, i -> i % 3 == 1 ? 0 : 2 * (1 - stream.nextDouble()) / size);
      return values;
    };
  }

  /**
   * Where documents start within rows of {@code length}: each document has between 1 and {@code
   * longest} tokens.
   *
   * @param longest at least {@code length} for one document a row
   */
  static Filling documentStarts(int length, int longest) {
    return (size, stream) -> {
      double[] values = new double[size];
      for (int row = 0; row < size; row += length) {
        int start = 0;
        int end = longest >= length ? length : 1 + stream.nextInt(longest);
        for (int t = 0; t < length; t++) {
          if (t == end) {
            start = t;
            end = t + 1 + stream.nextInt(longest);
          }
          values[row + t] = start;
        }
      }
      return values;
    };
  }
}
