package pbb.suite;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import pbb.eval.Interval;
import pbb.run.Results;

/**
 * A claim of the paper, and the rule that decides it. A claim names comparisons, each of a figure
 * with a bound: another figure, or the chance level. A comparison <i>holds</i> in a seed if the
 * figure's interval lies above the bound, or above the bound's own interval; it is <i>reversed</i>
 * if it lies below. The claim is
 *
 * <ul>
 *   <li><i>supported</i> if there are at least three seeds and every comparison holds in every one
 *       of them;
 *   <li><i>not supported</i> if there are at least three seeds and one comparison, the same one, is
 *       reversed in every one;
 *   <li><i>undecided</i> otherwise, with the reason.
 * </ul>
 *
 * @param id such as {@code reasoning.direct}
 * @param text what it says
 */
public record Claim(String id, String text) {

  /** How many seeds a verdict takes. */
  public static final int LEAST_SEEDS = 3;

  /** What came of a claim. */
  public enum Decision {
    /** Every comparison holds in every seed. */
    SUPPORTED("supported"),
    /** A comparison is reversed in every seed. */
    NOT_SUPPORTED("not supported"),
    /** Neither. */
    UNDECIDED("undecided");

    private final String label;

    Decision(String label) {
      this.label = label;
    }

    /** The words in files and tables. */
    public String label() {
      return label;
    }
  }

  /**
   * A judged claim.
   *
   * @param claim the claim
   * @param decision what came of it
   * @param because why, in one sentence
   */
  public record Verdict(Claim claim, Decision decision, String because) {

    /** As {@code results.json} has it. */
    Results.Judged judged() {
      return new Results.Judged(claim.id, claim.text, decision.label(), because);
    }
  }

  /** What a comparison shows in one seed. */
  public enum Outcome {
    /** The figure's interval lies above the bound. */
    HOLDS,
    /** It lies below. */
    REVERSED,
    /** The figures are not told apart. */
    UNCLEAR,
    /** One of the figures was not measured. */
    MISSING
  }

  /**
   * A comparison in one seed.
   *
   * @param name what is compared with what, the same in every seed
   * @param outcome what it shows
   * @param margin by how much the interval is clear of the bound; negative if it is not
   * @param figures the figures, for people
   */
  public record Comparison(String name, Outcome outcome, double margin, String figures) {

    /** Of a figure with a number that has no interval. */
    static Comparison above(String name, Interval figure, double bound) {
      return of(name, figure, new Interval(bound, bound, bound), number(bound));
    }

    /** Of a figure with another one. */
    static Comparison above(String name, Interval figure, Interval bound) {
      return of(name, figure, bound, text(bound));
    }

    /** Of figures one of which was not measured. */
    static Comparison missing(String name, String what) {
      return new Comparison(
          name, Outcome.MISSING, Double.NEGATIVE_INFINITY, "no figure for " + what);
    }

    private static Comparison of(String name, Interval figure, Interval bound, String boundText) {
      Outcome outcome =
          figure.low() > bound.high()
              ? Outcome.HOLDS
              : figure.high() < bound.low() ? Outcome.REVERSED : Outcome.UNCLEAR;
      return new Comparison(
          name, outcome, figure.low() - bound.high(), text(figure) + " against " + boundText);
    }

    private static String text(Interval interval) {
      return number(interval.value())
          + " ["
          + number(interval.low())
          + ", "
          + number(interval.high())
          + "]";
    }

    private static String number(double value) {
      return String.format(Locale.ROOT, "%.3f", value);
    }
  }

  /**
   * Decides by the rule.
   *
   * @param bySeed the claim's comparisons in each seed, in the same order
   */
  Verdict judge(Map<Long, List<Comparison>> bySeed) {
    SortedMap<Long, List<Comparison>> seeds = new TreeMap<>(bySeed);
    List<Comparison> all = seeds.values().stream().flatMap(List::stream).toList();
    if (all.isEmpty()) {
      return new Verdict(this, Decision.UNDECIDED, "no cell is finished");
    }
    long count = all.stream().map(Comparison::name).distinct().count();
    String comparisons = count == 1 ? "the comparison" : "each of the " + count + " comparisons";
    boolean enough = seeds.size() >= LEAST_SEEDS;
    String few = seeds.size() == 1 ? "1 seed" : seeds.size() + " seeds";
    String needed = few + (enough ? "" : ", and a verdict takes " + LEAST_SEEDS);
    List<String> reversed =
        all.stream()
            .map(Comparison::name)
            .distinct()
            .filter(
                name ->
                    all.stream()
                        .filter(comparison -> comparison.name.equals(name))
                        .allMatch(comparison -> comparison.outcome == Outcome.REVERSED))
            .toList();
    String where = seeds.size() == 1 ? "in it" : "in every one";
    if (!reversed.isEmpty()) {
      return new Verdict(
          this,
          enough ? Decision.NOT_SUPPORTED : Decision.UNDECIDED,
          needed + "; reversed " + where + ": " + worst(all, reversed));
    }
    if (all.stream().allMatch(comparison -> comparison.outcome == Outcome.HOLDS)) {
      List<String> names = all.stream().map(Comparison::name).distinct().toList();
      return new Verdict(
          this,
          enough ? Decision.SUPPORTED : Decision.UNDECIDED,
          needed + "; " + comparisons + " holds " + where + ": " + worst(all, names));
    }
    List<String> unclear = new ArrayList<>();
    seeds.forEach(
        (seed, own) ->
            own.stream()
                .filter(comparison -> comparison.outcome != Outcome.HOLDS)
                .forEach(
                    comparison ->
                        unclear.add(
                            comparison.name
                                + " "
                                + switch (comparison.outcome) {
                                  case REVERSED -> "is reversed";
                                  case MISSING -> "was not measured";
                                  default -> "is not clear";
                                }
                                + " in seed "
                                + seed
                                + " ("
                                + comparison.figures
                                + ")")));
    return new Verdict(this, Decision.UNDECIDED, needed + "; " + String.join("; ", unclear));
  }

  /** Each of the named comparisons with its figures in the seed where it is the least clear. */
  private static String worst(List<Comparison> all, List<String> names) {
    return names.stream()
        .map(
            name -> {
              Comparison worst =
                  all.stream()
                      .filter(comparison -> comparison.name.equals(name))
                      .min((a, b) -> Double.compare(a.margin, b.margin))
                      .orElseThrow();
              return name + " (" + worst.figures + ")";
            })
        .collect(Collectors.joining("; "));
  }
}
