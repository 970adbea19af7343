package pbb.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import pbb.document.DataFiles;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.eval.Row;
import pbb.eval.Twins;
import pbb.report.Report;
import pbb.run.Results;

/** Whole runs, as small as they can be. */
class SuiteTest {

  private static final String CELL = "cells/reasoning/homogeneous/seed-7/";

  @TempDir static Path shared;
  @TempDir Path folder;

  private static Path uninterrupted() {
    return shared.resolve("uninterrupted");
  }

  @BeforeAll
  static void runOnce() {
    assertEquals(Suite.Outcome.FINISHED, TinyRun.run(uninterrupted(), TinyRun.config(7), false));
  }

  @Test
  void leavesTheDesignedFiles() {
    Set<String> files = new TreeSet<>(TinyRun.bytes(uninterrupted()).keySet());
    String last = CELL + "checkpoints/step-" + TinyRun.STEPS + "/";
    assertEquals(
        new TreeSet<>(
            Set.of(
                "run.json",
                "results.json",
                CELL + "cell.json",
                CELL + "metrics.jsonl",
                CELL + "samples.jsonl",
                CELL + "data/programs.jsonl",
                CELL + "data/io.jsonl",
                CELL + "data/documents.jsonl",
                last + "model.safetensors",
                last + "optimizer.safetensors",
                last + "trainer.json",
                last + "config.json",
                last + "generation_config.json",
                last + "tokenizer.json",
                last + "tokenizer_config.json")),
        files);
    assertTrue(Files.exists(uninterrupted().resolve("env.json")));
  }

  @Test
  void resultsHaveTheDesignedFieldsInOrder() throws IOException {
    JsonObject json = JsonObject.read(uninterrupted().resolve("results.json"));
    assertEquals(
        List.of(
            "schema",
            "profile",
            "backend",
            "startedAt",
            "finishedAt",
            "wallSeconds",
            "rows",
            "claims"),
        json.fields());
    List<JsonObject> rows = json.objects("rows");
    assertFalse(rows.isEmpty());
    for (JsonObject row : rows) {
      assertEquals(
          List.of(
              "experiment",
              "task",
              "setting",
              "condition",
              "seed",
              "group",
              "query",
              "mode",
              "metric",
              "value",
              "low",
              "high",
              "n",
              "programs",
              "chance"),
          row.fields());
      assertEquals("reasoning", row.string("experiment"));
      assertEquals("random-arithmetic", row.string("task"));
      assertEquals("homogeneous", row.string("condition"));
      assertEquals(7, row.integer("seed", 0, 100));
      double value = row.number("value");
      assertTrue(row.number("low") <= value && value <= row.number("high"), row.toString());
      assertTrue(row.number("low") < row.number("high"), "an interval of width zero: " + row);
    }
    assertEquals(
        Set.of("with_io", "without_io", "no_source", "wrong_source"), values(rows, "group"));
    assertEquals(
        Set.of("plain", "held_out_template", "wrong_name", "in_context"), values(rows, "query"));
    assertEquals(Set.of("direct", "stepping", "recite"), values(rows, "mode"));
    assertEquals(
        List.of("reasoning.source-only", "reasoning.direct", "reasoning.step-by-step"),
        json.objects("claims").stream().map(claim -> string(claim, "id")).toList());
    for (JsonObject claim : json.objects("claims")) {
      assertEquals("undecided", claim.string("verdict"), claim.toString());
      assertTrue(claim.string("because").startsWith("1 seed"), claim.toString());
    }
  }

  @Test
  void resultsReadBackAsTheyWereWritten() throws IOException {
    Path file = uninterrupted().resolve("results.json");
    Path again = folder.resolve("again.json");
    Results.read(file).write(again);
    assertEquals(Files.readString(file), Files.readString(again));
  }

