package pbb.bench;

import pbb.engine.nn.ModelConfig;

/**
 * Generation of one sequence, token after token. Each reads all weights and the cache once, and
 * computes next to nothing: so how fast memory can be read, or the cache that it all fits into,
 * bounds it.
 */
final class SingleSequence {

  private static final int LENGTH = 96;
  private static final int REPEATS = 9;

  private SingleSequence() {}

  /**
   * A line with tokens/s, the bytes that a token reads, and the share of the bandwidth that reading
   * as many bytes over and over has by itself.
   */
  static Line measure(Engine engine, ModelShape shape) {
    int fresh = LENGTH - 1; // after a prompt of one token, so that all are read one by one
    try (GenerationLoad load = engine.generation(shape, 1, 1, fresh)) {
      long bytes = bytesPerToken(shape);
      Rates before = ReadBandwidth.measure(bytes, engine.threads());
      Rates rates = Rates.measure(fresh, REPEATS, load::generate);
      Rates after = ReadBandwidth.measure(bytes, engine.threads());
      double bandwidth = Math.max(before.median(), after.median());
      double reached = rates.median() * bytes / 1e9;
      return engine
          .line(What.GENERATE1)
          .with("shape", shape.name())
          .with("tokens_per_s", Line.round(rates.median(), 1))
          .with("low", Line.round(rates.low(), 1))
          .with("high", Line.round(rates.high(), 1))
          .with("bytes_per_token", bytes)
          .with("gbs", Line.round(reached, 2))
          .with("read_gbs", Line.round(bandwidth, 2))
          .with("read_share", Line.round(reached / bandwidth, 3));
    }
  }

  /** All weights but the rows of the embedding that are not looked up, and half of a full cache. */
  static long bytesPerToken(ModelShape shape) {
    ModelConfig config = shape.config(LENGTH);
    long lookUp = (long) (shape.vocab() - 1) * shape.d();
    long cache = 2L * shape.layers() * shape.d() * LENGTH / 2;
    return Float.BYTES * (config.parameters() - lookUp + cache);
  }
}
