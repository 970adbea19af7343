package pbb.engine.train;

/**
 * How the learning rate changes over a training, as a factor of its peak. All begin with a linear
 * warm-up.
 */
public sealed interface Schedule {

  /** Over how many steps the factor rises to 1; 0 begins at the peak. */
  int warmupSteps();

  /**
   * The factor at a step.
   *
   * @param step from 0
   * @param steps how many steps the training takes
   */
  double factor(long step, long steps);

  /** Stays at the peak. */
  record Constant(int warmupSteps) implements Schedule {

    /** Checks the warm-up. */
    public Constant {
      requireWarmup(warmupSteps);
    }

    @Override
    public double factor(long step, long steps) {
      return warmup(step, warmupSteps);
    }
  }

  /**
   * Falls from the peak along half a cosine (Loshchilov and Hutter 2017, equation 5).
   *
   * @param finalFraction the factor at the end, in [0, 1]
   */
  record Cosine(int warmupSteps, double finalFraction) implements Schedule {

    /** Checks the ranges. */
    public Cosine {
      requireWarmup(warmupSteps);
      requireFraction(finalFraction, "finalFraction");
    }

    @Override
    public double factor(long step, long steps) {
      if (step < warmupSteps) {
        return warmup(step, warmupSteps);
      }
      double progress =
          Math.min(1, (double) (step - warmupSteps) / Math.max(1, steps - warmupSteps));
      return finalFraction
          + (1 - finalFraction) * 0.5 * (1 + StrictMath.cos(StrictMath.PI * progress));
    }
  }

  /**
   * Warm-up, stable, decay (WSD; Hu et al. 2024): stays at the peak, then falls linearly.
   *
   * @param decayFraction over which share of all steps, at the end, the factor falls, in [0, 1]
   * @param finalFraction the factor at the end, in [0, 1]
   */
  record WarmupStableDecay(int warmupSteps, double decayFraction, double finalFraction)
      implements Schedule {

    /** Checks the ranges. */
    public WarmupStableDecay {
      requireWarmup(warmupSteps);
      requireFraction(decayFraction, "decayFraction");
      requireFraction(finalFraction, "finalFraction");
    }

    @Override
    public double factor(long step, long steps) {
      long decaySteps = Math.round(decayFraction * steps);
      long decayStart = steps - decaySteps;
      double decayed =
          step < decayStart
              ? 1
              : 1
                  - (1 - finalFraction)
                      * Math.min(1, (double) (step - decayStart) / Math.max(1, decaySteps));
      // Where a short training has its decay begin within the warm-up, the lower one holds.
      return Math.min(warmup(step, warmupSteps), decayed);
    }
  }

  private static double warmup(long step, int warmupSteps) {
    return step < warmupSteps ? (double) (step + 1) / warmupSteps : 1;
  }

  private static void requireWarmup(int warmupSteps) {
    if (warmupSteps < 0) {
      throw new IllegalArgumentException("warmupSteps must be at least 0, not " + warmupSteps);
    }
  }

  private static void requireFraction(double value, String field) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(field + " must lie in [0, 1], not " + value);
    }
  }
}