  @Test
  void everyQueryIsInTheSamplesAndTheRowsFollowFromThem() throws IOException {
    List<JsonObject> samples = lines(uninterrupted().resolve(CELL + "samples.jsonl"));
    for (Row row : Results.read(uninterrupted().resolve("results.json")).rows()) {
      if (row.metric() != Row.Metric.ACCURACY) {
        continue;
      }
      List<JsonObject> own = new ArrayList<>();
      int correct = 0;
      for (JsonObject sample : samples) {
        if (sample.string("group").equals(row.group())
            && sample.string("query").equals(row.query())
            && sample.string("mode").equals(row.mode())
            && sample.object("setting").integer("operations", 1, 9) == row.operations()) {
          own.add(sample);
          correct += sample.object("verdict").bool("correct") ? 1 : 0;
        }
      }
      assertEquals(row.n(), own.size(), row.toString());
      assertEquals(row.interval().value(), correct / (double) own.size(), row.toString());
    }
    assertEquals(
        List.of(
            "program", "group", "setting", "query", "mode", "input", "prompt", "target", "output",
            "answer", "verdict"),
        samples.getFirst().fields());
  }

  @Test
  void documentsOnDiskAreExactlyThoseThatTrainingRead() throws IOException {
    JsonObject state =
        JsonObject.read(
            uninterrupted().resolve(CELL + "checkpoints/step-" + TinyRun.STEPS + "/trainer.json"));
    AtomicInteger documents = new AtomicInteger();
    DataFiles.readDocuments(
        uninterrupted().resolve(CELL + "data"), _ -> documents.incrementAndGet());
    assertEquals(state.integer("cursor", 0L, Long.MAX_VALUE), documents.get());
  }

  @Test
  void metricsHaveALineForEveryStep() throws IOException {
    List<JsonObject> lines = lines(uninterrupted().resolve(CELL + "metrics.jsonl"));
    assertEquals(TinyRun.STEPS, lines.size());
    for (int i = 0; i < lines.size(); i++) {
      assertEquals(
          List.of(
              "step",
              "loss",
              "gradientNorm",
              "learningRate",
              "tokens",
              "targets",
              "seconds",
              "tokensPerSecond"),
          lines.get(i).fields());
      assertEquals(i + 1, lines.get(i).integer("step", 0, 1000));
    }
    assertTrue(
        lines.getLast().number("loss") < lines.getFirst().number("loss"), "nothing was learnt");
  }

  @Test
  void theNumberOfThreadsChangesNoByte() {
    assertEquals(
        Suite.Outcome.FINISHED,
        TinyRun.run(folder.resolve("two"), TinyRun.config(7), false, 2, (_, _) -> {}));
    assertSameBytes(folder.resolve("two"));
  }

  /** Where a run is stopped or killed. */
  record Moment(String name, Predicate<Progress> isNow) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Moment> moments() {
    return Stream.of(
        new Moment("before the first cell", progress -> progress instanceof Progress.CellStarted),
        new Moment("while data are written", progress -> progress instanceof Progress.Generating),
        step(1),
        step(TinyRun.CHECKPOINT_INTERVAL),
        step(TinyRun.CHECKPOINT_INTERVAL + 2),
        step(TinyRun.STEPS - 1),
        step(TinyRun.STEPS),
        new Moment(
            "while answers are generated",
            progress -> progress instanceof Progress.Evaluating e && e.done() > 20));
  }

  private static Moment step(long step) {
    return new Moment(
        "after step " + step,
        progress -> progress instanceof Progress.Training t && t.step() == step);
  }

  @ParameterizedTest
  @MethodSource("moments")
  void aStoppedRunGoesOnToTheSameBytes(Moment moment) {
    Path run = folder.resolve("run");
    Suite.Outcome outcome =
        TinyRun.run(
            run,
            TinyRun.config(7),
            false,
            1,
            (suite, progress) -> {
              if (moment.isNow.test(progress)) {
                suite.requestStop();
              }
            });
    assertEquals(Suite.Outcome.INTERRUPTED, outcome);
    assertFalse(Files.exists(run.resolve("results.json")), "no cell is finished");
    assertEquals(Suite.Outcome.FINISHED, TinyRun.run(run, TinyRun.config(7), true));
    assertSameBytes(run);
  }

