package pbb.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pbb.engine.backend.Backend;
import pbb.engine.io.JsonObject;
import pbb.engine.selection.Backends;
import pbb.engine.selection.Selection;
import pbb.engine.train.OptimizerConfig;
import pbb.engine.train.Schedule;
import pbb.engine.train.TrainerConfig;
import pbb.run.Environment;
import pbb.run.Profile;
import pbb.run.RunFolder;
import pbb.run.StopRequestedException;
import pbb.run.UsageException;

/** A training that was stopped goes on to the same bytes, whatever it is trained on. */
class TrainingJobTest {

  private static final long STEPS = 6;

  private static final Reporter SILENT =
      new Reporter() {
        @Override
        public void progress(String what, long done, long total, String details) {}

        @Override
        public void say(String sentence) {}
      };

  @TempDir Path folder;

  /** Runs a training, and stops it after a step if one is given. */
  private static TrainingJob.Result train(
      Path data, TrainingPlan.Begin begin, Path run, boolean resume, int threads, long stopAfter)
      throws IOException {
    return train(data, begin, run, resume, threads, "training", stopAfter);
  }

  private static TrainingJob.Result train(
      Path data,
      TrainingPlan.Begin begin,
      Path run,
      boolean resume,
      int threads,
      String stopIn,
      long stopAfter)
      throws IOException {
    TrainingJob[] job = new TrainingJob[1];
    Reporter stopping =
        new Reporter() {
          @Override
          public void progress(String what, long done, long total, String details) {
            if (what.equals(stopIn) && done == stopAfter) {
              job[0].requestStop();
            }
          }

          @Override
          public void say(String sentence) {}
        };
    return train(data, begin, run, resume, threads, stopping, Optional.empty(), job);
  }

  private static TrainingJob.Result train(
      Path data,
      TrainingPlan.Begin begin,
      Path run,
      boolean resume,
      int threads,
      Reporter reporter,
      Optional<Backend> evaluator,
      TrainingJob... job)
      throws IOException {
    try (Selection selection =
        Backends.discover().select(Backends.AUTO, Optional.empty(), threads)) {
      var device = selection.backend().device();
      TrainingPlan plan =
          new TrainingPlan(
              data,
              begin,
              settings(),
              2,
              3,
              9,
              device.backend(),
              device.id(),
              evaluator.map(backend -> backend.device().backend()));
      Environment environment = Environment.current("0", "unknown", device, threads);
      try (RunFolder opened = RunFolder.open(run, plan.json(), environment, resume)) {
        TrainingJob training =
            new TrainingJob(plan, opened, selection.backend(), evaluator, reporter);
        Arrays.fill(job, training);
        return training.run();
      }
    }
  }

  private static TrainerConfig settings() {
    return new TrainerConfig(
        2, 128, 2, STEPS, OptimizerConfig.of(3e-3), new Schedule.Cosine(2, 0.1));
  }

  private static TrainingPlan.Begin fresh() {
    return new TrainingPlan.Begin.Fresh(new ModelShape(16, 32, 2, 2, 1, true, true));
  }

  @Test
  void aStopWhileSourceFilesAreReadLeavesNoShards() throws IOException {
    Path data = sources();
    Path run = folder.resolve("run");
    TrainingJob.Result result = train(data, fresh(), run, false, 1, "reading files", 3);
    assertFalse(result.finished());
    assertEquals(0, result.steps());
    try (Stream<Path> files = Files.list(run)) {
      assertEquals(
          List.of(".lock", "env.json", "run.json"),
          files.map(file -> file.getFileName().toString()).sorted().toList());
    }
    assertTrue(train(data, fresh(), run, true, 1, -1).finished());
    Path whole = folder.resolve("whole");
    assertTrue(train(data, fresh(), whole, false, 1, -1).finished());
    assertSame(whole, run);
  }

