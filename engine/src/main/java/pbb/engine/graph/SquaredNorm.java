package pbb.engine.graph;

import java.util.List;

/**
 * One term of a squared norm over several tensors: {@code out[index] = Σ x²}.
 *
 * @param out (P), one element for each tensor; the others are left as they are
 * @param index which element
 * @param x the tensor, of any shape
 */
public record SquaredNorm(Operand out, int index, Operand x) implements Op {

  /** Checks the index. */
  public SquaredNorm {
    Op.require(
        index >= 0 && index < out.size(),
        "SquaredNorm",
        "an index below the size of out",
        index,
        out);
  }

  @Override
  public List<Operand> inputs() {
    return List.of(x);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(Destination.overwriting(out));
  }
}
