package pbb.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pbb.engine.selection.Selection;
import pbb.job.CompilesAfter;
import pbb.run.Results;

/** Evaluation on a second backend while the first one trains. */
class EvaluationBesideTest {

  @TempDir private Path folder;

  @Test
  void givesTheSameResultsAndOverlapsWithTraining() throws IOException {
    Path alone = alone();
    Path beside = folder.resolve("beside");
    List<Progress> events = Collections.synchronizedList(new ArrayList<>());
    assertEquals(
        Suite.Outcome.FINISHED, run(beside, false, () -> {}, (_, event) -> events.add(event)));
    assertEquals(TinyRun.bytes(alone), TinyRun.bytes(beside));
    // The first cell's answers and the second cell's steps: neither waits for the other's end.
    List<String> order =
        events.stream()
            .flatMap(
                event ->
                    switch (event) {
                      case Progress.Evaluating e when e.cell().seed() == 0 ->
                          Stream.of("evaluates");
                      case Progress.Generating e when e.cell().seed() == 1 -> Stream.of("trains");
                      case Progress.Training e when e.cell().seed() == 1 -> Stream.of("trains");
                      default -> Stream.<String>empty();
                    })
            .toList();
    assertTrue(
        order.indexOf("trains") < order.lastIndexOf("evaluates")
            && order.indexOf("evaluates") < order.lastIndexOf("trains"),
        order.toString());
    assertTrue(
        events.stream()
            .anyMatch(
                event ->
                    event instanceof Progress.Notice notice
                        && notice.text().contains("was evaluated on vector")
                        && notice.text().contains("of them while vector trained")),
        events.toString());
  }

  private static RunConfig config() {
    return TinyRun.config(0L, 1L);
  }

  /** Both cells, evaluated where they are trained. */
  private Path alone() {
    Path alone = folder.resolve("alone");
    assertEquals(Suite.Outcome.FINISHED, TinyRun.run(alone, config(), false));
    return alone;
  }

  /**
   * Runs both cells.
   *
   * @param first is done before an evaluation begins, in its thread
   * @param listener sees all that happens, and may stop it
   */
  private static Suite.Outcome run(
      Path run, boolean resume, Runnable first, BiConsumer<Suite, Progress> listener)
      throws IOException {
    try (Selection trains = TinyRun.backend(1);
        Selection evaluates = TinyRun.backend(1);
        RunDirectory directory = RunDirectory.open(run, config(), TinyRun.environment(), resume)) {
      Suite[] suite = new Suite[1];
      suite[0] =
          new Suite(
              directory,
              trains.backend(),
              Optional.of(new CompilesAfter(evaluates.backend(), first)),
              event -> listener.accept(suite[0], event));
      return suite[0].run();
    }
  }

