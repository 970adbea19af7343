package pbb.eval;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import pbb.document.Mode;
import pbb.eval.Query.Verdict;
import pbb.eval.Row.Metric;

/** Turns judged queries into rows. */
public final class Scoring {

  /**
   * A query with what a model generated.
   *
   * @param query the query
   * @param output the generated text, up to its end
   * @param verdict what is right in it
   */
  public record Answered(Query query, String output, Verdict verdict) {

    /** Judges {@code output}. */
    public Answered(Query query, String output) {
      this(query, output, query.judge(output));
    }
  }

  /**
   * Where rows belong.
   *
   * @param experiment the experiment
   * @param task the task
   * @param condition the condition
   * @param seed the seed
   */
  public record Cell(String experiment, String task, String condition, long seed) {}

  private record Kind(int operations, String group, QueryKind query, Mode mode) {}

  private Scoring() {}

  /**
   * The rows of an evaluation: one for each metric of each setting, group, kind of query and mode,
   * in the order in which the queries first have them.
   *
   * @param chance what guessing would score
   */
  public static List<Row> rows(Cell cell, Chance chance, List<Answered> answers) {
    Map<Kind, List<Answered>> byKind = new LinkedHashMap<>();
    for (Answered answer : answers) {
      Query query = answer.query();
      byKind
          .computeIfAbsent(
              new Kind(query.operations(), query.group().label(), query.kind(), query.mode()),
              _ -> new ArrayList<>())
          .add(answer);
    }
    List<Row> rows = new ArrayList<>();
    byKind.forEach(
        (kind, members) -> {
          for (Metric metric : Metric.values()) {
            figure(metric, kind.mode, members, chance)
                .ifPresent(
                    figure ->
                        rows.add(
                            new Row(
                                cell.experiment,
                                cell.task,
                                kind.operations,
                                cell.condition,
                                cell.seed,
                                kind.group,
                                kind.query.label(),
                                kind.mode.label(),
                                metric,
                                figure.interval,
                                figure.n,
                                figure.programs,
                                figure.chance)));
          }
        });
    return rows;
  }

  private record Figure(Interval interval, int n, int programs, double chance) {}

  private static Optional<Figure> figure(
      Metric metric, Mode mode, List<Answered> answers, Chance chance) {
    return switch (metric) {
      case ACCURACY -> figure(answers, Verdict::correct, chance, Query::answer);
      case ACCURACY_ORIGINAL ->
          figure(
              answers.stream().filter(a -> a.query().original().isPresent()).toList(),
              Verdict::original,
              chance,
              query -> query.original().orElseThrow());
      case RECITATION ->
          mode == Mode.RECITE
              ? figure(answers, Verdict::recited, chance, Query::answer)
              : Optional.empty();
      case EXECUTION_GIVEN_RECITATION ->
          figure(
              answers.stream().filter(a -> a.verdict().recited()).toList(),
              Verdict::correct,
              chance,
              Query::answer);
      case WELL_FORMED -> figure(answers, Verdict::wellFormed, chance, Query::answer);
    };
  }

  private static Optional<Figure> figure(
      List<Answered> answers,
      Predicate<Verdict> success,
      Chance chance,
      Function<Query, String> wanted) {
    if (answers.isEmpty()) {
      return Optional.empty();
    }
    double guessed = chance.of(answers.stream().map(Answered::query).toList(), wanted);
    Map<String, List<Answered>> byProgram = new LinkedHashMap<>();
    for (Answered answer : answers) {
      byProgram.computeIfAbsent(answer.query().program(), _ -> new ArrayList<>()).add(answer);
    }
    List<Interval.Cluster> clusters =
        byProgram.values().stream()
            .map(
                own ->
                    new Interval.Cluster(
                        (int) own.stream().filter(a -> success.test(a.verdict())).count(),
                        own.size()))
            .toList();
    return Optional.of(
        new Figure(Interval.clustered(clusters), answers.size(), clusters.size(), guessed));
  }
}
