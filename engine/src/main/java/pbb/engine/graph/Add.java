package pbb.engine.graph;

import java.util.List;

/**
 * The residual addition: {@code out = x + branch}, all of one shape.
 *
 * @param out the sum
 * @param x the residual stream
 * @param branch what is added to it
 */
public record Add(Operand out, Operand x, Operand branch) implements Op.Differentiable {

  /** Checks that the shapes agree. */
  public Add {
    Op.require(
        out.shape().equals(x.shape()) && out.shape().equals(branch.shape()),
        "Add",
        "operands of one shape",
        out,
        x,
        branch);
  }

  @Override
  public List<Operand> inputs() {
    return List.of(x, branch);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(Destination.overwriting(out));
  }

  @Override
  public List<InPlace> inPlace() {
    return List.of(new InPlace(branch, out));
  }

  @Override
  public void differentiate(Tape tape) {
    tape.pass(out, x);
    tape.pass(out, branch);
  }
}
