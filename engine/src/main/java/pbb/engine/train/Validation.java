package pbb.engine.train;

/**
 * The loss on held-out data.
 *
 * @param loss the mean loss of the targets by their weights, in nats
 * @param weight the sum of the targets' weights
 * @param tokens how many tokens were read, padding not counted
 * @param targets how many of them had a target of weight above 0
 */
public record Validation(double loss, double weight, long tokens, long targets) {

  /** The loss in bits for each byte of the text that the targets stand for. */
  public double bitsPerByte(double textBytes) {
    return loss * weight / StrictMath.log(2) / textBytes;
  }
}
