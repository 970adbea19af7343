package pbb.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import pbb.eval.Interval;
import pbb.eval.Row;
import pbb.eval.Row.Metric;
import pbb.suite.Claim.Comparison;
import pbb.suite.Claim.Decision;
import pbb.suite.Claim.Outcome;
import pbb.suite.Claim.Verdict;

/** The rule that decides claims, and what the claims compare. */
class ClaimTest {

  private static final Claim CLAIM = new Claim("test.claim", "Something holds.");

  private static Comparison comparison(String name, Outcome outcome) {
    return new Comparison(name, outcome, 0, "0.5 against 0.4");
  }

  /** Judges a claim of one comparison a column, with a row of outcomes for each seed. */
  private static Verdict judge(List<List<Outcome>> seeds) {
    Map<Long, List<Comparison>> bySeed = new TreeMap<>();
    for (List<Outcome> outcomes : seeds) {
      List<Comparison> comparisons = new ArrayList<>();
      for (Outcome outcome : outcomes) {
        comparisons.add(comparison("comparison " + (char) ('A' + comparisons.size()), outcome));
      }
      bySeed.put((long) bySeed.size(), comparisons);
    }
    return CLAIM.judge(bySeed);
  }

  private static void assertDecision(Decision expected, List<List<Outcome>> seeds) {
    Verdict verdict = judge(seeds);
    assertEquals(expected, verdict.decision(), seeds + ": " + verdict.because());
  }

  private static final List<Outcome> HOLD = List.of(Outcome.HOLDS, Outcome.HOLDS);

  @Test
  void supportedTakesEveryComparisonInThreeSeeds() {
    assertDecision(Decision.SUPPORTED, List.of(HOLD, HOLD, HOLD));
    assertDecision(Decision.UNDECIDED, List.of(HOLD, HOLD));
    assertDecision(Decision.UNDECIDED, List.of(HOLD));
    for (Outcome other : List.of(Outcome.UNCLEAR, Outcome.REVERSED, Outcome.MISSING)) {
      assertDecision(Decision.UNDECIDED, List.of(HOLD, HOLD, HOLD, List.of(Outcome.HOLDS, other)));
    }
  }

  @Test
  void notSupportedTakesOneComparisonReversedInThreeSeeds() {
    List<Outcome> first = List.of(Outcome.REVERSED, Outcome.HOLDS);
    List<Outcome> second = List.of(Outcome.HOLDS, Outcome.REVERSED);
    assertDecision(Decision.NOT_SUPPORTED, List.of(first, first, first));
    assertDecision(
        Decision.NOT_SUPPORTED, List.of(first, first, List.of(Outcome.REVERSED, Outcome.UNCLEAR)));
    assertDecision(Decision.UNDECIDED, List.of(first, first));
    assertDecision(Decision.UNDECIDED, List.of(first, second, first));
  }

  @Test
  void aVerdictSaysWhy() {
    assertTrue(judge(List.of(HOLD)).because().startsWith("1 seed, and a verdict takes 3"));
    assertTrue(
        judge(List.of(HOLD, HOLD, HOLD))
            .because()
            .startsWith("3 seeds; each of the 2 comparisons"));
    String unclear = judge(List.of(HOLD, HOLD, List.of(Outcome.HOLDS, Outcome.UNCLEAR))).because();
    assertTrue(unclear.contains("comparison B is not clear in seed 2"), unclear);
    assertEquals(Decision.UNDECIDED, CLAIM.judge(Map.of()).decision());
  }

  @Test
  void aComparisonHoldsIfTheIntervalIsClearOfTheBound() {
    Interval figure = new Interval(0.5, 0.4, 0.6);
    assertEquals(Outcome.HOLDS, Comparison.above("", figure, 0.39).outcome());
    assertEquals(Outcome.UNCLEAR, Comparison.above("", figure, 0.4).outcome());
    assertEquals(Outcome.UNCLEAR, Comparison.above("", figure, 0.6).outcome());
    assertEquals(Outcome.REVERSED, Comparison.above("", figure, 0.61).outcome());
    // The bound's own interval counts.
    assertEquals(
        Outcome.HOLDS, Comparison.above("", figure, new Interval(0.2, 0.1, 0.3)).outcome());
    assertEquals(
        Outcome.UNCLEAR, Comparison.above("", figure, new Interval(0.35, 0.2, 0.45)).outcome());
    assertEquals(
        Outcome.REVERSED, Comparison.above("", figure, new Interval(0.8, 0.7, 0.9)).outcome());
    // Nothing right is never above a chance of nothing.
    assertEquals(Outcome.UNCLEAR, Comparison.above("", Interval.wilson(0, 37), 0).outcome());
  }

