package pbb.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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

/** A training that was stopped goes on to the same bytes, whatever it is trained on. */
class TrainingJobTest {

  private static final long STEPS = 6;

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
    TrainerConfig training =
        new TrainerConfig(2, 128, 2, STEPS, OptimizerConfig.of(3e-3), new Schedule.Cosine(2, 0.1));
    try (Selection selection =
        Backends.discover().select(Backends.AUTO, Optional.empty(), threads)) {
      var device = selection.backend().device();
      TrainingPlan plan =
          new TrainingPlan(data, begin, training, 2, 3, 9, device.backend(), device.id());
      Environment environment = Environment.current("0", "unknown", device, threads);
      try (RunFolder opened = RunFolder.open(run, plan.json(), environment, resume)) {
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
        job[0] = new TrainingJob(plan, opened, selection.backend(), stopping);
        return job[0].run();
      }
    }
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
