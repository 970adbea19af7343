package pbb.engine.train;

/**
 * The settings of AdamW.
 *
 * @param learningRate the peak, which the {@link Schedule} scales
 * @param beta1 decay of the first moment, in [0, 1)
 * @param beta2 decay of the second moment, in [0, 1)
 * @param epsilon added to the root of the second moment, above 0
 * @param weightDecay decoupled decay of the matrices, at least 0; norms and embeddings never decay
 * @param gradientClipNorm the largest norm of all gradients together that is left alone, above 0;
 *     infinity never clips
 */
public record OptimizerConfig(
    double learningRate,
    double beta1,
    double beta2,
    double epsilon,
    double weightDecay,
    double gradientClipNorm) {

  /** Checks the ranges. */
  public OptimizerConfig {
    require(
        learningRate > 0 && Double.isFinite(learningRate),
        "learningRate",
        "a number above 0",
        learningRate);
    require(beta1 >= 0 && beta1 < 1, "beta1", "in [0, 1)", beta1);
    require(beta2 >= 0 && beta2 < 1, "beta2", "in [0, 1)", beta2);
    require(epsilon > 0 && Double.isFinite(epsilon), "epsilon", "a number above 0", epsilon);
    require(
        weightDecay >= 0 && Double.isFinite(weightDecay),
        "weightDecay",
        "a number of at least 0",
        weightDecay);
    require(gradientClipNorm > 0, "gradientClipNorm", "above 0", gradientClipNorm);
  }

  /**
   * The usual settings for small transformers: betas 0.9 and 0.95, epsilon 1e-8, decay 0.1,
   * gradients clipped at 1.
   */
  public static OptimizerConfig of(double learningRate) {
    return new OptimizerConfig(learningRate, 0.9, 0.95, 1e-8, 0.1, 1);
  }

  private static void require(boolean condition, String field, String rule, double value) {
    if (!condition) {
      throw new IllegalArgumentException(field + " must be " + rule + ", not " + value);
    }
  }
}
