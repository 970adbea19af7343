package pbb.engine.train;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The settings of a training.
 *
 * @param batchSize rows of a batch
 * @param sequenceLength tokens of a row
 * @param accumulationSteps how many batches make a step
 * @param steps how many steps the training takes
 * @param optimizer AdamW's settings
 * @param schedule how the learning rate changes
 */
public record TrainerConfig(
    int batchSize,
    int sequenceLength,
    int accumulationSteps,
    long steps,
    OptimizerConfig optimizer,
    Schedule schedule) {

  /** Checks the ranges. */
  public TrainerConfig {
    requireAtLeastOne(batchSize, "batchSize");
    requireAtLeastOne(sequenceLength, "sequenceLength");
    requireAtLeastOne(accumulationSteps, "accumulationSteps");
    requireAtLeastOne(steps, "steps");
  }

  /** How many places for tokens a step has. */
  public long tokensPerStep() {
    return (long) batchSize * sequenceLength * accumulationSteps;
  }

  /** Every setting as text, for comparing with that of a checkpoint. */
  Map<String, String> describe() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("batchSize", Integer.toString(batchSize));
    settings.put("sequenceLength", Integer.toString(sequenceLength));
    settings.put("accumulationSteps", Integer.toString(accumulationSteps));
    settings.put("steps", Long.toString(steps));
    settings.put("optimizer", optimizer.toString());
    settings.put("schedule", schedule.toString());
    return settings;
  }

  private static void requireAtLeastOne(long value, String field) {
    if (value < 1) {
      throw new IllegalArgumentException(field + " must be at least 1, not " + value);
    }
  }
}
