package pbb.engine.graph;

import java.util.List;

/**
 * The weighted cross-entropy of next tokens: {@code loss = Σ weights[n] · (logSumExp[n] − logits[n,
 * targets[n]])}, in nats. The sum is not divided: whoever wants a mean gives weights that sum to 1,
 * over all micro-batches of a step if need be. A row of weight 0 contributes nothing, whatever its
 * target.
 *
 * @param loss (1)
 * @param logSumExp (N), {@code log Σ exp(logits[n])}; kept for the gradient
 * @param logits (N, V)
 * @param targets N integers in [0, V), of any shape
 * @param weights N floats, of any shape
 */
public record CrossEntropy(
    Operand loss, Operand logSumExp, Operand logits, Operand targets, Operand weights)
    implements Op.Differentiable {

  /** Checks the shapes. */
  public CrossEntropy {
    Op.require(
        loss.size() == 1
            && logits.shape().rank() == 2
            && logSumExp.size() == logits.shape().get(0)
            && targets.size() == logits.shape().get(0)
            && weights.size() == logits.shape().get(0)
            && targets.type() == DataType.I32,
        "CrossEntropy",
        "loss (1), logSumExp (N), logits (N, V), N targets and weights",
        loss,
        logSumExp,
        logits,
        targets,
        weights);
  }

  @Override
  public List<Operand> inputs() {
    return List.of(logits, targets, weights);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(Destination.overwriting(loss), Destination.overwriting(logSumExp));
  }

  /** Starts the backward pass: the gradient of the loss by itself is 1. */
  @Override
  public void differentiate(Tape tape) {
    Destination dlogits = tape.contribution(logits);
    if (dlogits.accumulate()) {
      throw new IllegalArgumentException(
          "only CrossEntropy may read " + logits + " where gradients are wanted");
    }
    tape.emit(new CrossEntropyGradient(dlogits.operand(), logits, logSumExp, targets, weights));
  }
}
