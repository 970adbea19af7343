package pbb.eval;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import pbb.task.Execution;
import pbb.task.Split;
import pbb.task.TaskData;
import pbb.task.TaskProgram;

/**
 * Guessers that know the training answers and see a query's input, but no program: any answer of
 * training at random; always the most frequent answer; the most frequent one to this input; the
 * input itself. Each is fitted on all training answers, and on those of the query's setting alone.
 */
public final class Chance {

  private final TaskData data;
  private final Map<Integer, Guesser> bySetting = new HashMap<>();
  private final Guesser overall;

  /** Fits the guessers to the training executions of {@code data}. */
  public Chance(TaskData data) {
    this.data = data;
    this.overall = new Guesser(training(_ -> true));
  }

  /**
   * The accuracy of the best of the guessers on {@code queries}: the best in hindsight, and so no
   * underestimate.
   *
   * @param queries of one setting; at least one
   */
  public double of(List<Query> queries) {
    int setting = queries.getFirst().operations();
    Guesser own =
        bySetting.computeIfAbsent(
            setting, operations -> new Guesser(training(o -> o == operations)));
    double best = 0;
    for (Guesser guesser : List.of(overall, own)) {
      best = Math.max(best, guesser.accuracy(queries));
    }
    return best;
  }

  private List<Execution> training(IntPredicate settings) {
    Map<String, TaskProgram> byId = data.byId();
    return data.executions().stream()
        .filter(e -> e.split() == Split.TRAIN)
        .filter(e -> settings.test(Objects.requireNonNull(byId.get(e.program())).operations()))
        .toList();
  }

  private static final class Guesser {
    private final Map<String, Integer> answers = new TreeMap<>();
    private final Map<String, Map<String, Integer>> answersByInput = new TreeMap<>();

    Guesser(List<Execution> training) {
      for (Execution execution : training) {
        answers.merge(execution.output(), 1, Integer::sum);
        answersByInput
            .computeIfAbsent(execution.input().getFirst().toString(), _ -> new TreeMap<>())
            .merge(execution.output(), 1, Integer::sum);
      }
    }

    double accuracy(List<Query> queries) {
      String frequent = mostFrequent(answers);
      int constant = 0;
      int byInput = 0;
      int same = 0;
      for (Query query : queries) {
        String input = query.input().toString();
        constant += frequent.equals(query.answer()) ? 1 : 0;
        byInput +=
            mostFrequent(answersByInput.getOrDefault(input, Map.of())).equals(query.answer())
                ? 1
                : 0;
        same += input.equals(query.answer()) ? 1 : 0;
      }
      double uniform = answers.isEmpty() ? 0 : 1.0 / answers.size();
      return Math.max(
          uniform, Math.max(constant, Math.max(byInput, same)) / (double) queries.size());
    }

    /**
     * The answer with the greatest count, the first of them in the order of text; none if there is
     * none.
     */
    private static String mostFrequent(Map<String, Integer> counts) {
      return counts.entrySet().stream()
          .max(
              Map.Entry.<String, Integer>comparingByValue()
                  .thenComparing(Map.Entry.comparingByKey(Comparator.reverseOrder())))
          .map(Map.Entry::getKey)
          .orElse("");
    }
  }
}
