package pbb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import pbb.engine.checkpoint.Checkpoints;
import pbb.suite.TinyRun;

/**
 * The suite in a process of its own that is interrupted, killed, or finds the disk full while it
 * trains: the same command with {@code --resume} goes on to the bytes of a run that was not.
 */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there are no signals that a process could hear")
class SuiteProcessTest {

  private static final int STEPS = 600;
  private static final int CHECKPOINT_INTERVAL = 100;
  private static final String CELL = "cells/reasoning/homogeneous/seed-7";

  /** A suite of seconds. */
  private static final String PROFILE =
      """
      base = "smoke"
      checkpointInterval = %d
      model = {hiddenSize = 16, intermediateSize = 32, numHiddenLayers = 1, numAttentionHeads = 2}
      evaluation.inputsPerProgram = 1

      [training]
      batchSize = 2
      sequenceLength = 112
      steps = %d

      [task]
      modulus = 11
      maxConstant = 5
      evaluationInputs = 3
      settings = [
        {operations = 1, withIo = 2, withoutIo = 1, noSource = 1, wrongSource = 2},
        {operations = 2, withIo = 4, withoutIo = 2, noSource = 2, wrongSource = 2},
      ]

      [shares.settings]
      1 = 0.4
      2 = 0.6
      3 = 0
      """
          .formatted(CHECKPOINT_INTERVAL, STEPS);

  @TempDir static Path shared;
  @TempDir Path folder;

  private static Path config;
  private static Map<String, String> uninterrupted = Map.of();

  @BeforeAll
  static void runOnce() throws IOException {
    Path profile = Files.writeString(shared.resolve("tiny.toml"), PROFILE);
    config =
        Files.writeString(
            shared.resolve("config.toml"),
            """
            seed = 7
            threads = 1
            quiet = true

            [suite]
            profile = "%s"
            backend = "vector"
            """
                .formatted(profile));
    Path run = shared.resolve("uninterrupted");
    Ran.pbb(suite(run)).succeeds();
    uninterrupted = TinyRun.bytes(run);
    String last = CELL + "/checkpoints/step-" + STEPS + "/";
    for (String name :
        List.of(
            "results.json",
            CELL + "/samples.jsonl",
            CELL + "/metrics.jsonl",
            last + "model.safetensors",
            last + "optimizer.safetensors")) {
      assertTrue(uninterrupted.containsKey(name), () -> name + ": " + uninterrupted.keySet());
    }
  }

  private static Object[] suite(Path run, Object... more) {
    List<Object> arguments = new ArrayList<>(List.of("suite", "--config", config, "--out", run));
    arguments.addAll(List.of(more));
    return arguments.toArray();
  }

  private Path output() {
    return folder.resolve("output");
  }

  private static List<Long> checkpoints(Path run) {
    try {
      return new Checkpoints(run.resolve(CELL + "/checkpoints")).steps();
    } catch (IOException e) {
      return List.of(); // Removed while it was listed.
    }
  }

  private static void assertGoesOnToTheSameBytes(Path run) {
    Ran.pbb(suite(run, "--resume")).succeeds();
    Map<String, String> bytes = TinyRun.bytes(run);
    assertEquals(uninterrupted.keySet(), bytes.keySet());
    uninterrupted.forEach(
        (name, content) ->
            assertTrue(content.equals(bytes.get(name)), name + " has other bytes than of one go"));
  }