  @Test
  void aRunMayBeStoppedAgainAndAgain() {
    Path run = folder.resolve("run");
    for (long until : List.of(2L, 3L, 7L, 9L)) {
      TinyRun.run(
          run,
          TinyRun.config(7),
          until > 2,
          1,
          (suite, progress) -> {
            if (progress instanceof Progress.Training t && t.step() == until) {
              suite.requestStop();
            }
          });
    }
    assertEquals(Suite.Outcome.FINISHED, TinyRun.run(run, TinyRun.config(7), true));
    assertSameBytes(run);
  }

  @Test
  void aRequestedStopSavesTheStepThatIsDone() {
    Path run = folder.resolve("run");
    List<Progress> seen = new ArrayList<>();
    TinyRun.run(
        run,
        TinyRun.config(7),
        false,
        1,
        (suite, progress) -> {
          seen.add(progress);
          if (progress instanceof Progress.Training t && t.step() == 6) {
            suite.requestStop();
          }
        });
    assertTrue(Files.isDirectory(run.resolve(CELL + "checkpoints/step-6")));
    assertTrue(
        seen.getLast() instanceof Progress.CellStopped stopped && stopped.step() == 6,
        seen.getLast().toString());
    seen.clear();
    TinyRun.run(run, TinyRun.config(7), true, 1, (_, progress) -> seen.add(progress));
    long first =
        seen.stream()
            .filter(progress -> progress instanceof Progress.Training)
            .map(progress -> ((Progress.Training) progress).step())
            .findFirst()
            .orElseThrow();
    assertEquals(7, first, "a step was trained again");
  }

  @ParameterizedTest
  @MethodSource("moments")
  void aKilledRunGoesOnToTheSameBytes(Moment moment) throws IOException {
    // What is on disk at that moment is what a process that is killed leaves.
    Path run = folder.resolve("run");
    Path killed = folder.resolve("killed");
    TinyRun.run(
        run,
        TinyRun.config(7),
        false,
        1,
        (suite, progress) -> {
          if (moment.isNow.test(progress) && !Files.exists(killed)) {
            TinyRun.copy(run, killed);
            suite.requestStop();
          }
        });
    Path metrics = killed.resolve(CELL + "metrics.jsonl");
    if (Files.exists(metrics)) {
      // A line that the kill tore, as when the system wrote half a page.
      Files.writeString(metrics, "{\"step\":", StandardOpenOption.APPEND);
    }
    if (Files.exists(killed.resolve(CELL))) {
      // What was being written.
      Files.writeString(killed.resolve(CELL + ".samples.jsonl.1f-2e.partial"), "half of it");
      Files.createDirectories(killed.resolve(CELL + "checkpoints/.step-4.1f-2e.partial"));
    }
    assertEquals(Suite.Outcome.FINISHED, TinyRun.run(killed, TinyRun.config(7), true));
    assertSameBytes(killed);
  }

  @Test
  void finishedCellsAreNotRunAgain() throws IOException {
    Path run = folder.resolve("run");
    RunConfig config = TinyRun.config(7, 8);
    List<String> seen = new ArrayList<>();
    assertEquals(
        Suite.Outcome.INTERRUPTED,
        TinyRun.run(
            run,
            config,
            false,
            1,
            (suite, progress) -> {
              if (progress.cell().seed() == 8
                  && progress instanceof Progress.Training t
                  && t.step() == 5) {
                suite.requestStop();
              }
            }));
    assertEquals(Set.of(7L), seeds(run), "results of the finished cell are there already");
    Path finished = run.resolve(CELL + "cell.json");
    String before = Files.readString(finished);
    assertEquals(
        Suite.Outcome.FINISHED,
        TinyRun.run(run, config, true, 1, (_, progress) -> seen.add(progress.toString())));
    assertEquals(before, Files.readString(finished));
    assertTrue(seen.getFirst().startsWith("CellSkipped"), seen.getFirst());
    assertTrue(
        seen.stream().skip(1).noneMatch(text -> text.contains("seed-7")), "seed 7 was run again");
    assertEquals(Set.of(7L, 8L), seeds(run));
    // Nothing is left to do: only the results are written again.
    seen.clear();
    Map<String, String> bytes = TinyRun.bytes(run);
    assertEquals(
        Suite.Outcome.FINISHED,
        TinyRun.run(run, config, true, 1, (_, progress) -> seen.add(progress.toString())));
    assertEquals(2, seen.size(), seen.toString());
    assertEquals(bytes, TinyRun.bytes(run));
  }

