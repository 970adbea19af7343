package pbb.engine.nn;

/**
 * The shape of a Llama-like decoder, in the terms of Hugging Face's {@code LlamaConfig}.
 *
 * @param vocabularySize number of token ids
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width of the gated feed-forward layer
 * @param numHiddenLayers number of layers
 * @param numAttentionHeads number of query heads
 * @param numKeyValueHeads number of key and value heads; divides {@code numAttentionHeads}
 * @param headDim width of a head, even
 * @param rmsNormEpsilon added to the mean square in every norm
 * @param ropeTheta the base of the rotary embedding's wavelengths
 * @param maxPositionEmbeddings the longest sequence
 * @param tieWordEmbeddings whether the output layer uses the embedding table
 * @param qkNorm whether queries and keys are normalised head by head, as in Qwen3
 * @param initializerRange standard deviation of the initial weights
 */
public record ModelConfig(
    int vocabularySize,
    int hiddenSize,
    int intermediateSize,
    int numHiddenLayers,
    int numAttentionHeads,
    int numKeyValueHeads,
    int headDim,
    double rmsNormEpsilon,
    double ropeTheta,
    int maxPositionEmbeddings,
    boolean tieWordEmbeddings,
    boolean qkNorm,
    double initializerRange) {

  /** Checks that the numbers fit together. */
  public ModelConfig {
    requireAtLeast(1, vocabularySize, "vocabularySize");
    requireAtLeast(1, hiddenSize, "hiddenSize");
    requireAtLeast(1, intermediateSize, "intermediateSize");
    requireAtLeast(1, numHiddenLayers, "numHiddenLayers");
    requireAtLeast(1, numAttentionHeads, "numAttentionHeads");
    requireAtLeast(1, numKeyValueHeads, "numKeyValueHeads");
    requireAtLeast(2, headDim, "headDim");
    requireAtLeast(1, maxPositionEmbeddings, "maxPositionEmbeddings");
    if (numAttentionHeads % numKeyValueHeads != 0) {
      throw new IllegalArgumentException(
          "numKeyValueHeads ("
              + numKeyValueHeads
              + ") must divide numAttentionHeads ("
              + numAttentionHeads
              + ")");
    }
    if (headDim % 2 != 0) {
      throw new IllegalArgumentException(
          "headDim must be even for the rotary embedding, not " + headDim);
    }
    requirePositive(rmsNormEpsilon, "rmsNormEpsilon");
    requirePositive(ropeTheta, "ropeTheta");
    requirePositive(initializerRange, "initializerRange");
  }

  /**
   * A model with as many key-value heads as query heads, heads that share the width evenly, and
   * weights that begin with standard deviation {@code 1/√hiddenSize}.
   *
   * @throws IllegalArgumentException if {@code numAttentionHeads} does not divide {@code
   *     hiddenSize}
   */
  public static ModelConfig llama(
      int vocabularySize,
      int hiddenSize,
      int intermediateSize,
      int numHiddenLayers,
      int numAttentionHeads,
      int maxPositionEmbeddings,
      boolean tieWordEmbeddings) {
    if (hiddenSize % numAttentionHeads != 0) {
      throw new IllegalArgumentException(
          "numAttentionHeads ("
              + numAttentionHeads
              + ") must divide hiddenSize ("
              + hiddenSize
              + ")");
    }
    return new ModelConfig(
        vocabularySize,
        hiddenSize,
        intermediateSize,
        numHiddenLayers,
        numAttentionHeads,
        numAttentionHeads,
        hiddenSize / numAttentionHeads,
        1e-5,
        10_000,
        maxPositionEmbeddings,
        tieWordEmbeddings,
        false,
        1 / StrictMath.sqrt(hiddenSize));
  }

  /**
   * Weights of the matrix products: all but the norms and the embedding table as it is looked up.
   */
  public long matmulParameters() {
    long attention = 2L * hiddenSize * headDim * (numAttentionHeads + numKeyValueHeads);
    return numHiddenLayers * (attention + 3L * hiddenSize * intermediateSize)
        + (long) hiddenSize * vocabularySize;
  }

  /** All weights. */
  public long parameters() {
    long norms = numHiddenLayers * (2L * hiddenSize + (qkNorm ? 2L * headDim : 0)) + hiddenSize;
    return matmulParameters()
        + norms
        + (tieWordEmbeddings ? 0 : (long) hiddenSize * vocabularySize);
  }

  /**
   * Floating-point operations of a training step, per token: 6 for each weight of a matrix product,
   * and those of causal attention over {@code length} positions.
   */
  public double trainingFlopsPerToken(int length) {
    return 6.0 * matmulParameters() + 6.0 * numHiddenLayers * numAttentionHeads * headDim * length;
  }

  private static void requireAtLeast(int least, int value, String field) {
    if (value < least) {
      throw new IllegalArgumentException(field + " must be at least " + least + ", not " + value);
    }
  }

  private static void requirePositive(double value, String field) {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(field + " must be a number above 0, not " + value);
    }
  }
}
