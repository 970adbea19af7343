package pbb.curriculum;

import java.util.Map;
import java.util.TreeMap;

/**
 * How often each kind of training document is drawn, and what it is about. Shares count documents,
 * are relative, and at least 0.
 *
 * @param source source documents
 * @param mention documents that only mention a program without source
 * @param direct executions with the answer at once
 * @param stepping executions with the states before the answer
 * @param recite executions with source and states before the answer
 * @param inContext executions of fresh programs, whose source stands in the document
 * @param inContextModes the modes of the latter
 * @param turns how many executions follow a fresh program's source; half of them, and one that
 *     recites, where the source is recited
 * @param settings executions and fresh programs by their number of operations
 * @param sourceWeightWithoutIo how often the source of a program without executions is drawn, where
 *     that of a program with executions is drawn once
 */
public record Shares(
    double source,
    double mention,
    double direct,
    double stepping,
    double recite,
    double inContext,
    Modes inContextModes,
    int turns,
    Map<Integer, Double> settings,
    double sourceWeightWithoutIo) {

  /**
   * How fresh programs are run.
   *
   * @param direct the source is given, and the answer follows at once
   * @param stepping the source is given, and the states come first
   * @param recite the source is given; it is recited, and the states come before the answer
   * @param recited the source stands in the recitation alone, which is given
   */
  public record Modes(double direct, double stepping, double recite, double recited) {

    /** Checks the shares. */
    public Modes {
      requireShares("inContextModes", direct, stepping, recite, recited);
    }
  }

  /** Checks the shares. */
  public Shares {
    requireShares("the kinds of documents", source, mention, direct, stepping, recite, inContext);
    settings = new TreeMap<>(settings);
    requireShares(
        "settings", settings.values().stream().mapToDouble(Double::doubleValue).toArray());
    requireShares("sourceWeightWithoutIo", sourceWeightWithoutIo);
    if (turns < 1) {
      throw new IllegalArgumentException("turns must be at least 1, not " + turns);
    }
  }

  private static void requireShares(String what, double... shares) {
    double sum = 0;
    for (double share : shares) {
      if (!(share >= 0 && share < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "shares of " + what + " must be at least 0, not " + share);
      }
      sum += share;
    }
    if (sum == 0) {
      throw new IllegalArgumentException("the shares of " + what + " are all 0");
    }
  }
}
