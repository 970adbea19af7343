package pbb.engine.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointsTest {

  @TempDir Path temporary;
  private Path folder = Path.of("");
  private Checkpoints checkpoints = new Checkpoints(folder);
  private final List<String> skipped = new ArrayList<>();

  @BeforeEach
  void open() {
    folder = temporary.resolve("checkpoints");
    checkpoints = new Checkpoints(folder);
  }

  @Test
  void theNewestIsFoundByItsNumber() throws IOException {
    assertTrue(checkpoints.latest(skipped::add).isEmpty());
    for (long step : new long[] {9, 100, 20}) {
      checkpoints.write(step, SmallModel.contents(step));
    }
    Files.createDirectory(folder.resolve("step-0200"));
    Files.createDirectory(folder.resolve("step-900.bak"));

    assertEquals(List.of(9L, 20L, 100L), checkpoints.steps());
    assertEquals(100, latestStep());
    assertEquals(List.of(), skipped);
  }

  @Test
  void aDamagedOneIsSkippedAndNamedAndReplaced() throws IOException {
    checkpoints.write(1, SmallModel.contents(1));
    checkpoints.write(2, SmallModel.contents(2));
    Path weights = checkpoints.path(2).resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(bytes, bytes.length - 1));

    assertEquals(1, latestStep());
    assertEquals(1, skipped.size());
    assertTrue(skipped.getFirst().startsWith(weights + " is truncated"), skipped.getFirst());

    checkpoints.write(2, SmallModel.contents(2));
    assertEquals(2, latestStep());
    assertEquals(-1, Files.mismatch(weights, Files.write(temporary.resolve("expected"), bytes)));
  }

  @Test
  void oneThatIsOnlyToBeUsedIsNotResumedFrom() throws IOException {
    Checkpoint.Contents whole = SmallModel.contents(3);
    checkpoints.write(
        3,
        new Checkpoint.Contents(
            whole.config(), whole.tokenizer(), whole.weights(), List.of(), Map.of()));

    assertTrue(checkpoints.latest(skipped::add).isEmpty());
    assertTrue(
        skipped.getFirst().contains("without the state of its training"), skipped.getFirst());
  }

  @Test
  void aWholeOneIsNotReplaced() throws IOException {
    checkpoints.write(1, SmallModel.contents(1));

    assertThrows(IOException.class, () -> checkpoints.write(1, SmallModel.contents(5)));

    assertEquals(1, latestStep());
  }

  @Test
  void whatKilledRunsLeftIsSkippedAndRemoved() throws IOException {
    checkpoints.write(1, SmallModel.contents(1));
    Path partial = folder.resolve(".step-2.1f-a0.partial");
    Checkpoint.write(partial, SmallModel.contents(2));

    assertEquals(1, latestStep());
    checkpoints.write(3, SmallModel.contents(3));

    assertFalse(Files.exists(partial));
    assertEquals(3, latestStep());
  }

  @Test
  void pruningKeepsTheNewestWholeOnes() throws IOException {
    for (long step = 1; step <= 4; step++) {
      checkpoints.write(step, SmallModel.contents(step));
    }
    Files.delete(checkpoints.path(4).resolve("config.json"));

    checkpoints.prune(2);
    assertEquals(List.of(2L, 3L, 4L), checkpoints.steps());
    checkpoints.prune(1);
    assertEquals(3, latestStep());
    Files.delete(checkpoints.path(3).resolve("trainer.json"));
    checkpoints.prune(1);
    assertEquals(List.of(3L, 4L), checkpoints.steps());
    assertThrows(IllegalArgumentException.class, () -> checkpoints.prune(0));
  }

  /** A process that does nothing but write and prune checkpoints is killed again and again. */
  @Test
  void aKilledWriterLeavesAWholeCheckpoint() throws Exception {
    long last = -1;
    for (int round = 0; round < 4; round++) {
      Process writer = startWriter();
      try {
        long first = last;
        while (checkpoints.steps().isEmpty() || checkpoints.steps().getLast() < first + 3) {
          assertTrue(writer.isAlive(), () -> "the writer died by itself: see its output above");
          Thread.sleep(1);
        }
        Thread.sleep(7L * round);
      } finally {
        writer.destroyForcibly().waitFor();
      }
      List<Long> steps = checkpoints.steps();
      last = steps.getLast();
      assertEquals(last, latestStep(), "the newest must be whole");
      assertEquals(List.of(), skipped, "none may be damaged");
    }
  }

  private Process startWriter() throws Exception {
    String classPath =
        String.join(
            ":",
            root(CheckpointWriter.class),
            root(Checkpoint.class),
            root(JsonNode.class),
            root(JsonParser.class),
            root(JsonInclude.class));
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    return new ProcessBuilder(
            java, "-Xmx64m", "-cp", classPath, CheckpointWriter.class.getName(), folder.toString())
        .redirectOutput(ProcessBuilder.Redirect.INHERIT)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  // The folder or archive that a class came from, whatever module it was patched into.
  private static String root(Class<?> type) throws Exception {
    String name = "/" + type.getName().replace('.', '/') + ".class";
    String url = Objects.requireNonNull(type.getResource(name)).toString();
    String path = url.substring(0, url.length() - name.length());
    path = path.endsWith("!") ? path.substring("jar:".length(), path.length() - 1) : path;
    return Path.of(URI.create(path)).toString();
  }

  private long latestStep() throws IOException {
    return checkpoints.latest(skipped::add).orElseThrow().trainer().integer("step", 0L, 1L << 40);
  }
}
