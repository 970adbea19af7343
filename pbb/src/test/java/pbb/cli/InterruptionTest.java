package pbb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import pbb.engine.io.AtomicFiles;

/**
 * A signal to the program itself: it saves, says so, exits with 130, and goes on to the same bytes.
 */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGTERM that a process could hear")
class InterruptionTest {

  private static final int STEPS = 400;

  @TempDir Path folder;

  private Path output() {
    return folder.resolve("output");
  }

  private Process pbb(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:+UseSerialGC");
    command.addAll(
        List.of("--add-modules", "jdk.incubator.vector", "--enable-native-access=pbb.engine"));
    command.addAll(List.of("-p", Objects.requireNonNull(System.getProperty("jdk.module.path"))));
    command.addAll(List.of("-m", "pbb/pbb.cli.Main"));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(output().toFile())
        .start();
  }

  private static String[] training(Path data, Path run, Object... more) {
    return Ran.training(STEPS, STEPS, data, run, more);
  }

  private void exits(int expected, Process process) throws IOException, InterruptedException {
    boolean ended = process.waitFor(2, TimeUnit.MINUTES);
    if (!ended) {
      process.destroyForcibly();
    }
    String said = Files.readString(output());
    assertTrue(ended, () -> "it has not come to an end: " + said);
    assertEquals(expected, process.exitValue(), said);
  }

  @Test
  void sigtermSavesAndResumeGoesOnToTheSameBytes() throws Exception {
    Path data = Ran.programs(folder.resolve("data"));
    Path run = folder.resolve("run");
    Process process = pbb(training(data, run));
    awaitSteps(process, run);
    process.destroy(); // SIGTERM
    exits(130, process);
    String said = Files.readString(output());
    assertTrue(said.isEmpty() || !said.contains("pbb:"), said);
    long step = onlyCheckpoint(run);
    assertTrue(step > 0 && step < STEPS, "it stopped after step " + step);
    exits(0, pbb(training(data, run, "--resume")));

    Path whole = folder.resolve("whole");
    Ran.pbb((Object[]) training(data, whole)).succeeds();
    for (String file : List.of("model.safetensors", "optimizer.safetensors", "trainer.json")) {
      String name = "checkpoints/step-" + STEPS + "/" + file;
      assertEquals(-1, Files.mismatch(whole.resolve(name), run.resolve(name)), file);
    }
  }

  /**
   * Waits until it trains: its folder then has metrics, which are opened when the first step
   * begins.
   */
  private void awaitSteps(Process process, Path run) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (!Files.exists(run.resolve("metrics.jsonl"))) {
      assertTrue(process.isAlive(), () -> "it ended by itself: " + said());
      assertTrue(System.nanoTime() < deadline, () -> "it does not begin to train: " + said());
      Thread.sleep(20);
    }
  }

  private String said() {
    try {
      return Files.readString(output());
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static long onlyCheckpoint(Path run) throws IOException {
    try (Stream<Path> files = Files.list(run.resolve("checkpoints"))) {
      List<Path> all = files.filter(file -> !AtomicFiles.isPartial(file)).toList();
      assertEquals(1, all.size(), all.toString());
      return Long.parseLong(all.getFirst().getFileName().toString().substring("step-".length()));
    }
  }
}
