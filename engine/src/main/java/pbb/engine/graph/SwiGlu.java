package pbb.engine.graph;

import java.util.List;

/**
 * The gated unit {@code out = silu(gate) · up} with {@code silu(z) = z / (1 + exp(−z))} (Shazeer
 * 2020, equation 6).
 *
 * @param out (N, F)
 * @param gate (N, F)
 * @param up (N, F)
 */
public record SwiGlu(Operand out, Operand gate, Operand up) implements Op.Differentiable {

  /** Checks the shapes. */
  public SwiGlu {
    Op.require(
        out.shape().equals(gate.shape()) && out.shape().equals(up.shape()),
        "SwiGlu",
        "operands of one shape",
        out,
        gate,
        up);
  }

  @Override
  public List<Operand> inputs() {
    return List.of(gate, up);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(Destination.overwriting(out));
  }

  @Override
  public void differentiate(Tape tape) {
    tape.emit(
        new SwiGluGradient(
            tape.contribution(gate), tape.contribution(up), tape.gradient(out), gate, up));
  }
}
