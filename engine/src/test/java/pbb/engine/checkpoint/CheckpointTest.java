package pbb.engine.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import pbb.engine.io.InvalidFileException;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Parameter;
import pbb.engine.tokenizer.ByteTokenizer;
import pbb.engine.tokenizer.Tokenizer;
import pbb.engine.tokenizer.WordTokenizer;

class CheckpointTest {

  @TempDir Path temporary;

  @Test
  void readsBackWhatItWrote() throws IOException {
    Path folder = temporary.resolve("step-7");
    Checkpoint.write(folder, SmallModel.contents(7));

    Checkpoint checkpoint = Checkpoint.open(folder);

    assertEquals(SmallModel.CONFIG, checkpoint.config());
    assertTrue(checkpoint.tokenizer() instanceof ByteTokenizer);
    assertTrue(checkpoint.isResumable());
    assertEquals(7, checkpoint.trainer().integer("step", 0, 100));
    assertWeights(checkpoint);
    List<String> moments =
        SmallModel.names(SmallModel.CONFIG, LayerSlices.FIRST_MOMENT, LayerSlices.SECOND_MOMENT);
    try (Safetensors optimizer = checkpoint.openOptimizer(moments)) {
      String name = "exp_avg_sq.model.layers.1.mlp.down_proj.weight";
      assertEquals(List.of(8L, 12L), optimizer.tensor(name).shape());
      assertEquals(
          SmallModel.value(name, 5),
          optimizer.tensor(name).data().getAtIndex(ValueLayout.JAVA_FLOAT, 5));
    }
    try (Stream<Path> files = Files.list(folder)) {
      Set<String> names = new TreeSet<>();
      files.forEach(file -> names.add(file.getFileName().toString()));
      assertEquals(
          Set.of(
              "model.safetensors",
              "config.json",
              "tokenizer.json",
              "tokenizer_config.json",
              "generation_config.json",
              "optimizer.safetensors",
              "trainer.json"),
          names);
    }
  }

  @Test
  void theSameContentsGiveTheSameBytes() throws IOException {
    Checkpoint.write(temporary.resolve("a"), SmallModel.contents(7));
    Checkpoint.write(temporary.resolve("b"), SmallModel.contents(7));

    try (Stream<Path> files = Files.list(temporary.resolve("a"))) {
      for (Path file : files.toList()) {
        assertEquals(
            -1,
            Files.mismatch(file, temporary.resolve("b").resolve(file.getFileName())),
            file.toString());
      }
    }
  }

  /** Saved by scripts/fixtures/huggingface_checkpoints.py; the second in bfloat16. */
  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen3"})
  void readsWhatTransformersSaved(String kind) throws Exception {
    Checkpoint checkpoint =
        Checkpoint.open(
            Path.of(Objects.requireNonNull(CheckpointTest.class.getResource(kind)).toURI()));

    boolean qwen3 = kind.equals("qwen3");
    assertEquals(
        qwen3
            ? new ModelConfig(258, 8, 12, 1, 2, 1, 4, 1e-6, 500_000, 64, true, true, 0.02)
            : new ModelConfig(20, 8, 12, 2, 4, 2, 4, 1e-5, 10_000, 64, false, false, 0.02),
        checkpoint.config());
    assertFalse(checkpoint.isResumable());
    Tokenizer tokenizer = checkpoint.tokenizer();
    String text = "def f(x):\n    return x + 1\n";
    assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
    assertEquals(qwen3, tokenizer instanceof ByteTokenizer);
    assertWeights(checkpoint);
    assertRefused("without the state of its training", checkpoint::trainer);
    assertRefused("without the state of its training", () -> checkpoint.openOptimizer(List.of()));
  }

  @Test
  void anExistingCheckpointIsNotOverwritten() throws IOException {
    Path folder = temporary.resolve("step-7");
    Checkpoint.write(folder, SmallModel.contents(7));

    IOException failure =
        assertThrows(IOException.class, () -> Checkpoint.write(folder, SmallModel.contents(8)));

    assertTrue(
        String.valueOf(failure.getMessage()).contains("exists already"), failure.getMessage());
    assertEquals(7, Checkpoint.open(folder).trainer().integer("step", 0, 100));
  }

  @Test
  void aMissingOrDamagedFileIsNamed() throws IOException {
    assertRefused("is no checkpoint", () -> Checkpoint.open(temporary.resolve("none")));
    for (String name :
        List.of("model.safetensors", "config.json", "optimizer.safetensors", "trainer.json")) {
      Path folder = temporary.resolve("without-" + name);
      Checkpoint.write(folder, SmallModel.contents(7));
      Path file = folder.resolve(name);
      byte[] bytes = Files.readAllBytes(file);
      Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
      assertRefused(file.toString(), () -> Checkpoint.open(folder));
      Files.delete(file);
      assertRefused(file + " does not exist", () -> Checkpoint.open(folder));
    }
    Path sharded = Files.createDirectory(temporary.resolve("sharded"));
    Files.writeString(sharded.resolve("model.safetensors.index.json"), "{}");
    assertRefused("a model in several files", () -> Checkpoint.open(sharded));
  }

  @Test
  void weightsOfAnotherModelAreRefused() throws IOException {
    Path folder = temporary.resolve("step-7");
    Checkpoint.write(folder, SmallModel.contents(7));
    ModelConfig other = ModelConfig.llama(300, 8, 12, 3, 2, 64, true);

    Checkpoint checkpoint = Checkpoint.open(folder);

    assertRefused(
        "lacks tensors: model.layers.2.input_layernorm.weight",
        () -> checkpoint.openWeights(SmallModel.names(other, "")));
  }

  @Test
  void contentsMustFitTogether() throws IOException {
    ModelConfig config = SmallModel.CONFIG;
    List<NamedTensor> weights = SmallModel.tensors(config, "");
    WordTokenizer large =
        WordTokenizer.ofTexts(IntStream.range(0, 300).mapToObj(String::valueOf).toList());

    assertThrows(
        IllegalArgumentException.class,
        () -> new Checkpoint.Contents(config, large, weights, List.of(), Map.of()));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new Checkpoint.Contents(
                config, new ByteTokenizer(), weights, List.of(), Map.of("step", 1)));
    Path folder = temporary.resolve("large");
    Checkpoint.write(
        folder, new Checkpoint.Contents(config, new ByteTokenizer(), weights, List.of(), Map.of()));
    large.save(folder);
    assertRefused(
        "a tokenizer of 303 ids and a model of only 300",
        () -> Checkpoint.open(folder).tokenizer());
  }

  private static void assertWeights(Checkpoint checkpoint) throws IOException {
    ModelConfig config = checkpoint.config();
    try (Safetensors weights = checkpoint.openWeights(SmallModel.names(config, ""))) {
      for (Parameter parameter : SmallModel.parameters(config)) {
        MemorySegment stacked = Arena.ofAuto().allocate(parameter.tensor().size() * 4, 64);
        LayerSlices.copy(weights, parameter, "", stacked);
        long size = parameter.tensor().shape().size();
        for (int layer = 0; layer < parameter.tensor().slices(); layer++) {
          String name = parameter.checkpointName(layer);
          for (long i = 0; i < size; i++) {
            assertEquals(
                SmallModel.value(name, i),
                stacked.getAtIndex(ValueLayout.JAVA_FLOAT, layer * size + i),
                name);
          }
        }
      }
    }
  }

  private static void assertRefused(String expected, Executable action) {
    String message = String.valueOf(assertThrows(InvalidFileException.class, action).getMessage());
    assertTrue(message.contains(expected), message);
    assertEquals(1, message.lines().count(), message);
  }
}
