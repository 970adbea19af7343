package pbb.eval;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import pbb.document.DataFiles;
import pbb.document.Formats;
import pbb.document.TrainingText;
import pbb.document.TrainingText.Part;
import pbb.document.TrainingText.Turn;
import pbb.task.Execution;
import pbb.task.Split;
import pbb.task.TaskData;
import pbb.task.TaskProgram;

/**
 * How often training gives which answer to which input: whatever the program, named or fresh, and
 * however the answer is given; all together, and by the program's number of operations.
 */
public final class TrainingAnswers {

  private final Map<String, TaskProgram> byId;
  private final Counts all = new Counts();
  private final Map<Integer, Counts> bySetting = new HashMap<>();

  /**
   * How often each answer was given, and to which input.
   *
   * @param answers counts by answer
   * @param byInput counts by input, then answer
   */
  record Counts(Map<String, Integer> answers, Map<String, Map<String, Integer>> byInput) {

    Counts() {
      this(new TreeMap<>(), new TreeMap<>());
    }

    private void add(String input, String answer) {
      answers.merge(answer, 1, Integer::sum);
      byInput.computeIfAbsent(input, _ -> new TreeMap<>()).merge(answer, 1, Integer::sum);
    }
  }

  /**
   * None yet.
   *
   * @param data the programs that documents name
   */
  public TrainingAnswers(TaskData data) {
    this.byId = data.byId();
  }

  /**
   * The answers of what is trained on in {@code folder}: of its documents, or, where training draws
   * documents as it goes and none are written, of the executions in {@code data} that it draws them
   * from. Those of fresh programs are not known then.
   *
   * @throws IllegalArgumentException if a document is not as it should be
   */
  public static TrainingAnswers read(Path folder, TaskData data) throws IOException {
    TrainingAnswers answers = new TrainingAnswers(data);
    if (Files.exists(folder.resolve(DataFiles.DOCUMENTS))) {
      DataFiles.readDocuments(folder, answers::add);
    } else {
      data.executions().stream().filter(e -> e.split() == Split.TRAIN).forEach(answers::add);
    }
    return answers;
  }

  /**
   * Counts the last answer of each run in {@code document}; nothing if nothing is run in it.
   *
   * @throws IllegalArgumentException if a run has no answer, or the document names a program that
   *     the data lack
   */
  public void add(TrainingText document) {
    Iterator<String> solutions =
        document.parts().stream().filter(Part::learned).map(Part::text).iterator();
    for (Turn turn : document.turns()) {
      String answer =
          Optional.of(solutions)
              .filter(Iterator::hasNext)
              .flatMap(next -> Formats.answer(turn.mode(), turn.input(), next.next()))
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "a training document gives no answer to "
                              + turn.mode().label()
                              + " "
                              + turn.input()
                              + ": "
                              + document.text()));
      add(operations(document), turn.input(), answer);
    }
  }

  private int operations(TrainingText document) {
    return document
        .program()
        .map(id -> operations(id))
        // Of a fresh program: every line of its body is an operation, but the last.
        .orElseGet(
            () ->
                (int)
                        document
                            .parts()
                            .getFirst()
                            .text()
                            .lines()
                            .filter(line -> line.startsWith("    "))
                            .count()
                    - 1);
  }

  private int operations(String id) {
    TaskProgram program = byId.get(id);
    if (program == null) {
      throw new IllegalArgumentException(
          "a training document is of program " + id + ", which " + DataFiles.PROGRAMS + " lacks");
    }
    return program.operations();
  }

  private void add(Execution execution) {
    add(
        Objects.requireNonNull(byId.get(execution.program())).operations(),
        execution.input().getFirst().toString(),
        execution.output());
  }

  private void add(int operations, String input, String answer) {
    all.add(input, answer);
    bySetting.computeIfAbsent(operations, _ -> new Counts()).add(input, answer);
  }

  /** All of them. */
  Counts all() {
    return all;
  }

  /** Those of programs with so many operations. */
  Counts of(int operations) {
    return bySetting.getOrDefault(operations, new Counts());
  }
}
