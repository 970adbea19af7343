package pbb.engine.conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import pbb.engine.graph.Add;
import pbb.engine.graph.Destination;
import pbb.engine.graph.Op;
import pbb.engine.graph.Operand;
import pbb.engine.graph.Role;
import pbb.engine.graph.Tensor;

/**
 * The backward pass of one op alone, with the gradients of its outputs as inputs and those of its
 * inputs as outputs.
 */
final class SingleOpTape implements Op.Tape {

  private final boolean accumulate;
  private final Consumer<Tensor> cotangentAdded;
  private final Consumer<Tensor> gradientAdded;
  private final List<Op> emitted = new ArrayList<>();
  private final Map<Operand, Operand> gradients = new LinkedHashMap<>();
  private final Map<Operand, Operand> cotangents = new LinkedHashMap<>();

  /**
   * @param accumulate whether gradients are added to what is there
   * @param cotangentAdded told of each gradient by an output
   * @param gradientAdded told of each gradient by an input
   */
  SingleOpTape(
      boolean accumulate, Consumer<Tensor> cotangentAdded, Consumer<Tensor> gradientAdded) {
    this.accumulate = accumulate;
    this.cotangentAdded = cotangentAdded;
    this.gradientAdded = gradientAdded;
  }

  /** The backward ops, in order. */
  List<Op> emitted() {
    return emitted;
  }

  /** The gradients by the inputs. */
  Map<Operand, Operand> gradients() {
    return gradients;
  }

  /** The gradients by the outputs. */
  Map<Operand, Operand> cotangents() {
    return cotangents;
  }

  private static Operand beside(Operand operand, String prefix, Role role) {
    Tensor tensor = operand.tensor();
    return new Operand(
        new Tensor(prefix + tensor.name(), tensor.type(), tensor.shape(), tensor.slices(), role),
        operand.slice());
  }

  @Override
  public Operand gradient(Operand output) {
    return cotangents.computeIfAbsent(
        output,
        key -> {
          Operand cotangent = beside(key, "cotangent.", Role.INPUT);
          cotangentAdded.accept(cotangent.tensor());
          return cotangent;
        });
  }

  @Override
  public Destination contribution(Operand input) {
    Operand present = gradients.get(input);
    if (present != null) {
      return Destination.adding(present);
    }
    Operand gradient = beside(input, "gradient.", Role.OUTPUT);
    gradients.put(input, gradient);
    gradientAdded.accept(gradient.tensor());
    return new Destination(gradient, accumulate);
  }

  @Override
  public void pass(Operand output, Operand input) {
    Operand present = gradients.get(input);
    if (present == null) {
      gradients.put(input, gradient(output));
    } else {
      emitted.add(new Add(present, present, gradient(output)));
    }
  }

  @Override
  public void emit(Op op) {
    emitted.add(op);
  }
}
