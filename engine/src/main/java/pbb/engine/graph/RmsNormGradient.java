package pbb.engine.graph;

import java.util.List;

/**
 * The gradients of {@link RmsNorm}. With r = inverseRms, g the gradient by the output, w the
 * weight, over each run of D elements: {@code dx = r · (g·w − x · r² · mean(g·w·x))}; and over all
 * runs {@code dweight = Σ g · x · r}.
 *
 * @param dx (N, C), the gradient by the input
 * @param dweight (D), the gradient by the weight
 * @param gradient (N, C), the gradient by the output
 * @param x (N, C), the input
 * @param inverseRms (N·C/D), as the norm left it
 * @param weight (D)
 */
public record RmsNormGradient(
    Destination dx,
    Destination dweight,
    Operand gradient,
    Operand x,
    Operand inverseRms,
    Operand weight)
    implements Op {

  /** Checks the shapes. */
  public RmsNormGradient {
    Op.require(
        dx.shape().equals(x.shape())
            && gradient.shape().equals(x.shape())
            && dweight.shape().equals(weight.shape())
            && inverseRms.size() * weight.size() == x.size(),
        "RmsNormGradient",
        "the shapes of RmsNorm",
        dx,
        dweight,
        gradient,
        x,
        inverseRms,
        weight);
  }

  @Override
  public List<Operand> inputs() {
    return List.of(gradient, x, inverseRms, weight);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(dx, dweight);
  }
}
