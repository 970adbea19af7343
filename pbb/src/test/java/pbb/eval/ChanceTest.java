package pbb.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pbb.document.DataFiles;
import pbb.document.Formats;
import pbb.document.Mode;
import pbb.document.Template;
import pbb.document.TrainingText;
import pbb.lang.Interpreter;
import pbb.lang.Parser;
import pbb.lang.Program;
import pbb.lang.Value;
import pbb.task.Execution;
import pbb.task.Group;
import pbb.task.RandomArithmetic;
import pbb.task.Split;
import pbb.task.TaskData;
import pbb.task.TaskProgram;

/** What each guesser knows, and that the best of them counts. */
final class ChanceTest {

  private static final Template NOW = Template.TRAINING.getFirst();
  private static final Program ONE =
      Parser.parse("def zib(x):\n    a = (x + 3) % 23\n    return a\n");
  private static final Program TWO =
      Parser.parse("def mog(x):\n    a = (x + 3) % 23\n    b = a * 5 % 23\n    return b\n");
  private static final Program FRESH =
      Parser.parse("def f(x):\n    a = (x + 8) % 23\n    b = a * 2 % 23\n    return b\n");

  private static final TaskData DATA =
      new TaskData(
          List.of(program("one", ONE, 1), program("two", TWO, 2)),
          List.of(run("one", ONE, 1), run("one", ONE, 2), run("two", TWO, 2)));

  @TempDir Path folder;

  private static TaskProgram program(String id, Program program, int operations) {
    return new TaskProgram(id, "test", Group.WITH_IO, program, Optional.of(id), operations);
  }

  private static Execution run(String id, Program program, int input) {
    return RandomArithmetic.execution(
        id, new Interpreter().prepare(program), Value.of(input), Split.TRAIN);
  }

  private static TrainingText named(Mode mode, String id, Program program, int input) {
    return Formats.executionDocument(NOW, mode, run(id, program, input), program);
  }

  private static TrainingText fresh(Mode mode, int... inputs) {
    List<Execution> runs = Arrays.stream(inputs).mapToObj(x -> run("f", FRESH, x)).toList();
    return Formats.inContextDocument(NOW, runs.stream().map(_ -> mode).toList(), runs, FRESH);
  }

  /** A query with this right answer; guessers see no program, so which one it is about is open. */
  private static Query query(int operations, int input, int answer) {
    return new Query(
        "id",
        Group.WITHOUT_IO,
        operations,
        QueryKind.PLAIN,
        Mode.DIRECT,
        Value.of(input),
        "",
        "",
        Integer.toString(answer),
        Optional.empty(),
        ONE);
  }

  private static double chance(List<TrainingText> documents, Query... queries) {
    TrainingAnswers answers = new TrainingAnswers(DATA);
    documents.forEach(answers::add);
    return new Chance(answers).of(List.of(queries), Query::answer);
  }

  @Test
  void anAnswerAtRandomIsTheLeastThatGuessingScores() {
    List<TrainingText> documents =
        Stream.of(1, 2, 3, 4, 5).map(x -> named(Mode.DIRECT, "one", ONE, x)).toList();
    assertEquals(0.2, chance(documents, query(1, 9, 22), query(1, 8, 22)));
  }

  @Test
  void theMostFrequentAnswerIsGuessed() {
    // On 1 it gives 4, twice; on 2 it gives 5.
    List<TrainingText> documents =
        List.of(
            named(Mode.DIRECT, "one", ONE, 1),
            named(Mode.STEPPING, "one", ONE, 1),
            named(Mode.DIRECT, "one", ONE, 2),
            named(Mode.DIRECT, "one", ONE, 3));
    assertEquals(
        0.75, chance(documents, query(1, 9, 4), query(1, 8, 4), query(1, 7, 4), query(1, 6, 9)));
  }

