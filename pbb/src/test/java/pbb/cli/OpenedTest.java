package pbb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import pbb.engine.selection.Selection;

/** What is said of the backends that were taken. */
class OpenedTest {

  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final Display display =
      new Display(Display.Style.LINES, new PrintStream(said, true, StandardCharsets.UTF_8));

  private void open(String trains, String evaluates) {
    ComputeOptions options = new ComputeOptions();
    options.backend = trains;
    try (Selection training = Opened.backend(options, display);
        Selection evaluation = Opened.evaluator(evaluates, options, training.backend(), display)) {
      assertEquals(evaluates, evaluation.backend().device().backend());
    }
  }

  @ParameterizedTest
  @CsvSource({"vector, scalar", "scalar, vector"})
  void bothAreSaid(String trains, String evaluates) {
    open(trains, evaluates);
    String[] lines = said.toString(StandardCharsets.UTF_8).lines().toArray(String[]::new);
    assertEquals(2, lines.length, said::toString);
    assertTrue(lines[0].startsWith(trains + " cpu: taken ("), lines[0]);
    assertTrue(lines[1].startsWith("for evaluation, " + evaluates + " cpu: taken ("), lines[1]);
  }

  @Test
  void ofAutoAlsoWhyNotTheOthers() {
    ComputeOptions options = new ComputeOptions();
    options.backend = "scalar";
    try (Selection training = Opened.backend(options, display);
        Selection evaluation =
            Opened.evaluator(ComputeOptions.AUTO, options, training.backend(), display)) {
      String backend = evaluation.backend().device().backend();
      String text = said.toString(StandardCharsets.UTF_8);
      assertTrue(text.contains("for evaluation, " + backend), text);
      assertTrue(text.contains("for evaluation, scalar cpu: not needed"), text);
    }
  }
}
