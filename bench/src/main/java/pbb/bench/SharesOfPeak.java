package pbb.bench;

import java.util.function.UnaryOperator;

/**
 * Adds to lines which part of the peak their GFLOP/s are: of the peak measured anew right before
 * and right after, since a shared machine's speed changes. Not to a device's, whose peak is another
 * one.
 */
final class SharesOfPeak implements UnaryOperator<Line> {

  private final Limit limit;
  private double before;

  /** Measures it a first time. */
  SharesOfPeak(Limit limit) {
    this.limit = limit;
    this.before = limit.fmaAgain();
  }

  @Override
  public Line apply(Line line) {
    if (line.has("device")) {
      return line;
    }
    double after = limit.fmaAgain();
    double peak = Math.max(before, after);
    before = after;
    if (!line.get("gflops").isNumber()) {
      return line;
    }
    double share = line.get("gflops").asDouble() / peak;
    return line.with("peak_gflops", Line.round(peak, 1)).with("peak_share", Line.round(share, 3));
  }
}
