package pbb.eval;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Guessers that know the training answers and see a query's input, but no program: any answer of
 * training at random; always the most frequent answer; the most frequent one to this input; the
 * input itself. Each is fitted on all training answers, of named and fresh programs and in all
 * modes, and on those of programs with as many operations as the query's alone.
 */
public final class Chance {

  private final TrainingAnswers answers;

  /** Fits the guessers to {@code answers}, as they are when a chance is asked for. */
  public Chance(TrainingAnswers answers) {
    this.answers = answers;
  }

  /**
   * How often the best of the guessers gives what is wanted of {@code queries}: the best in
   * hindsight, and so no underestimate.
   *
   * @param queries of one setting; at least one
   * @param wanted what a query's answer is compared with
   */
  public double of(List<Query> queries, Function<Query, String> wanted) {
    int setting = queries.getFirst().operations();
    return Math.max(
        best(answers.all(), queries, wanted), best(answers.of(setting), queries, wanted));
  }

  private static double best(
      TrainingAnswers.Counts counts, List<Query> queries, Function<Query, String> wanted) {
    String frequent = mostFrequent(counts.answers());
    int constant = 0;
    int byInput = 0;
    int same = 0;
    for (Query query : queries) {
      String input = query.input().toString();
      String frequentHere = mostFrequent(counts.byInput().getOrDefault(input, Map.of()));
      String answer = wanted.apply(query);
      constant += frequent.equals(answer) ? 1 : 0;
      byInput += frequentHere.equals(answer) ? 1 : 0;
      same += input.equals(answer) ? 1 : 0;
    }
    double uniform = counts.answers().isEmpty() ? 0 : 1.0 / counts.answers().size();
    return Math.max(uniform, Math.max(constant, Math.max(byInput, same)) / (double) queries.size());
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
