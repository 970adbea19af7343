package pbb.cli;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import pbb.job.ModelShape;
import pbb.job.TrainingPlan;
import pbb.run.UsageException;
import picocli.CommandLine.Option;

/**
 * Options for the shape of a model: one size that sets everything sensibly, and each number by
 * itself.
 */
final class ModelOptions {

  /** Sizes, each with what suits it. */
  enum Size {
    /** About 1 million weights. */
    S(128, 384, 4, 4, 128, 16, 2e-3),
    /** About 5 million weights. */
    M(256, 768, 6, 8, 256, 8, 1e-3),
    /** About 26 million weights. */
    L(512, 1408, 8, 8, 256, 8, 6e-4);

    final int hiddenSize;
    final int intermediateSize;
    final int layers;
    final int heads;
    final int sequenceLength;
    final int batchSize;
    final double learningRate;

    Size(
        int hiddenSize,
        int intermediateSize,
        int layers,
        int heads,
        int sequenceLength,
        int batchSize,
        double learningRate) {
      this.hiddenSize = hiddenSize;
      this.intermediateSize = intermediateSize;
      this.layers = layers;
      this.heads = heads;
      this.sequenceLength = sequenceLength;
      this.batchSize = batchSize;
      this.learningRate = learningRate;
    }
  }

  @Option(
      names = "--size",
      paramLabel = "S|M|L",
      description = "About 1, 5 or 26 million weights, with what suits them (default: S).")
  @Nullable Size size;

  @Option(names = "--hidden-size", paramLabel = "N", description = "Width of the model.")
  @Nullable Integer hiddenSize;

  @Option(
      names = "--intermediate-size",
      paramLabel = "N",
      description = "Width of its feed-forward layers.")
  @Nullable Integer intermediateSize;

  @Option(names = "--layers", paramLabel = "N", description = "Number of layers.")
  @Nullable Integer layers;

  @Option(names = "--heads", paramLabel = "N", description = "Number of attention heads.")
  @Nullable Integer heads;

  @Option(
      names = "--key-value-heads",
      paramLabel = "N",
      description = "Number of key and value heads (default: as many as heads).")
  @Nullable Integer keyValueHeads;

  @Option(
      names = "--qk-norm",
      description = "Normalises queries and keys head by head, as Qwen3 does.")
  boolean qkNorm;

  @Option(
      names = "--tie-embeddings",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "The output layer uses the embedding table (default: yes).")
  boolean tieEmbeddings = true;

  /** The size that defaults are taken from. */
  Size size() {
    return size == null ? Size.S : size;
  }

  /** The shape of a new model. */
  ModelShape shape() {
    Size defaults = size();
    int queryHeads = or(heads, defaults.heads);
    return new ModelShape(
        or(hiddenSize, defaults.hiddenSize),
        or(intermediateSize, defaults.intermediateSize),
        or(layers, defaults.layers),
        queryHeads,
        or(keyValueHeads, queryHeads),
        qkNorm,
        tieEmbeddings);
  }

  private static int or(@Nullable Integer given, int otherwise) {
    return given == null ? otherwise : given;
  }

  /** A beginning with a checkpoint's weights, whose shape no option changes. */
  TrainingPlan.Begin from(Path checkpoint) {
    boolean shaped =
        Stream.of(hiddenSize, intermediateSize, layers, heads, keyValueHeads)
            .anyMatch(n -> n != null);
    if (shaped || qkNorm || !tieEmbeddings) {
      throw new UsageException(
          "--init brings the model's shape: leave out --hidden-size, --intermediate-size, --layers,"
              + " --heads, --key-value-heads, --qk-norm and --no-tie-embeddings");
    }
    return new TrainingPlan.Begin.From(checkpoint);
  }
}