  private static Row row(
      long seed,
      int operations,
      String group,
      String query,
      String mode,
      Metric metric,
      double value) {
    return new Row(
        "reasoning",
        "random-arithmetic",
        operations,
        "homogeneous",
        seed,
        group,
        query,
        mode,
        metric,
        new Interval(value, Math.max(0, value - 0.02), Math.min(1, value + 0.02)),
        300,
        50,
        0.04);
  }

  /** Rows of three seeds as a run has them where the effect is there, but for one of them. */
  private static List<Row> rows(double wrongNameOriginal, double directOneOperation) {
    List<Row> rows = new ArrayList<>();
    for (long seed = 0; seed < 3; seed++) {
      rows.add(row(seed, 1, "without_io", "plain", "direct", Metric.ACCURACY, directOneOperation));
      rows.add(row(seed, 1, "without_io", "plain", "recite", Metric.ACCURACY, 0.1));
      rows.add(row(seed, 3, "with_io", "plain", "direct", Metric.ACCURACY, 0.3));
      rows.add(row(seed, 3, "with_io", "plain", "recite", Metric.ACCURACY, 0.99));
      rows.add(row(seed, 3, "without_io", "plain", "direct", Metric.ACCURACY, 0.2));
      rows.add(row(seed, 3, "without_io", "plain", "recite", Metric.ACCURACY, 0.95));
      rows.add(row(seed, 3, "without_io", "plain", "recite", Metric.RECITATION, 0.5));
      rows.add(row(seed, 3, "without_io", "in_context", "recite", Metric.ACCURACY, 1));
      rows.add(row(seed, 3, "no_source", "plain", "recite", Metric.ACCURACY, 0.05));
      rows.add(row(seed, 3, "wrong_source", "plain", "recite", Metric.ACCURACY, 0.97));
      rows.add(row(seed, 3, "wrong_source", "plain", "recite", Metric.ACCURACY_ORIGINAL, 0.04));
      rows.add(row(seed, 3, "without_io", "wrong_name", "recite", Metric.ACCURACY, 0.97));
      rows.add(
          row(
              seed,
              3,
              "without_io",
              "wrong_name",
              "recite",
              Metric.ACCURACY_ORIGINAL,
              wrongNameOriginal));
    }
    return rows;
  }

  private static Decision decision(List<Row> rows, Claim claim) {
    return Experiment.named("reasoning").judge(rows).stream()
        .filter(verdict -> verdict.claim().equals(claim))
        .findFirst()
        .orElseThrow()
        .decision();
  }

  @Test
  void theClaimsOfReasoningCompareWhatTheySay() {
    List<Row> effect = rows(0.02, 0.2);
    assertEquals(Decision.SUPPORTED, decision(effect, Reasoning.SOURCE_ONLY));
    assertEquals(Decision.SUPPORTED, decision(effect, Reasoning.DIRECT));
    assertEquals(Decision.SUPPORTED, decision(effect, Reasoning.STEP_BY_STEP));
    // A control that is as good as the real thing.
    assertEquals(Decision.UNDECIDED, decision(rows(0.96, 0.2), Reasoning.SOURCE_ONLY));
    assertEquals(Decision.NOT_SUPPORTED, decision(rows(1, 0.2), Reasoning.SOURCE_ONLY));
    // One setting at chance is enough to leave the claim open, and one below it to refute it.
    assertEquals(Decision.UNDECIDED, decision(rows(0.02, 0.04), Reasoning.DIRECT));
    assertEquals(Decision.NOT_SUPPORTED, decision(rows(0.02, 0.01), Reasoning.DIRECT));
  }

  @Test
  void aControlThatWasNotMeasuredLeavesTheClaimOpen() {
    List<Row> rows =
        rows(0.02, 0.2).stream().filter(row -> !row.group().equals("no_source")).toList();
    assertEquals(Decision.UNDECIDED, decision(rows, Reasoning.SOURCE_ONLY));
  }
}
