package pbb.engine.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;
import pbb.engine.nn.ModelConfig;
import pbb.engine.tokenizer.Tokenizer;

/**
 * A model's shape as Hugging Face's {@code config.json}: a {@code LlamaForCausalLM}, or a {@code
 * Qwen3ForCausalLM} where queries and keys are normalised.
 */
final class HuggingFaceConfig {

  private static final String LLAMA = "LlamaForCausalLM";
  private static final String QWEN3 = "Qwen3ForCausalLM";

  private HuggingFaceConfig() {}

  /** The text of {@code config.json}. */
  static String configJson(ModelConfig config, Tokenizer tokenizer) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("architectures", List.of(config.qkNorm() ? QWEN3 : LLAMA));
    json.put("model_type", config.qkNorm() ? "qwen3" : "llama");
    json.put("vocab_size", config.vocabularySize());
    json.put("hidden_size", config.hiddenSize());
    json.put("intermediate_size", config.intermediateSize());
    json.put("num_hidden_layers", config.numHiddenLayers());
    json.put("num_attention_heads", config.numAttentionHeads());
    json.put("num_key_value_heads", config.numKeyValueHeads());
    json.put("head_dim", config.headDim());
    json.put("hidden_act", "silu");
    json.put("rms_norm_eps", config.rmsNormEpsilon());
    // The base of the rotary embedding twice: transformers 5 reads the second, earlier ones the
    // first.
    json.put("rope_theta", config.ropeTheta());
    Map<String, Object> rope = new LinkedHashMap<>();
    rope.put("rope_type", "default");
    rope.put("rope_theta", config.ropeTheta());
    json.put("rope_parameters", rope);
    json.put("max_position_embeddings", config.maxPositionEmbeddings());
    json.put("tie_word_embeddings", config.tieWordEmbeddings());
    json.put("initializer_range", config.initializerRange());
    json.put("attention_bias", false);
    json.put("attention_dropout", 0.0);
    if (config.qkNorm()) {
      json.put("use_sliding_window", false);
    } else {
      json.put("mlp_bias", false);
    }
    json.put("bos_token_id", null);
    json.put("eos_token_id", tokenizer.endOfText());
    json.put("pad_token_id", tokenizer.padding());
    json.put("dtype", "float32");
    return JsonText.indented(json);
  }

  /** The text of {@code generation_config.json}: greedy until the end of text. */
  static String generationConfigJson(Tokenizer tokenizer) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("do_sample", false);
    json.put("eos_token_id", tokenizer.endOfText());
    json.put("pad_token_id", tokenizer.padding());
    return JsonText.indented(json);
  }

  /**
   * Reads {@code config.json}.
   *
   * @throws InvalidFileException if a field is missing or wrong, or asks for what this engine does
   *     not compute
   */
  static ModelConfig read(Path file) throws IOException {
    JsonObject json = JsonObject.read(file);
    List<String> architectures = json.strings("architectures");
    if (architectures.size() != 1 || !List.of(LLAMA, QWEN3).contains(architectures.getFirst())) {
      throw json.invalid(
          "architectures",
          "is "
              + architectures
              + ", which this engine does not run: it runs "
              + LLAMA
              + " and "
              + QWEN3);
    }
    boolean qkNorm = architectures.getFirst().equals(QWEN3);
    require(json, "hidden_act", "silu");
    for (String field : List.of("attention_bias", "mlp_bias", "use_sliding_window")) {
      if (json.has(field) && json.bool(field)) {
        throw json.invalid(field, "must be false: this engine has no such thing");
      }
    }
    if (json.has("attention_dropout") && json.number("attention_dropout") != 0) {
      throw json.invalid("attention_dropout", "must be 0: this engine has no dropout");
    }
    int hiddenSize = positive(json, "hidden_size");
    int heads = positive(json, "num_attention_heads");
    try {
      return new ModelConfig(
          positive(json, "vocab_size"),
          hiddenSize,
          positive(json, "intermediate_size"),
          positive(json, "num_hidden_layers"),
          heads,
          json.has("num_key_value_heads") ? positive(json, "num_key_value_heads") : heads,
          json.has("head_dim") ? positive(json, "head_dim") : hiddenSize / heads,
          json.number("rms_norm_eps"),
          ropeTheta(json),
          positive(json, "max_position_embeddings"),
          json.bool("tie_word_embeddings"),
          qkNorm,
          json.number("initializer_range"));
    } catch (IllegalArgumentException e) {
      throw new InvalidFileException(
          file, "describes no model that can be built: " + e.getMessage());
    }
  }

  private static double ropeTheta(JsonObject json) throws InvalidFileException {
    if (json.has("rope_scaling")) {
      throw json.invalid("rope_scaling", "must be null: this engine scales no rotary embedding");
    }
    if (!json.has("rope_parameters")) {
      return json.number("rope_theta");
    }
    JsonObject rope = json.object("rope_parameters");
    require(rope, "rope_type", "default");
    double theta = rope.number("rope_theta");
    if (json.has("rope_theta") && json.number("rope_theta") != theta) {
      throw json.invalid(
          "rope_theta",
          "is " + json.number("rope_theta") + ", but rope_parameters.rope_theta is " + theta);
    }
    return theta;
  }

  private static void require(JsonObject json, String field, String value)
      throws InvalidFileException {
    String found = json.string(field);
    if (!found.equals(value)) {
      throw json.invalid(field, "is " + found + ", but this engine computes only " + value);
    }
  }

  private static int positive(JsonObject json, String field) throws InvalidFileException {
    return json.integer(field, 1, Integer.MAX_VALUE);
  }
}
