package pbb.engine.data;

import java.util.Arrays;

/**
 * A sequence of tokens that is learnt as one, with a weight for each token as a target: the loss of
 * predicting it from those before it counts that much. Only weights of 0 switch a token off; they
 * are relative, since a training step divides them by their sum. The arrays are not copied and must
 * not change.
 */
public final class Document {

  private final int[] tokens;
  private final float[] targetWeights;

  /**
   * A document.
   *
   * @param tokens the token ids, at least 2
   * @param targetWeights a weight for each token, at least 0; that of the first token is not used,
   *     as nothing comes before it
   */
  public Document(int[] tokens, float[] targetWeights) {
    if (tokens.length < 2) {
      throw new IllegalArgumentException(
          "a document must have at least 2 tokens, one to read and one to predict, not "
              + tokens.length);
    }
    if (tokens.length != targetWeights.length) {
      throw new IllegalArgumentException(
          "a document of "
              + tokens.length
              + " tokens needs as many target weights, not "
              + targetWeights.length);
    }
    for (float weight : targetWeights) {
      if (!(weight >= 0 && weight < Float.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "a target weight must be a number of at least 0, not " + weight);
      }
    }
    this.tokens = tokens;
    this.targetWeights = targetWeights;
  }

  /** A document all of whose tokens are targets of weight 1. */
  public static Document of(int... tokens) {
    float[] weights = new float[tokens.length];
    Arrays.fill(weights, 1);
    return new Document(tokens, weights);
  }

  /** A document whose tokens are targets of weight 1 where the mask says so. */
  public static Document masked(int[] tokens, boolean[] isTarget) {
    float[] weights = new float[isTarget.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = isTarget[i] ? 1 : 0;
    }
    return new Document(tokens, weights);
  }

  /** The number of tokens. */
  public int length() {
    return tokens.length;
  }

  /** The token at {@code index}. */
  public int token(int index) {
    return tokens[index];
  }

  /** The weight of the token at {@code index} as a target. */
  public float targetWeight(int index) {
    return targetWeights[index];
  }

  /** A copy of the token ids. */
  public int[] tokens() {
    return tokens.clone();
  }

  /** How many tokens of weight above 0 have a token before them. */
  public int targets() {
    int targets = 0;
    for (int i = 1; i < targetWeights.length; i++) {
      if (targetWeights[i] > 0) {
        targets++;
      }
    }
    return targets;
  }
}
