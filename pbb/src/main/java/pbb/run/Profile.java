package pbb.run;

import java.util.List;
import java.util.Map;
import pbb.curriculum.Shares;
import pbb.engine.nn.ModelConfig;
import pbb.engine.train.OptimizerConfig;
import pbb.engine.train.Schedule;
import pbb.engine.train.TrainerConfig;
import pbb.task.RandomArithmetic;

/**
 * Every number that a cell depends on, but for its seed.
 *
 * @param name {@code smoke}, {@code quick}, {@code full}, or that of a file which changes one of
 *     them
 * @param dials how many programs there are, and of which kind
 * @param shares how often each kind of document is drawn
 * @param model the model's shape
 * @param training batches, steps, optimizer and schedule
 * @param evaluation which queries are asked
 * @param checkpointInterval steps between checkpoints, at least 1
 */
public record Profile(
    String name,
    RandomArithmetic.Dials dials,
    Shares shares,
    Shape model,
    TrainerConfig training,
    EvaluationDials evaluation,
    long checkpointInterval) {

  /** The names of the built-in profiles, the shortest first. */
  public static final List<String> NAMES = List.of("smoke", "quick", "full");

  /**
   * The shape of the model, but for what the texts decide: vocabulary and longest sequence.
   * Embeddings are tied, and weights begin with standard deviation {@code 1/√hiddenSize}.
   *
   * @param hiddenSize width of the residual stream
   * @param intermediateSize width of the gated feed-forward layer
   * @param numHiddenLayers number of layers
   * @param numAttentionHeads number of heads; divides {@code hiddenSize}
   */
  public record Shape(
      int hiddenSize, int intermediateSize, int numHiddenLayers, int numAttentionHeads) {

    /** Checks the numbers. */
    public Shape {
      ModelConfig.llama(
          1, hiddenSize, intermediateSize, numHiddenLayers, numAttentionHeads, 1, true);
    }

    /** The model's configuration. */
    public ModelConfig config(int vocabularySize, int maxPositionEmbeddings) {
      return ModelConfig.llama(
          vocabularySize,
          hiddenSize,
          intermediateSize,
          numHiddenLayers,
          numAttentionHeads,
          maxPositionEmbeddings,
          true);
    }
  }

  /**
   * Which queries are asked, and how.
   *
   * @param inputsPerProgram on how many of its evaluation inputs a program is asked, at most, in
   *     each mode and kind; directly, one without executions is asked on all of them
   * @param batchSize how many answers are generated at a time
   */
  public record EvaluationDials(int inputsPerProgram, int batchSize) {

    /** Checks the numbers. */
    public EvaluationDials {
      requireAtLeastOne(inputsPerProgram, "evaluation.inputsPerProgram");
      requireAtLeastOne(batchSize, "evaluation.batchSize");
    }
  }

  /** Checks the numbers. */
  public Profile {
    requireAtLeastOne(checkpointInterval, "checkpointInterval");
  }

  private static void requireAtLeastOne(long value, String field) {
    if (value < 1) {
      throw new IllegalArgumentException(field + " must be at least 1, not " + value);
    }
  }

  // The built-in profiles. What the dials were chosen by is in docs/experiments.md.

  private static final Shares SHARES =
      new Shares(
          0.20, // source
          0.02, // mention
          0.04, // direct
          0.30, // stepping
          0.10, // recite
          0.34, // in context
          new Shares.Modes(0.06, 0.34, 0.30, 0.30),
          4, // turns
          Map.of(1, 0.13, 2, 0.35, 3, 0.52),
          2); // weight of a source without executions

  private static RandomArithmetic.Dials dials(RandomArithmetic.Setting... settings) {
    return new RandomArithmetic.Dials(23, 7, List.of(settings), 6);
  }

  private static TrainerConfig training(long steps) {
    return new TrainerConfig(
        16, 128, 1, steps, OptimizerConfig.of(2e-3), new Schedule.WarmupStableDecay(50, 0.6, 0));
  }

  /** Everything once, small: says whether the machinery works, and nothing about the claims. */
  public static Profile smoke() {
    return new Profile(
        "smoke",
        dials(
            new RandomArithmetic.Setting(1, 4, 2, 2, 2),
            new RandomArithmetic.Setting(2, 8, 4, 2, 2),
            new RandomArithmetic.Setting(3, 12, 6, 2, 2)),
        SHARES,
        new Shape(64, 192, 2, 2),
        training(60),
        new EvaluationDials(2, 128),
        30);
  }

  /** Minutes on two cores: the effect, with its controls. */
  public static Profile quick() {
    return new Profile(
        "quick",
        dials(
            new RandomArithmetic.Setting(1, 10, 6, 2, 2),
            new RandomArithmetic.Setting(2, 50, 24, 8, 8),
            new RandomArithmetic.Setting(3, 120, 60, 20, 20)),
        SHARES,
        new Shape(128, 384, 4, 4),
        training(3_400),
        new EvaluationDials(6, 128),
        500);
  }

  /** Over three times as many programs with executions, and twice as long a training. */
  public static Profile full() {
    return new Profile(
        "full",
        dials(
            new RandomArithmetic.Setting(1, 10, 6, 2, 2),
            new RandomArithmetic.Setting(2, 100, 24, 8, 8),
            new RandomArithmetic.Setting(3, 480, 60, 20, 20)),
        SHARES,
        new Shape(128, 384, 4, 4),
        training(6_800),
        new EvaluationDials(6, 128),
        1_000);
  }

  /**
   * A built-in profile.
   *
   * @throws UsageException if there is none of this name
   */
  public static Profile named(String name) {
    return switch (name) {
      case "smoke" -> smoke();
      case "quick" -> quick();
      case "full" -> full();
      default ->
          throw new UsageException(
              "there is no profile " + name + ": choose one of " + String.join(", ", NAMES));
    };
  }
}
