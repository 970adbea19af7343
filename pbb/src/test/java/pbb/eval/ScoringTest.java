package pbb.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import pbb.document.Formats;
import pbb.document.Mode;
import pbb.document.Template;
import pbb.eval.Row.Metric;
import pbb.lang.Parser;
import pbb.lang.Program;
import pbb.lang.Value;
import pbb.task.Execution;
import pbb.task.Group;
import pbb.task.Split;
import pbb.task.TaskData;
import pbb.task.TaskProgram;

/** From answers to rows. */
class ScoringTest {

  private static final Program TRAINED = Parser.parse("def zib(x):\n    return x + 3\n");
  private static final Scoring.Cell CELL = new Scoring.Cell("reasoning", "test", "one", 0);

  /** A chance level fitted to a training that runs {@code TRAINED} on 1, 2 and 3. */
  private static Chance chance() {
    TaskProgram program = new TaskProgram("p", "test", Group.WITH_IO, TRAINED, Optional.of("p"), 1);
    List<Execution> executions =
        List.of(1, 2, 3).stream()
            .map(
                x ->
                    new Execution(
                        "p", List.of(Value.of(x)), String.valueOf(x + 3), List.of(), Split.TRAIN))
            .toList();
    TrainingAnswers answers = new TrainingAnswers(new TaskData(List.of(program), executions));
    executions.forEach(
        run ->
            answers.add(
                Formats.executionDocument(
                    Template.TRAINING.getFirst(), Mode.DIRECT, run, TRAINED)));
    return new Chance(answers);
  }

  @Test
  void theChanceOfTheOriginalIsThatOfGuessingTheOriginal() {
    List<Scoring.Answered> answers =
        List.of(1, 2, 3).stream()
            .map(
                x -> {
                  Query query =
                      new Query(
                          "other",
                          Group.WITHOUT_IO,
                          1,
                          QueryKind.WRONG_NAME,
                          Mode.DIRECT,
                          Value.of(x),
                          "",
                          "",
                          "77",
                          Optional.of(String.valueOf(x + 3)),
                          TRAINED);
                  return new Scoring.Answered(query, " 77");
                })
            .toList();
    List<Row> rows = Scoring.rows(CELL, chance(), answers);
    Row accuracy = row(rows, Metric.ACCURACY);
    assertEquals(1.0, accuracy.interval().value());
    assertEquals(1 / 3.0, accuracy.chance(), "only a guess at random is left");
    Row original = row(rows, Metric.ACCURACY_ORIGINAL);
    assertEquals(0.0, original.interval().value());
    assertEquals(1.0, original.chance(), "the most frequent answer to each input");
  }

  private static Row row(List<Row> rows, Metric metric) {
    return rows.stream().filter(row -> row.metric() == metric).findFirst().orElseThrow();
  }
}
