package pbb.job;

import java.util.LinkedHashMap;
import java.util.Map;
import pbb.engine.nn.ModelConfig;

/**
 * The shape of a model, but for what its texts decide: vocabulary and longest sequence. Weights
 * begin with standard deviation {@code 1/√hiddenSize}.
 *
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width of the gated feed-forward layer
 * @param numHiddenLayers number of layers
 * @param numAttentionHeads number of query heads; divides {@code hiddenSize}
 * @param numKeyValueHeads number of key and value heads; divides {@code numAttentionHeads}
 * @param qkNorm whether queries and keys are normalised head by head
 * @param tieWordEmbeddings whether the output layer uses the embedding table
 */
public record ModelShape(
    int hiddenSize,
    int intermediateSize,
    int numHiddenLayers,
    int numAttentionHeads,
    int numKeyValueHeads,
    boolean qkNorm,
    boolean tieWordEmbeddings) {

  /** Checks the numbers. */
  public ModelShape {
    config(
        1,
        1,
        hiddenSize,
        intermediateSize,
        numHiddenLayers,
        numAttentionHeads,
        numKeyValueHeads,
        qkNorm,
        tieWordEmbeddings);
  }

  /** The model's configuration. */
  ModelConfig config(int vocabularySize, int maxPositionEmbeddings) {
    return config(
        vocabularySize,
        maxPositionEmbeddings,
        hiddenSize,
        intermediateSize,
        numHiddenLayers,
        numAttentionHeads,
        numKeyValueHeads,
        qkNorm,
        tieWordEmbeddings);
  }

  private static ModelConfig config(
      int vocabularySize,
      int maxPositionEmbeddings,
      int hiddenSize,
      int intermediateSize,
      int numHiddenLayers,
      int numAttentionHeads,
      int numKeyValueHeads,
      boolean qkNorm,
      boolean tieWordEmbeddings) {
    if (numAttentionHeads < 1) {
      throw new IllegalArgumentException(
          "numAttentionHeads must be at least 1, not " + numAttentionHeads);
    }
    ModelConfig usual =
        ModelConfig.llama(
            vocabularySize,
            hiddenSize,
            intermediateSize,
            numHiddenLayers,
            numAttentionHeads,
            maxPositionEmbeddings,
            tieWordEmbeddings);
    return new ModelConfig(
        vocabularySize,
        hiddenSize,
        intermediateSize,
        numHiddenLayers,
        numAttentionHeads,
        numKeyValueHeads,
        usual.headDim(),
        usual.rmsNormEpsilon(),
        usual.ropeTheta(),
        maxPositionEmbeddings,
        tieWordEmbeddings,
        qkNorm,
        usual.initializerRange());
  }

  /** The shape as {@code run.json} has it. */
  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("hiddenSize", hiddenSize);
    json.put("intermediateSize", intermediateSize);
    json.put("numHiddenLayers", numHiddenLayers);
    json.put("numAttentionHeads", numAttentionHeads);
    json.put("numKeyValueHeads", numKeyValueHeads);
    json.put("qkNorm", qkNorm);
    json.put("tieWordEmbeddings", tieWordEmbeddings);
    return json;
  }
}
