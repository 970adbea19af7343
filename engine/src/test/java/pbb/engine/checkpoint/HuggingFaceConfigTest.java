package pbb.engine.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import pbb.engine.io.InvalidFileException;
import pbb.engine.nn.ModelConfig;
import pbb.engine.tokenizer.ByteTokenizer;

class HuggingFaceConfigTest {

  private static final ModelConfig CONFIG =
      new ModelConfig(300, 8, 12, 2, 4, 2, 6, 1e-6, 500_000, 64, true, false, 0.09);

  @TempDir Path folder;
  private Path file = Path.of("");

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("config.json");
    Files.writeString(file, HuggingFaceConfig.configJson(CONFIG, new ByteTokenizer()));
  }

  @Test
  void readsBackWhatItWrote() throws IOException {
    assertEquals(CONFIG, HuggingFaceConfig.read(file));
    Files.writeString(file, HuggingFaceConfig.configJson(SmallModel.CONFIG, new ByteTokenizer()));
    assertEquals(SmallModel.CONFIG, HuggingFaceConfig.read(file));
  }

  @Test
  void readsTheFormOfTransformers4() throws IOException {
    String json = Files.readString(file);
    int rope = json.indexOf("  \"rope_parameters\"");
    Files.writeString(
        file,
        json.substring(0, rope)
            + "  \"rope_scaling\": null,\n"
            + json.substring(json.indexOf("  \"max_position_embeddings\"")));

    assertEquals(CONFIG, HuggingFaceConfig.read(file));
  }

  @Test
  void olderFilesWithoutHeadsOfTheirOwnAreRead() throws IOException {
    change("  \"num_key_value_heads\": 2,\n", "");
    change("  \"head_dim\": 6,\n", "");

    ModelConfig config = HuggingFaceConfig.read(file);

    assertEquals(4, config.numKeyValueHeads());
    assertEquals(2, config.headDim());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "LlamaForCausalLM"        | "MistralForCausalLM"      | architectures is [MistralForCausalLM], which this engine does not run
          "hidden_size": 8,         |                           | lacks the field hidden_size, which must be an integer
          "hidden_size": 8          | "hidden_size": "8"        | hidden_size must be an integer, not "8"
          "hidden_size": 8          | "hidden_size": 0          | hidden_size must lie in [1, 2147483647], not 0
          "num_key_value_heads": 2  | "num_key_value_heads": 3  | numKeyValueHeads (3) must divide numAttentionHeads (4)
          "head_dim": 6             | "head_dim": 5             | headDim must be even
          "rms_norm_eps": 1.0E-6    | "rms_norm_eps": -1        | rmsNormEpsilon must be a number above 0
          "hidden_act": "silu"      | "hidden_act": "gelu"      | hidden_act is gelu, but this engine computes only silu
          "attention_bias": false   | "attention_bias": true    | attention_bias must be false
          "attention_dropout": 0.0  | "attention_dropout": 0.1  | attention_dropout must be 0
          "rope_type": "default"    | "rope_type": "llama3"     | rope_parameters.rope_type is llama3, but
          "rope_theta": 500000.0,   | "rope_theta": 1e4,        | rope_theta is 10000.0, but rope_parameters.rope_theta is 500000.0
          "rope_theta": 500000.0,   | "rope_scaling": {},       | rope_scaling must be null
          "tie_word_embeddings": true | "tie_word_embeddings": 1 | tie_word_embeddings must be true or false, not 1
          """)
  void aWrongFieldIsNamed(String from, @Nullable String to, String expected) throws IOException {
    change(from, to == null ? "" : to);

    String message =
        String.valueOf(
            assertThrows(InvalidFileException.class, () -> HuggingFaceConfig.read(file))
                .getMessage());

    assertTrue(message.startsWith(file + " ") && message.contains(expected), message);
    assertEquals(1, message.lines().count(), message);
  }

  private void change(String from, String to) throws IOException {
    String json = Files.readString(file);
    assertTrue(json.contains(from), () -> "the test is stale: no " + from + " in " + json);
    Files.writeString(file, json.replace(from, to));
  }
}
