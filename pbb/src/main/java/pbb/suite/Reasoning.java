package pbb.suite;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import pbb.document.Mode;
import pbb.eval.Interval;
import pbb.eval.QueryKind;
import pbb.eval.Row;
import pbb.eval.Row.Metric;
import pbb.suite.Claim.Comparison;
import pbb.task.Group;
import pbb.task.RandomArithmetic;

/**
 * Does a model evaluate programs of which it saw only the source: directly, and step by step? The
 * main setting is the one of the most operations. All figures are of plain queries unless said
 * otherwise.
 */
public final class Reasoning implements Experiment {

  /** Claim 1. */
  public static final Claim SOURCE_ONLY =
      new Claim(
          "reasoning.source-only",
          "A model evaluates programs of which it saw only the source: in the main setting and"
              + " reciting, its accuracy without IO is above chance, above that of programs without"
              + " source, and above what agrees with the program that was swapped out under a wrong"
              + " source or a wrong name.");

  /** Claim 2, first half. */
  public static final Claim DIRECT =
      new Claim(
          "reasoning.direct",
          "It does so directly, in the forward pass, to some extent: in every setting, its direct"
              + " accuracy without IO is above chance.");

  /** Claim 2, second half. */
  public static final Claim STEP_BY_STEP =
      new Claim(
          "reasoning.step-by-step",
          "It does so far more reliably step by step: in the main setting, reciting is more"
              + " accurate than answering directly, with IO and without.");

  /** The one condition: one stage, everything mixed. */
  public static final String HOMOGENEOUS = "homogeneous";

  /** The experiment. */
  Reasoning() {}

  @Override
  public String id() {
    return "reasoning";
  }

  @Override
  public String task() {
    return RandomArithmetic.NAME;
  }

  @Override
  public List<String> conditions() {
    return List.of(HOMOGENEOUS);
  }

  @Override
  public List<Claim.Verdict> judge(List<Row> rows) {
    return List.of(
        SOURCE_ONLY.judge(bySeed(rows, Reasoning::sourceOnly)),
        DIRECT.judge(bySeed(rows, Reasoning::direct)),
        STEP_BY_STEP.judge(bySeed(rows, Reasoning::stepByStep)));
  }

  private static Map<Long, List<Comparison>> bySeed(
      List<Row> rows, Function<List<Row>, List<Comparison>> compare) {
    Map<Long, List<Row>> own = new LinkedHashMap<>();
    rows.forEach(row -> own.computeIfAbsent(row.seed(), _ -> new ArrayList<>()).add(row));
    Map<Long, List<Comparison>> comparisons = new LinkedHashMap<>();
    own.forEach((seed, list) -> comparisons.put(seed, compare.apply(list)));
    return comparisons;
  }

  private static List<Comparison> sourceOnly(List<Row> rows) {
    int setting = mainSetting(rows);
    Optional<Row> figure =
        find(rows, setting, Group.WITHOUT_IO, QueryKind.PLAIN, Mode.RECITE, Metric.ACCURACY);
    return List.of(
        aboveChance("without IO above chance", figure),
        above(
            "without IO above no source",
            figure,
            find(rows, setting, Group.NO_SOURCE, QueryKind.PLAIN, Mode.RECITE, Metric.ACCURACY)),
        above(
            "without IO above the original under a wrong source",
            figure,
            find(
                rows,
                setting,
                Group.WRONG_SOURCE,
                QueryKind.PLAIN,
                Mode.RECITE,
                Metric.ACCURACY_ORIGINAL)),
        above(
            "without IO above the original under a wrong name",
            figure,
            find(
                rows,
                setting,
                Group.WITHOUT_IO,
                QueryKind.WRONG_NAME,
                Mode.RECITE,
                Metric.ACCURACY_ORIGINAL)));
  }

  private static List<Comparison> direct(List<Row> rows) {
    return rows.stream()
        .map(Row::operations)
        .distinct()
        .sorted()
        .map(
            setting ->
                aboveChance(
                    "direct without IO above chance, "
                        + setting
                        + (setting == 1 ? " operation" : " operations"),
                    find(
                        rows,
                        setting,
                        Group.WITHOUT_IO,
                        QueryKind.PLAIN,
                        Mode.DIRECT,
                        Metric.ACCURACY)))
        .toList();
  }

  private static List<Comparison> stepByStep(List<Row> rows) {
    int setting = mainSetting(rows);
    List<Comparison> comparisons = new ArrayList<>();
    for (Group group : List.of(Group.WITH_IO, Group.WITHOUT_IO)) {
      comparisons.add(
          above(
              "reciting above direct, " + (group.executed() ? "with IO" : "without IO"),
              find(rows, setting, group, QueryKind.PLAIN, Mode.RECITE, Metric.ACCURACY),
              find(rows, setting, group, QueryKind.PLAIN, Mode.DIRECT, Metric.ACCURACY)));
    }
    return comparisons;
  }

  /** The setting of the most operations; 0 if there is no row. */
  public static int mainSetting(List<Row> rows) {
    return rows.stream().mapToInt(Row::operations).max().orElse(0);
  }

  private static Comparison aboveChance(String name, Optional<Row> figure) {
    return figure
        .map(row -> Comparison.above(name, row.interval(), row.chance()))
        .orElseGet(() -> Comparison.missing(name, "programs without IO"));
  }

  private static Comparison above(String name, Optional<Row> figure, Optional<Row> bound) {
    Optional<Interval> low = bound.map(Row::interval);
    if (figure.isEmpty() || low.isEmpty()) {
      return Comparison.missing(
          name, figure.isEmpty() ? "what is to be above" : "what it is compared with");
    }
    return Comparison.above(name, figure.get().interval(), low.get());
  }

  private static Optional<Row> find(
      List<Row> rows, int setting, Group group, QueryKind query, Mode mode, Metric metric) {
    return rows.stream()
        .filter(
            row ->
                row.operations() == setting
                    && row.group().equals(group.label())
                    && row.query().equals(query.label())
                    && row.mode().equals(mode.label())
                    && row.metric() == metric)
        .findFirst();
  }
}
