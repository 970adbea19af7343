package pbb.engine.graph;

import java.util.List;

/**
 * The gradient of {@link CrossEntropy} by the logits: {@code dlogits[n, v] = weights[n] ·
 * (exp(logits[n, v] − logSumExp[n]) − [v = targets[n]])}.
 *
 * @param dlogits (N, V)
 * @param logits (N, V)
 * @param logSumExp (N)
 * @param targets N integers in [0, V)
 * @param weights N floats
 */
public record CrossEntropyGradient(
    Operand dlogits, Operand logits, Operand logSumExp, Operand targets, Operand weights)
    implements Op {

  /** Checks the shapes. */
  public CrossEntropyGradient {
    Op.require(
        dlogits.shape().equals(logits.shape())
            && logits.shape().rank() == 2
            && logSumExp.size() == logits.shape().get(0)
            && targets.size() == logits.shape().get(0)
            && weights.size() == logits.shape().get(0)
            && targets.type() == DataType.I32,
        "CrossEntropyGradient",
        "dlogits and logits (N, V), N targets, weights and logSumExp",
        dlogits,
        logits,
        logSumExp,
        targets,
        weights);
  }

  @Override
  public List<Operand> inputs() {
    return List.of(logits, logSumExp, targets, weights);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(Destination.overwriting(dlogits));
  }

  @Override
  public List<InPlace> inPlace() {
    return List.of(new InPlace(logits, dlogits));
  }
}
