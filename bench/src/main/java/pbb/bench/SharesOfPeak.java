package pbb.bench;

import java.util.function.UnaryOperator;

/**
 * Adds to lines which part of the peak their GFLOP/s are: of the peak measured anew right before
 * and right after, since on a shared machine it drifts by a tenth within minutes. Not to a
 * device's, whose peak is another one.
 */
final class SharesOfPeak implements UnaryOperator<Line> {

  private final Limit limit;
  private double before;

  SharesOfPeak(Limit limit) {
    this.limit = limit;
    this.before = limit.fmaGflops().median();
  }

  @Override
  public Line apply(Line line) {
    if (line.has("device")) {
      return line;
    }
    double after = limit.fmaAgain().median();
    double peak = Math.max(before, after);
    before = after;
    if (!line.get("gflops").isNumber()) {
      return line;
    }
    double share = line.get("gflops").asDouble() / peak;
    return line.with("peak_gflops", Line.round(peak, 1)).with("peak_share", Line.round(share, 3));
  }
}