  /** Starts a suite and lets it train for a while; it has a checkpoint or two then. */
  private Launched training(Path run) throws Exception {
    Launched pbb = Launched.pbb(output(), suite(run));
    pbb.await("its first checkpoint", () -> !checkpoints(run).isEmpty());
    return pbb;
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void aSignalSavesAndResumeGoesOnToTheSameBytes(String signal) throws Exception {
    Path run = folder.resolve("run");
    try (Launched pbb = training(run)) {
      pbb.signal(signal);
      String said = pbb.exits(130);
      assertEquals(1, said.lines().count(), said);
      assertTrue(said.startsWith("pbb: interrupted, and saved in " + run), said);
      assertTrue(said.contains("--resume"), said);
    }
    long saved = checkpoints(run).getLast();
    assertTrue(saved >= CHECKPOINT_INTERVAL && saved < STEPS, "saved at step " + saved);
    assertFalse(Files.exists(run.resolve("results.json")), "no cell is finished");
    assertGoesOnToTheSameBytes(run);
  }

  @Test
  void aKilledRunGoesOnToTheSameBytes() throws Exception {
    Path run = folder.resolve("run");
    long wait = System.nanoTime() % 100;
    try (Launched pbb = training(run)) {
      Thread.sleep(wait);
      pbb.signal("KILL");
      pbb.exits(128 + 9);
    }
    assertFalse(
        Files.exists(run.resolve("results.json")),
        "it was done before it was killed, " + wait + " ms after its first checkpoint");
    assertGoesOnToTheSameBytes(run);
  }

  /** A limit on the size of files stands for a full disk: writing fails, deleting does not. */
  @Test
  void aFullDiskLosesNothingThatWasSaved() throws Exception {
    Path run = folder.resolve("run");
    try (Launched pbb = training(run)) {
      pbb.signal("TERM");
      pbb.exits(130);
    }
    String metrics = CELL + "/metrics.jsonl";
    // Room for each file of a checkpoint, but not for the metrics.
    long room = Files.size(newest(run).resolve("optimizer.safetensors")) / 1024 + 1;
    long needed = Files.size(shared.resolve("uninterrupted").resolve(metrics)) / 1024;
    assertTrue(needed > room + 10, "metrics of " + needed + " KiB, checkpoints of " + room);
    try (Launched pbb =
        Launched.start(
            output(), folder, "ulimit -f " + room + "; exec \"$@\"", suite(run, "--resume"))) {
      String said = pbb.exits(1);
      assertEquals(1, said.lines().count(), said);
      assertTrue(said.startsWith("pbb: " + run.resolve(metrics) + " could not be written"), said);
    }
    long saved = checkpoints(run).getLast();
    assertTrue(saved < STEPS, "saved at step " + saved);
    Map<String, String> before = files(newest(run));
    // Once more, with no room for anything; what it says goes through a process that has some.
    String noRoom = "(ulimit -f 0; exec \"$@\") 2>&1 | cat; exit ${PIPESTATUS[0]}";
    try (Launched pbb = Launched.start(output(), folder, noRoom, suite(run, "--resume"))) {
      String said = pbb.exits(1);
      assertEquals(1, said.lines().count(), said);
      assertTrue(said.contains("could not be written"), said);
    }
    assertEquals(before, files(newest(run)));
    assertGoesOnToTheSameBytes(run);
  }

  private static Path newest(Path run) {
    return run.resolve(CELL + "/checkpoints/step-" + checkpoints(run).getLast());
  }

  private static Map<String, String> files(Path checkpoint) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(checkpoint)) {
      for (Path file : files.toList()) {
        contents.put(
            file.toString(), Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1));
      }
    }
    return contents;
  }

  @Test
  void aSecondRunInTheDefaultPlaceIsToldWhatToDo() throws Exception {
    Path run = Files.createDirectories(folder.resolve("runs/smoke"));
    Files.writeString(run.resolve("run.json"), "{}");
    try (Launched pbb =
        Launched.start(output(), folder, "exec \"$@\"", "suite", "--profile", "smoke", "--quiet")) {
      String said = pbb.exits(2);
      assertEquals(1, said.lines().count(), said);
      assertTrue(said.contains("runs/smoke holds a run already"), said);
      assertTrue(said.contains("--resume") && said.contains("--out"), said);
    }
    try (Stream<Path> files = Files.list(run)) {
      assertEquals(List.of(run.resolve("run.json")), files.toList());
    }
  }
}
