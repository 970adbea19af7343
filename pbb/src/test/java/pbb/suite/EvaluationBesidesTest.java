package pbb.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pbb.engine.selection.Selection;

/** Evaluation on a second backend while the first one trains. */
class EvaluationBesidesTest {

  @TempDir private Path folder;

  @Test
  void givesTheSameResultsAndOverlapsWithTraining() throws IOException {
    RunConfig config = TinyRun.config(0L, 1L);
    Path alone = folder.resolve("alone");
    assertEquals(Suite.Outcome.FINISHED, TinyRun.run(alone, config, false));
    Path besides = folder.resolve("besides");
    List<Progress> events = Collections.synchronizedList(new ArrayList<>());
    try (Selection trains = TinyRun.backend(1);
        Selection evaluates = TinyRun.backend(1);
        RunDirectory directory = RunDirectory.open(besides, config, TinyRun.environment(), false)) {
      Suite suite =
          new Suite(directory, trains.backend(), Optional.of(evaluates.backend()), events::add);
      assertEquals(Suite.Outcome.FINISHED, suite.run());
    }
    assertEquals(TinyRun.bytes(alone), TinyRun.bytes(besides));
    // The first cell's answers and the second cell's steps: neither waits for the other's end.
    List<String> order =
        events.stream()
            .flatMap(
                event ->
                    switch (event) {
                      case Progress.Evaluating e when e.cell().seed() == 0 ->
                          java.util.stream.Stream.of("evaluates");
                      case Progress.Generating e when e.cell().seed() == 1 ->
                          java.util.stream.Stream.of("trains");
                      case Progress.Training e when e.cell().seed() == 1 ->
                          java.util.stream.Stream.of("trains");
                      default -> java.util.stream.Stream.<String>empty();
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
}