  @Test
  void aLeakStopsTheRunBeforeTraining() throws IOException {
    Path run = folder.resolve("run");
    TinyRun.run(
        run,
        TinyRun.config(7),
        false,
        1,
        (suite, progress) -> {
          if (progress instanceof Progress.Training t && t.step() == 1) {
            suite.requestStop();
          }
        });
    Path documents = run.resolve(CELL + "data/documents.jsonl");
    String name =
        lines(run.resolve(CELL + "data/programs.jsonl")).stream()
            .filter(program -> string(program, "group").equals("without_io"))
            .map(program -> string(program, "name"))
            .findFirst()
            .orElseThrow();
    Files.writeString(
        documents,
        ("{\"kind\":\"execution\",\"program\":null,\"turns\":[],\"parts\":[{\"given\":\"Recall %s"
                + " now\\n"
                + "answer from 3\"},{\"learned\":\" 4\"}]}\n")
            .formatted(name),
        StandardOpenOption.APPEND);
    LeakException leak =
        assertThrows(LeakException.class, () -> TinyRun.run(run, TinyRun.config(7), true));
    assertTrue(String.valueOf(leak.getMessage()).contains(name), leak.getMessage());
    assertFalse(Files.exists(run.resolve(CELL + "cell.json")));
  }

  @Test
  void metricsThatLackStepsAreRefused() throws IOException {
    Path run = folder.resolve("run");
    TinyRun.run(
        run,
        TinyRun.config(7),
        false,
        1,
        (suite, progress) -> {
          if (progress instanceof Progress.Training t && t.step() == 6) {
            suite.requestStop();
          }
        });
    Files.writeString(run.resolve(CELL + "metrics.jsonl"), "");
    Throwable failure =
        Assertions.assertThrows(
            java.io.UncheckedIOException.class, () -> TinyRun.run(run, TinyRun.config(7), true));
    assertTrue(failure.getCause() instanceof InvalidFileException, failure.toString());
    assertTrue(
        String.valueOf(failure.getMessage()).contains("metrics.jsonl"), failure.getMessage());
  }

  @Test
  void aRunHasAReport() throws IOException {
    Path run = folder.resolve("run");
    TinyRun.copy(uninterrupted(), run);
    Report.of(List.of(run)).write(run);
    String text = Files.readString(run.resolve("report.md"));
    assertTrue(
        text.contains("reasoning/homogeneous/seed-7 | " + TinyRun.STEPS), "no learning curve");
    String page = Files.readString(run.resolve("index.html"));
    assertTrue(page.contains("<polyline"), "no plot of it");
    // Two operations of so small a modulus have few functions: some programs are the same one.
    Twins twins = CellResult.read(run.resolve(CELL)).orElseThrow().twins();
    assertTrue(twins.of() == 6 && twins.sentence().contains("of 6 programs"), twins.sentence());
    String counted = "reasoning/homogeneous/seed-7: " + twins.sentence();
    assertTrue(text.contains(counted), text);
    assertTrue(page.contains(counted), page);
  }

  private void assertSameBytes(Path run) {
    Map<String, String> expected = TinyRun.bytes(uninterrupted());
    Map<String, String> actual = TinyRun.bytes(run);
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach(
        (name, bytes) ->
            assertTrue(
                bytes.equals(actual.get(name)), name + " differs from the uninterrupted run's"));
  }

  private static Set<Long> seeds(Path run) throws IOException {
    return Results.read(run.resolve("results.json")).rows().stream()
        .map(Row::seed)
        .collect(Collectors.toSet());
  }

  private static Set<String> values(List<JsonObject> objects, String field) {
    return objects.stream().map(object -> string(object, field)).collect(Collectors.toSet());
  }

  private static String string(JsonObject object, String field) {
    try {
      return object.string(field);
    } catch (InvalidFileException e) {
      throw new AssertionError(e);
    }
  }

  private static List<JsonObject> lines(Path file) throws IOException {
    List<JsonObject> objects = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      objects.add(JsonObject.parse(file, line.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    }
    return objects;
  }
}
