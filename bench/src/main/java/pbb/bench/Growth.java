package pbb.bench;

import java.util.function.Consumer;

/**
 * How the time of a training step grows with the batch and with the layers of a shape. Each larger
 * one alternates with the shape itself, so that a machine's drift touches both.
 */
final class Growth {

  private static final int[] BATCHES = {1, 2, 4, 8, 16};
  private static final int[] LAYERS = {1, 2, 4};
  private static final int REPEATS = 5;

  private Growth() {}

  /** A line for each factor; {@code relative} is 1 where time grows as the factor does. */
  static void measure(Engine engine, ModelShape base, Consumer<Line> out) {
    for (int factor : BATCHES) {
      ModelShape grown = base.withBatch(factor * base.batch());
      out.accept(line(engine, base, grown, "batch", factor, factor));
    }
    for (int factor : LAYERS) {
      ModelShape grown = base.withLayers(factor * base.layers());
      // The output layer does not grow.
      out.accept(
          line(
              engine, base, grown, "layers", factor, grown.trainingFlops() / base.trainingFlops()));
    }
  }

  private static Line line(
      Engine engine, ModelShape base, ModelShape grown, String dial, int factor, double linear) {
    double[] before = new double[REPEATS];
    double[] after = new double[REPEATS];
    try (TrainingLoad small = engine.training(base);
        TrainingLoad large = engine.training(grown)) {
      Rates.warmUp(
          () -> {
            small.step();
            large.step();
          });
      for (int i = 0; i < REPEATS; i++) {
        before[i] = Rates.seconds(small::step);
        after[i] = Rates.seconds(large::step);
      }
    }
    double seconds = Rates.of(after).median();
    double tokens = (double) grown.batch() * grown.seq();
    return engine
        .line(What.GROWTH)
        .with("shape", base.name())
        .with("dial", dial)
        .with("factor", factor)
        .with("batch", grown.batch())
        .with("layers", grown.layers())
        .with("step_ms", Line.round(seconds * 1e3, 2))
        .with("us_per_token", Line.round(seconds / tokens * 1e6, 2))
        .with("us_per_token_and_layer", Line.round(seconds / tokens / grown.layers() * 1e6, 3))
        .with("relative", Line.round(seconds / Rates.of(before).median() / linear, 3))
        .with("gflops", Line.round(grown.trainingFlops() / seconds / 1e9, 2));
  }
}
