package pbb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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

  private static String[] training(Path data, Path run, Object... more) {
    return Ran.training(STEPS, STEPS, data, run, more);
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void aTrainingIsSavedAndGoesOnToTheSameBytes(String signal) throws Exception {
    Path data = Ran.programs(folder.resolve("data"));
    Path run = folder.resolve("run");
    try (Launched pbb = Launched.pbb(output(), (Object[]) training(data, run))) {
      // Metrics are opened when the first step begins.
      pbb.await("its first step", () -> Files.exists(run.resolve("metrics.jsonl")));
      pbb.signal(signal);
      assertInterrupted(pbb.exits(130), "--resume");
    }
    long step = onlyCheckpoint(run);
    assertTrue(step > 0 && step < STEPS, "it stopped after step " + step);
    Ran.pbb((Object[]) training(data, run, "--resume")).succeeds();

    Path whole = folder.resolve("whole");
    Ran.pbb((Object[]) training(data, whole)).succeeds();
    for (String file : List.of("model.safetensors", "optimizer.safetensors", "trainer.json")) {
      String name = "checkpoints/step-" + STEPS + "/" + file;
      assertEquals(-1, Files.mismatch(whole.resolve(name), run.resolve(name)), file);
    }
  }

  private static void assertInterrupted(String said, String named) {
    List<String> lines = said.lines().filter(line -> line.startsWith("pbb:")).toList();
    assertEquals(1, lines.size(), said);
    assertTrue(lines.getFirst().startsWith("pbb: interrupted"), said);
    assertTrue(lines.getFirst().contains(named), said);
  }

  private static long onlyCheckpoint(Path run) throws IOException {
    try (Stream<Path> files = Files.list(run.resolve("checkpoints"))) {
      List<Path> all = files.filter(file -> !AtomicFiles.isPartial(file)).toList();
      assertEquals(1, all.size(), all.toString());
      return Long.parseLong(all.getFirst().getFileName().toString().substring("step-".length()));
    }
  }

  private static Object[] evaluation(Path data, Path checkpoint, Path run, Object... more) {
    List<Object> arguments = new ArrayList<>(List.of("eval", "--quiet", "--threads", 1));
    arguments.addAll(List.of("--data", data, "--checkpoint", checkpoint, "--out", run));
    arguments.addAll(List.of(more));
    return arguments.toArray();
  }

  @Test
  void anEvaluationLeavesNothingHalfWrittenAndCanBeResumed() throws Exception {
    Path data = Ran.programs(folder.resolve("data"));
    Path trained = folder.resolve("trained");
    Ran.pbb((Object[]) Ran.training(data, trained)).succeeds();
    Path run = folder.resolve("run");
    try (Launched pbb = Launched.pbb(output(), evaluation(data, trained, run))) {
      pbb.await("its folder", () -> Files.exists(run.resolve("env.json")));
      pbb.signal("INT");
      assertInterrupted(pbb.exits(130), "--resume");
    }
    try (Stream<Path> files = Files.list(run)) {
      assertEquals(
          Set.of("run.json", "env.json", ".lock"),
          files.map(file -> file.getFileName().toString()).collect(Collectors.toSet()));
    }
    Ran.pbb(evaluation(data, trained, run, "--resume")).succeeds();
    Path whole = folder.resolve("whole");
    Ran.pbb(evaluation(data, trained, whole)).succeeds();
    assertEquals(-1, Files.mismatch(whole.resolve("samples.jsonl"), run.resolve("samples.jsonl")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void whatSavesNothingEndsAtOnceWithTheSameCode(String signal) throws Exception {
    try (Launched pbb =
        Launched.pbb(output(), "suite", "--dry-run", "--profile", "smoke", "--threads", 1)) {
      pbb.await("choosing a backend", () -> pbb.said().contains("taken"));
      pbb.signal(signal);
      assertInterrupted(pbb.exits(130), "again");
    }
  }

  @Test
  void aJobThatBeginsAfterTheSignalIsAskedToStopAtOnce() {
    Interruption interruption = new Interruption(System.err);
    assertFalse(interruption.stop(), "there is no job to stop");
    List<String> asked = new ArrayList<>();
    Interruption.Job outer = interruption.job(() -> asked.add("outer"));
    interruption.job(() -> asked.add("closed")).close();
    assertTrue(interruption.stop());
    Interruption.Job inner = interruption.job(() -> asked.add("inner"));
    assertEquals(List.of("outer", "inner"), asked);
    inner.close();
    outer.close();
    assertFalse(interruption.stop(), "a job is left");
  }
}