  @Test
  void aStopWhileProgramsAreWrittenLeavesNothing() {
    Path data = folder.resolve("programs");
    assertThrows(
        StopRequestedException.class,
        () -> TaskFolder.generate("random-arithmetic", Profile.smoke(), 4, data, () -> true));
    String[] left = folder.toFile().list();
    assertEquals(0, left == null ? -1 : left.length, () -> Arrays.toString(left));
  }

  private void resumesToTheSameBytes(Path data) throws IOException {
    Path whole = folder.resolve("whole");
    assertTrue(train(data, fresh(), whole, false, 2, -1).finished());
    for (long stop = 1; stop < STEPS; stop++) {
      Path stopped = folder.resolve("stopped-" + stop);
      TrainingJob.Result result = train(data, fresh(), stopped, false, 1, stop);
      assertFalse(result.finished(), "it was to stop after step " + stop);
      assertEquals(stop, result.steps());
      assertEquals(Optional.of(stopped.resolve("checkpoints/step-" + stop)), result.checkpoint());
      assertTrue(train(data, fresh(), stopped, true, 1, -1).finished());
      assertSame(whole, stopped);
    }
  }

  private static void assertSame(Path expected, Path actual) throws IOException {
    Map<String, String> want = contents(expected);
    Map<String, String> got = contents(actual);
    assertEquals(want.keySet(), got.keySet());
    want.forEach(
        (file, text) ->
            assertTrue(
                text.equals(got.get(file)),
                actual.resolve(file) + " has other bytes than of one go"));
    assertTrue(
        want.containsKey("checkpoints/step-6/optimizer.safetensors"),
        () -> want.keySet().toString());
  }

