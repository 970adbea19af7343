package pbb.engine.graph;

import java.util.List;

/**
 * What gradients are to be multiplied with so that their common norm is at most {@code maxNorm}
 * (Pascanu et al. 2013, algorithm 1, with PyTorch's 1e-6): {@code out = (norm, min(1, maxNorm /
 * (norm + 1e-6)))} with {@code norm = √Σ squaredNorms}.
 *
 * @param out (2): the norm before the clip, and the factor
 * @param squaredNorms (P), as {@link SquaredNorm} fills it
 * @param maxNorm the largest norm that is left alone, above 0; infinity never clips
 */
public record ClipFactor(Operand out, Operand squaredNorms, double maxNorm) implements Op {

  /** Checks the shape and the bound. */
  public ClipFactor {
    Op.require(
        out.size() == 2 && maxNorm > 0, "ClipFactor", "out (2) and a norm above 0", out, maxNorm);
  }

  @Override
  public List<Operand> inputs() {
    return List.of(squaredNorms);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(Destination.overwriting(out));
  }
}
