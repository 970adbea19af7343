package pbb.engine.train;

import java.util.function.DoubleSupplier;
import pbb.engine.data.Batch;
import pbb.engine.data.BatchSource;

/**
 * The loss on held-out data.
 *
 * @param loss the mean loss of the targets by their weights, in nats
 * @param weight the sum of the targets' weights
 * @param tokens how many tokens were read, padding not counted
 * @param targets how many of them had a target of weight above 0
 */
public record Validation(double loss, double weight, long tokens, long targets) {

  /**
   * Reads a source to its end, or {@code maxBatches} of it.
   *
   * @param run gives the loss of what was read into {@code batch}
   */
  static Validation of(BatchSource source, long maxBatches, Batch batch, DoubleSupplier run) {
    double loss = 0;
    double weight = 0;
    long tokens = 0;
    long targets = 0;
    long at = 0;
    for (long i = 0; i < maxBatches; i++) {
      long next = source.fill(at, batch);
      if (next == at) {
        break;
      }
      at = next;
      loss += run.getAsDouble();
      weight += batch.weightSum();
      tokens += batch.tokenCount();
      targets += batch.targetCount();
    }
    if (!(weight > 0)) {
      throw new IllegalArgumentException(
          "the validation data have no target in "
              + tokens
              + " tokens: give them documents with targets");
    }
    return new Validation(loss / weight, weight, tokens, targets);
  }

  /** The loss in bits for each byte of the text that the targets stand for. */
  public double bitsPerByte(double textBytes) {
    return loss * weight / StrictMath.log(2) / textBytes;
  }
}