  private static boolean isStep(Progress event, long seed, long step) {
    return event instanceof Progress.Training training
        && training.cell().seed() == seed
        && training.step() == step;
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(60, TimeUnit.SECONDS), "what was waited for did not come");
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void sleep(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aStopWhileAnEvaluationIsPendingIsResumedToTheSameBytes() throws IOException {
    Path alone = alone();
    Path run = folder.resolve("stopped");
    CountDownLatch stopped = new CountDownLatch(1);
    assertEquals(
        Suite.Outcome.INTERRUPTED,
        run(
            run,
            false,
            () -> await(stopped),
            (suite, event) -> {
              if (isStep(event, 1, 3)) {
                suite.requestStop();
                stopped.countDown();
              }
            }));
    for (Cell cell : config().cells()) {
      assertFalse(Files.exists(cell.folder(run).resolve(CellResult.FILE)), cell + " is finished");
    }
    assertEquals(Suite.Outcome.FINISHED, run(run, true, () -> {}, (_, _) -> {}));
    assertEquals(TinyRun.bytes(alone), TinyRun.bytes(run));
  }

  @Test
  void whatIsEvaluatedWhenAStopComesIsInTheResults() throws IOException {
    Path alone = alone();
    Path run = folder.resolve("stopped");
    assertEquals(
        Suite.Outcome.INTERRUPTED,
        run(
            run,
            false,
            () -> {},
            (suite, event) -> {
              if (event instanceof Progress.Evaluating answer && answer.done() == answer.of()) {
                suite.requestStop(); // It is not asked about it any more.
              }
            }));
    assertEquals(
        CellResult.read(config().cells().getFirst().folder(run)).orElseThrow().rows(),
        Results.read(run.resolve(Results.FILE)).rows());
    assertEquals(Suite.Outcome.FINISHED, run(run, true, () -> {}, (_, _) -> {}));
    assertEquals(TinyRun.bytes(alone), TinyRun.bytes(run));
  }

  @Test
  void anEvaluationThatFailsEndsTheTrainingSoon() throws IOException {
    Path alone = alone();
    Path run = folder.resolve("failed");
    CountDownLatch firstStep = new CountDownLatch(1);
    CountDownLatch failing = new CountDownLatch(1);
    AssertionError error =
        assertThrows(
            AssertionError.class,
            () ->
                run(
                    run,
                    false,
                    () -> {
                      await(firstStep);
                      failing.countDown();
                      throw new AssertionError("out of order");
                    },
                    (_, event) -> {
                      if (isStep(event, 1, 1)) {
                        firstStep.countDown();
                        await(failing);
                        sleep(300); // The failure must be known by then.
                      }
                    }));
    assertEquals("out of order", error.getMessage());
    Path next = config().cells().getLast().folder(run);
    assertEquals(1, Files.readAllLines(next.resolve("metrics.jsonl")).size());
    assertTrue(Files.exists(next.resolve("checkpoints/step-1")), "the next cell is not saved");
    assertEquals(Suite.Outcome.FINISHED, run(run, true, () -> {}, (_, _) -> {}));
    assertEquals(TinyRun.bytes(alone), TinyRun.bytes(run));
  }

  @Test
  void aFailureIsThrownThoughAStopCameBefore() {
    Path run = folder.resolve("failed");
    IllegalStateException failure =
        assertThrows(
            IllegalStateException.class,
            () ->
                run(
                    run,
                    false,
                    () -> {
                      throw new IllegalStateException("out of order");
                    },
                    (suite, event) -> {
                      if (isStep(event, 0, TinyRun.STEPS)) {
                        suite.requestStop(); // The second cell does not begin.
                      }
                    }));
    assertEquals("out of order", failure.getMessage());
  }

  @Test
  void whatOverlapsCountsOnce() throws IOException {
    Path run = folder.resolve("run");
    CountDownLatch slept = new CountDownLatch(1);
    List<String> notices = new ArrayList<>();
    long start = System.nanoTime();
    run(
        run,
        false,
        () -> await(slept),
        (_, event) -> {
          if (isStep(event, 1, 5)) {
            sleep(1000);
            slept.countDown();
          }
          if (event instanceof Progress.Generating writing && writing.cell().seed() == 1) {
            sleep(1000 / TinyRun.STEPS); // Before training, which is not "while it trained".
          }
          if (event instanceof Progress.Notice notice && notice.text().contains("was evaluated")) {
            notices.add(notice.text());
          }
        });
    double elapsed = (System.nanoTime() - start) * 1e-9;
    Results results = Results.read(run.resolve(Results.FILE));
    double rounding = 0.05 * 2;
    assertTrue(
        results.wallSeconds() <= elapsed + rounding,
        results.wallSeconds() + " s of " + elapsed + " s");
    CellResult second = CellResult.read(config().cells().getLast().folder(run)).orElseThrow();
    Matcher overlap =
        Pattern.compile(" in ([0-9.]+) s, ([0-9.]+) s of them while").matcher(notices.getFirst());
    assertTrue(overlap.find(), notices::toString);
    double meanwhile = Double.parseDouble(overlap.group(2));
    assertTrue(meanwhile >= 0.9, notices::toString);
    assertTrue(
        meanwhile <= second.trainingSeconds() + 0.5,
        () -> notices + ", and " + second.trainingSeconds() + " s of training");
  }
}
