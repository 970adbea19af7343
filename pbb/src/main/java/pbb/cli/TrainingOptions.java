package pbb.cli;

import org.jspecify.annotations.Nullable;
import pbb.engine.train.OptimizerConfig;
import pbb.engine.train.Schedule;
import pbb.engine.train.TrainerConfig;
import picocli.CommandLine.Option;

/** Options for how a model is trained. */
final class TrainingOptions {

  /** How the learning rate changes. */
  enum ScheduleKind {
    /** Falls along half a cosine to a tenth. */
    COSINE,
    /** Stays, then falls linearly to 0 over the last fifth. */
    WSD,
    /** Stays. */
    CONSTANT
  }

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Steps (default: 1000).")
  long steps;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description = "Rows of a batch (default: 16 at size S, 8 at M and L).")
  @Nullable Integer batchSize;

  @Option(
      names = "--sequence-length",
      paramLabel = "N",
      description = "Tokens of a row (default: 128 at size S, 256 at M and L).")
  @Nullable Integer sequenceLength;

  @Option(
      names = "--accumulation-steps",
      paramLabel = "N",
      defaultValue = "1",
      description = "Batches of a step (default: 1).")
  int accumulationSteps;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      description = "Its peak (default: 2e-3 at size S, 1e-3 at M, 6e-4 at L).")
  @Nullable Double learningRate;

  @Option(
      names = "--schedule",
      paramLabel = "cosine|wsd|constant",
      defaultValue = "COSINE",
      description = "How the learning rate changes after the warm-up (default: cosine).")
  ScheduleKind schedule = ScheduleKind.COSINE;

  @Option(
      names = "--warmup",
      paramLabel = "N",
      defaultValue = "50",
      description = "Steps over which the learning rate rises (default: 50).")
  int warmup;

  @Option(
      names = "--weight-decay",
      paramLabel = "X",
      defaultValue = "0.1",
      description = "Default: 0.1.")
  double weightDecay;

  @Option(
      names = "--gradient-clip-norm",
      paramLabel = "X",
      defaultValue = "1",
      description = "The largest norm of all gradients that is left alone (default: 1).")
  double gradientClipNorm;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      description = "Steps between checkpoints (default: a tenth of all).")
  @Nullable Long checkpointEvery;

  @Option(
      names = "--validate-every",
      paramLabel = "N",
      description = "Steps between looks at held-out files (default: a tenth of all).")
  @Nullable Long validateEvery;

  /** The settings of the trainer. */
  TrainerConfig settings(ModelOptions.Size size) {
    OptimizerConfig usual =
        OptimizerConfig.of(learningRate == null ? size.learningRate : learningRate);
    return new TrainerConfig(
        batchSize == null ? size.batchSize : batchSize,
        sequenceLength == null ? size.sequenceLength : sequenceLength,
        accumulationSteps,
        steps,
        new OptimizerConfig(
            usual.learningRate(),
            usual.beta1(),
            usual.beta2(),
            usual.epsilon(),
            weightDecay,
            gradientClipNorm),
        switch (schedule) {
          case COSINE -> new Schedule.Cosine(warmup, 0.1);
          case WSD -> new Schedule.WarmupStableDecay(warmup, 0.2, 0);
          case CONSTANT -> new Schedule.Constant(warmup);
        });
  }
}
