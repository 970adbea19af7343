package pbb.engine.graph;

import java.util.List;

/**
 * Root mean square normalisation (Zhang and Sennrich 2019, equation 4) of each run of D consecutive
 * elements, where D is the length of the weight: {@code out = x · inverseRms · weight} with {@code
 * inverseRms = 1 / √(mean(x²) + epsilon)}. With the weight as long as a row it is the layer's norm;
 * with the weight as long as a head it is the norm of queries and keys (QK-norm).
 *
 * @param out as {@code x}
 * @param inverseRms (R), R = elements of x / D; kept for the gradient
 * @param x (N, C), C a multiple of D
 * @param weight (D)
 * @param epsilon added to the mean square
 */
public record RmsNorm(Operand out, Operand inverseRms, Operand x, Operand weight, double epsilon)
    implements Op.Differentiable {

  /** Checks the shapes. */
  public RmsNorm {
    Op.require(
        weight.shape().rank() == 1
            && x.shape().equals(out.shape())
            && x.shape().get(-1) % weight.shape().get(0) == 0
            && inverseRms.size() * weight.size() == x.size(),
        "RmsNorm",
        "x and out (N, C), weight (D) with D dividing C, inverseRms (N·C/D)",
        out,
        inverseRms,
        x,
        weight);
  }

  @Override
  public List<Operand> inputs() {
    return List.of(x, weight);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(Destination.overwriting(out), Destination.overwriting(inverseRms));
  }

  @Override
  public void differentiate(Tape tape) {
    tape.emit(
        new RmsNormGradient(
            tape.contribution(x),
            tape.contribution(weight),
            tape.gradient(out),
            x,
            inverseRms,
            weight));
  }
}