  /** The bytes of every file, but for times. */
  private static Map<String, String> contents(Path run) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(run)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        contents.put(
            run.relativize(file).toString(),
            file.endsWith("metrics.jsonl") ? text.replaceAll(",\"seconds\":[^\n]*", "") : text);
      }
    }
    contents.remove("env.json"); // The time of every start, and the number of threads.
    return contents;
  }

  private Path programs() throws IOException {
    Path data = folder.resolve("programs");
    TaskFolder.generate("random-arithmetic", Profile.smoke(), 4, data, () -> false);
    return data;
  }

  private Path sources() throws IOException {
    Path sources = Files.createDirectory(folder.resolve("sources"));
    for (int i = 0; i < 60; i++) {
      Files.writeString(
          sources.resolve("file" + i + ".py"), "def f" + i + "(x):\n  return x + " + i + "\n");
    }
    return sources;
  }

  @Test
  void trainingOnProgramsResumesToTheSameBytes() throws IOException {
    resumesToTheSameBytes(programs());
  }

  @Test
  void trainingOnSourceFilesResumesToTheSameBytes() throws IOException {
    resumesToTheSameBytes(sources());
  }

  @Test
  void heldOutFilesAreValidatedAtIntervalsAndAtTheEnd() throws IOException {
    Path run = folder.resolve("run");
    TrainingJob.Result result = train(sources(), fresh(), run, false, 1, -1);
    List<String> lines = Files.readAllLines(run.resolve("validation.jsonl"));
    assertEquals(2, lines.size(), () -> String.join("\n", lines));
    for (int i = 0; i < lines.size(); i++) {
      JsonObject line =
          JsonObject.parse(
              run.resolve("validation.jsonl"), lines.get(i).getBytes(StandardCharsets.UTF_8));
      assertEquals(3 * (i + 1), line.integer("step", 0, 100));
      // Untrained, a byte costs about log2(258) bits.
      double bits = line.number("bitsPerByte");
      assertTrue(bits > 4 && bits < 10, "bits per byte " + bits);
      assertEquals(
          bits,
          line.number("loss") / Math.log(2) * line.integer("tokens", 0, 1_000_000) / bytesHeldOut(),
          1e-9 * bits);
    }
    assertTrue(result.text().contains("bits per byte"), result.text());
    assertTrue(Files.size(run.resolve("sample.txt")) > 1, "the sample is empty");
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(60, TimeUnit.SECONDS), "what was waited for did not come");
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void anotherBackendEvaluatesWhileTrainingGoesOn() throws IOException {
    Path data = sources();
    Path alone = folder.resolve("alone");
    train(data, fresh(), alone, false, 1, -1);
    Path beside = folder.resolve("beside");
    CountDownLatch fifthStep = new CountDownLatch(1);
    List<String> said = new ArrayList<>();
    Reporter reporter =
        new Reporter() {
          @Override
          public void progress(String what, long done, long total, String details) {
            if (what.equals("training") && done == 5) {
              fifthStep.countDown();
            }
          }

          @Override
          public void say(String sentence) {
            said.add(sentence);
          }
        };
    try (Selection evaluates = Backends.discover().select("vector", Optional.empty(), 1)) {
      Backend waiting = new CompilesAfter(evaluates.backend(), () -> await(fifthStep));
      TrainingJob.Result result =
          train(data, fresh(), beside, false, 1, reporter, Optional.of(waiting));
      assertTrue(result.text().contains("bits per byte"), result.text());
    }
    // What is evaluated is step 3, though it is done when 5 steps are trained.
    for (String file : List.of("validation.jsonl", "checkpoints/step-6/model.safetensors")) {
      assertEquals(-1, Files.mismatch(alone.resolve(file), beside.resolve(file)), file);
    }
    List<String> evaluations = said.stream().filter(line -> line.startsWith("step ")).toList();
    assertEquals(4, evaluations.size(), said::toString);
    assertEquals("step 3: its evaluation on vector begins", evaluations.get(0));
    assertTrue(
        evaluations
            .get(1)
            .matches(
                "step 3: .* bits per byte on held-out files .*, evaluated on vector from [0-9.]+ s"
                    + " to [0-9.]+ s, while vector was at steps 4 to 6"),
        evaluations.get(1));
    assertEquals("step 6: its evaluation on vector begins", evaluations.get(2));
    assertTrue(evaluations.get(3).endsWith(" s, after the last step"), evaluations.get(3));
  }

  /** Does something after a step of training. */
  private static Reporter after(long step, Runnable action) {
    return new Reporter() {
      @Override
      public void progress(String what, long done, long total, String details) {
        if (what.equals("training") && done == step) {
          action.run();
        }
      }

      @Override
      public void say(String sentence) {}
    };
  }

  @Test
  void anEvaluationThatFailsLosesNoStep() throws IOException {
    Path data = sources();
    Path whole = folder.resolve("whole");
    train(data, fresh(), whole, false, 1, -1);
    Path run = folder.resolve("run");
    CountDownLatch fourthStep = new CountDownLatch(1);
    CountDownLatch failed = new CountDownLatch(1);
    // It begins at step 3 and fails while training is at its fourth step's end, which then waits
    // until that must be known; no checkpoint is due at step 5.
    Reporter reporter =
        after(
            4,
            () -> {
              fourthStep.countDown();
              await(failed);
              sleep();
            });
    try (Selection evaluates = Backends.discover().select("vector", Optional.empty(), 1)) {
      Backend failing =
          new CompilesAfter(
              evaluates.backend(),
              () -> {
                await(fourthStep);
                failed.countDown();
                throw new AssertionError("out of order");
              });
      AssertionError error =
          assertThrows(
              AssertionError.class,
              () -> train(data, fresh(), run, false, 1, reporter, Optional.of(failing)));
      assertEquals("out of order", error.getMessage());
      assertEquals(4, Files.readAllLines(run.resolve("metrics.jsonl")).size());
      assertTrue(Files.exists(run.resolve("checkpoints/step-4/optimizer.safetensors")));
      assertTrue(
          train(data, fresh(), run, true, 1, SILENT, Optional.of(evaluates.backend())).finished());
    }
    String file = "checkpoints/step-6/optimizer.safetensors";
    assertEquals(-1, Files.mismatch(whole.resolve(file), run.resolve(file)));
  }

  private static void sleep() {
    try {
      Thread.sleep(300);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aStopEndsAnEvaluationWhichIsMadeUpFor() throws IOException {
    Path data = sources();
    Path whole = folder.resolve("whole");
    train(data, fresh(), whole, false, 1, -1);
    for (int stop : List.of(3, (int) STEPS)) {
      Path run = folder.resolve("run-" + stop);
      CountDownLatch stopped = new CountDownLatch(1);
      TrainingJob[] job = new TrainingJob[1];
      Reporter reporter =
          after(
              stop,
              () -> {
                job[0].requestStop();
                stopped.countDown();
              });
      try (Selection evaluates = Backends.discover().select("vector", Optional.empty(), 1)) {
        Backend waiting = new CompilesAfter(evaluates.backend(), () -> await(stopped));
        TrainingJob.Result result =
            train(data, fresh(), run, false, 1, reporter, Optional.of(waiting), job);
        // The evaluation of this step, and of any before it, was stopped before its first batch.
        assertFalse(result.finished());
        assertEquals(stop, result.steps());
        assertFalse(Files.exists(run.resolve("validation.jsonl")));
        assertTrue(
            train(data, fresh(), run, true, 1, SILENT, Optional.of(evaluates.backend()))
                .finished());
      }
      List<String> lines = Files.readAllLines(whole.resolve("validation.jsonl"));
      assertTrue(
          Files.readAllLines(run.resolve("validation.jsonl")).contains(lines.get(stop / 3 - 1)),
          () -> "no line of the checkpoint at which it was stopped, step " + stop);
      for (String file : List.of("checkpoints/step-6/optimizer.safetensors", "sample.txt")) {
        assertEquals(-1, Files.mismatch(whole.resolve(file), run.resolve(file)), file);
      }
    }
  }

  @Test
  void programsAreNotEvaluatedBeside() throws IOException {
    Path data = folder.resolve("programs");
    TaskFolder.generate("random-arithmetic", Profile.smoke(), 4, data, () -> false);
    TrainingPlan plan =
        new TrainingPlan(
            data, fresh(), settings(), 2, 3, 9, "scalar", "cpu", Optional.of("vector"));
    UsageException refusal =
        assertThrows(UsageException.class, () -> TrainingJob.check(plan, SILENT));
    assertTrue(
        String.valueOf(refusal.getMessage()).contains("--evaluate-on has nothing to evaluate"),
        refusal.getMessage());
  }

  private double bytesHeldOut() throws IOException {
    return JsonObject.read(folder.resolve("run/shards/shards.json"))
        .object("validation")
        .integer("bytes", 1, 1_000_000);
  }

  @Test
  void aFolderOfShardsIsTrainedOnAsItIs() throws IOException {
    Path first = folder.resolve("first");
    train(sources(), fresh(), first, false, 1, -1);
    Path second = folder.resolve("second");
    assertTrue(train(first.resolve("shards"), fresh(), second, false, 1, -1).finished());
    assertFalse(Files.exists(second.resolve("shards")), "shards were made from shards");
    assertEquals(
        -1,
        Files.mismatch(
            first.resolve("checkpoints/step-6/model.safetensors"),
            second.resolve("checkpoints/step-6/model.safetensors")));
  }

  @Test
  void aTrainingBeginsWithTheWeightsThatItIsGiven() throws IOException {
    Path data = sources();
    Path first = folder.resolve("first");
    train(data, fresh(), first, false, 1, -1);
    Path second = folder.resolve("second");
    train(data, new TrainingPlan.Begin.From(first), second, false, 1, -1);
    double before = firstLoss(first);
    double after = firstLoss(second);
    assertTrue(
        after < before - 0.02, "the first loss was " + before + " at random, and then " + after);
  }

  private static double firstLoss(Path run) throws IOException {
    Path file = run.resolve("metrics.jsonl");
    return JsonObject.parse(
            file, Files.readAllLines(file).getFirst().getBytes(StandardCharsets.UTF_8))
        .number("loss");
  }
}
