package pbb.engine.graph;

import java.util.List;

/**
 * The gradients of {@link SwiGlu}: with s = sigmoid(gate) and g the gradient by the output, {@code
 * dgate = g · up · s · (1 + gate · (1 − s))} and {@code dup = g · gate · s}.
 *
 * @param dgate (N, F)
 * @param dup (N, F)
 * @param gradient (N, F), the gradient by the output
 * @param gate (N, F)
 * @param up (N, F)
 */
public record SwiGluGradient(
    Destination dgate, Destination dup, Operand gradient, Operand gate, Operand up) implements Op {

  /** Checks the shapes. */
  public SwiGluGradient {
    Op.require(
        dgate.shape().equals(gate.shape())
            && dup.shape().equals(gate.shape())
            && gradient.shape().equals(gate.shape())
            && up.shape().equals(gate.shape()),
        "SwiGluGradient",
        "operands of one shape",
        dgate,
        dup,
        gradient,
        gate,
        up);
  }

  @Override
  public List<Operand> inputs() {
    return List.of(gradient, gate, up);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(dgate, dup);
  }

  @Override
  public List<InPlace> inPlace() {
    return dgate.accumulate() ? List.of() : List.of(new InPlace(gradient, dgate.operand()));
  }
}
