package pbb.bench;

import java.util.List;
import java.util.stream.IntStream;

/**
 * The repeats of one piece of work.
 *
 * @param flops floating-point operations of each
 * @param seconds how long each took
 * @param peaks the machine's multiply-adds right before each, in GFLOP/s; empty for a device's
 *     work, whose peak is another one
 */
record Repeats(double flops, List<Double> seconds, List<Double> peaks) {

  /**
   * Work per second.
   *
   * @param amount how much a repeat does, in the unit of the rates
   */
  Rates rates(double amount) {
    return Rates.of(seconds.stream().mapToDouble(each -> amount / each).toArray());
  }

  /**
   * The line with their GFLOP/s, with the peak and with the part of it that they reached: the
   * median of each repeat's part of the peak of its own moment, since a shared machine's speed
   * changes from one second to the next.
   */
  Line addTo(Line line) {
    double gigaflops = flops / 1e9;
    Line with = line.with("gflops", Line.round(rates(gigaflops).median(), 2));
    if (peaks.isEmpty()) {
      return with;
    }
    double peak = Rates.of(peaks.stream().mapToDouble(each -> each).toArray()).median();
    double[] shares =
        IntStream.range(0, peaks.size())
            .mapToDouble(i -> gigaflops / seconds.get(i) / peaks.get(i))
            .toArray();
    return with.with("peak_gflops", Line.round(peak, 1))
        .with("peak_share", Line.round(Rates.of(shares).median(), 3));
  }
}
