package pbb.engine.generate;

/** How the next token is chosen from its logits. */
public sealed interface Sampling {

  /** The token of the largest logit; of equals the one with the smallest id. */
  record Greedy() implements Sampling {}

  /**
   * A draw from the softmax of the logits, divided by the temperature, over the tokens that both
   * filters leave. What is drawn is a pure function of the logits and of (seed, number of the
   * prompt, position), whatever else is in the batch.
   *
   * @param temperature above 0; 1 leaves the model's distribution as it is
   * @param topK how many of the most likely tokens are left, at least 1; {@link Integer#MAX_VALUE}
   *     leaves all
   * @param topP the most likely tokens are left until their probability, after {@code topK},
   *     reaches this, in (0, 1]
   * @param seed the draws' seed
   */
  record Random(double temperature, int topK, double topP, long seed) implements Sampling {

    /** Checks the ranges. */
    public Random {
      if (!(temperature > 0 && temperature < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "temperature must be a number above 0, not "
                + temperature
                + ": for the most likely token, decode greedily");
      }
      if (topK < 1) {
        throw new IllegalArgumentException("topK must be at least 1, not " + topK);
      }
      if (!(topP > 0 && topP <= 1)) {
        throw new IllegalArgumentException("topP must lie in (0, 1], not " + topP);
      }
    }

    /** Draws over all tokens. */
    public static Random of(double temperature, long seed) {
      return new Random(temperature, Integer.MAX_VALUE, 1, seed);
    }
  }
}