  @Test
  void theMostFrequentAnswerToThisInputIsGuessed() {
    List<TrainingText> documents =
        Stream.of(1, 2, 3, 4, 5).map(x -> named(Mode.DIRECT, "one", ONE, x)).toList();
    assertEquals(1, chance(documents, query(1, 2, 5), query(1, 3, 6), query(1, 4, 7)));
  }

  @Test
  void theInputIsGuessed() {
    List<TrainingText> documents =
        Stream.of(1, 2, 3, 4, 5).map(x -> named(Mode.DIRECT, "one", ONE, x)).toList();
    assertEquals(1, chance(documents, query(1, 7, 7), query(1, 8, 8)));
  }

  @Test
  void answersCountInEveryMode() {
    for (Mode mode : Mode.values()) {
      List<TrainingText> documents =
          Stream.of(1, 2, 3, 4).map(x -> named(mode, "one", ONE, x)).toList();
      assertEquals(1, chance(documents, query(1, 2, 5), query(1, 3, 6)), mode.label());
    }
  }

  @Test
  void answersOfFreshProgramsCountInEveryMode() {
    for (Mode mode : Mode.values()) {
      // On 1, 2, 3 and 4 the fresh program gives 18, 20, 22 and 1.
      List<TrainingText> documents = List.of(fresh(mode, 1, 2), fresh(mode, 3, 4));
      assertEquals(1, chance(documents, query(1, 2, 20), query(1, 3, 22)), mode.label());
    }
  }

  @Test
  void theAnswersOfTheSettingAreGuessedFromAlone() {
    // Two operations give 20 on 1; one operation gives 4, three times as often.
    List<TrainingText> documents =
        List.of(
            named(Mode.DIRECT, "one", ONE, 1),
            named(Mode.DIRECT, "one", ONE, 1),
            named(Mode.DIRECT, "one", ONE, 1),
            named(Mode.DIRECT, "two", TWO, 1),
            named(Mode.DIRECT, "two", TWO, 2));
    assertEquals(1, chance(documents, query(2, 1, 20)), "of a named program");
    // The fresh program has two operations as well, and gives 18 on 1.
    List<TrainingText> more =
        List.of(
            named(Mode.DIRECT, "one", ONE, 1),
            named(Mode.DIRECT, "one", ONE, 1),
            named(Mode.DIRECT, "one", ONE, 2),
            fresh(Mode.DIRECT, 1, 2));
    assertEquals(1, chance(more, query(2, 1, 18)), "of a fresh program");
    assertTrue(chance(more, query(1, 1, 18)) < 1, "in another setting");
  }

  @Test
  void whereNothingIsRunNothingIsKnown() {
    List<TrainingText> documents =
        List.of(Formats.sourceDocument(NOW, "one", ONE), Formats.mention(NOW, "one", "zib"));
    assertEquals(0, chance(documents, query(1, 1, 4)));
  }

  @Test
  void aRunWithoutAnswerIsRefused() {
    TrainingText good = named(Mode.DIRECT, "one", ONE, 1);
    TrainingText bad =
        new TrainingText(
            good.kind(),
            good.program(),
            List.of(good.turns().getFirst(), good.turns().getFirst()),
            good.parts());
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> new TrainingAnswers(DATA).add(bad));
    assertTrue(refused.toString().contains("direct 1"), refused.toString());
  }

  @Test
  void writtenDocumentsAreReadAndElseTheTrainingExecutions() throws IOException {
    // The executions say 4 and 5; no document has the first, one has a fresh program's.
    Chance drawn = new Chance(TrainingAnswers.read(folder, DATA));
    assertEquals(1, drawn.of(List.of(query(1, 1, 4), query(1, 2, 5)), Query::answer));
    DataFiles.writeDocuments(
        folder, Stream.of(named(Mode.DIRECT, "one", ONE, 2), fresh(Mode.DIRECT, 1, 3, 4)));
    Chance written = new Chance(TrainingAnswers.read(folder, DATA));
    assertEquals(1, written.of(List.of(query(1, 1, 18), query(1, 2, 5)), Query::answer));
  }
}
