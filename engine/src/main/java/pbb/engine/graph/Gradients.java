package pbb.engine.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Derives the backward pass of a graph, op by op and section by section: reverse-mode
 * differentiation in which a repeated section stays a repeated section, run from the last layer to
 * the first.
 *
 * <p>Three things keep memory and copies down. The gradient of an activation is one buffer,
 * whatever the number of layers, since it dies within its layer. The terms of a sum share the
 * gradient of the sum. And the gradient of what one layer hands to the next is a single buffer that
 * each layer adds to in place.
 */
public final class Gradients {

  private final boolean accumulate;

  /** The gradient of each activation that has one so far. */
  private final Map<Operand, Operand> gradients = new HashMap<>();

  /**
   * For each gradient, the activations that it is the gradient of and whose producer is yet to be
   * differentiated.
   */
  private final Map<Operand, Set<Operand>> holders = new HashMap<>();

  /** The parts of parameters that have a contribution. */
  private final Set<Operand> contributed = new HashSet<>();

  private Gradients(boolean accumulate) {
    this.accumulate = accumulate;
  }

  /** The tensor that holds the gradient of the loss by {@code parameter}. */
  public static Tensor of(Tensor parameter) {
    if (parameter.role() != Role.PARAMETER) {
      throw new IllegalArgumentException(parameter + " is no parameter");
    }
    return new Tensor(
        "gradient." + parameter.name(),
        parameter.type(),
        parameter.shape(),
        parameter.slices(),
        Role.GRADIENT);
  }

  /**
   * A graph that runs {@code forward} and then its backward pass.
   *
   * @param name the name of the new graph
   * @param forward a graph that ends with the {@link CrossEntropy} of a scalar loss
   * @param accumulate whether the gradients of parameters are added to what is there, as all but
   *     the first micro-batch of a step do, or put in its place
   * @throws IllegalArgumentException if an op has no gradient rule, or the graph has a shape that
   *     this class does not cover; the message says which
   */
  public static Graph backward(String name, Graph forward, boolean accumulate) {
    Gradients gradients = new Gradients(accumulate);
    List<Section> sections = new ArrayList<>(forward.sections());
    for (Section section : forward.sections().reversed()) {
      switch (section) {
        case Section.Plain plain -> {
          Section.Plain backward = new Section.Plain(gradients.reverse(plain, Set.of()));
          // The end of the forward pass and the start of the backward pass run on without a seam.
          if (sections.getLast() instanceof Section.Plain(List<Op> before)) {
            List<Op> joined = new ArrayList<>(before);
            joined.addAll(backward.ops());
            sections.set(sections.size() - 1, new Section.Plain(joined));
          } else {
            sections.add(backward);
          }
        }
        case Section.Repeated repeated -> sections.add(gradients.reverse(repeated));
      }
    }
    return new Graph(name, sections);
  }

  private Section.Repeated reverse(Section.Repeated section) {
    int layers = section.layers();
    Set<Tensor> carried = new HashSet<>();
    Set<Tensor> local = new HashSet<>();
    for (Op op : section.ops()) {
      for (Destination output : op.outputs()) {
        Tensor tensor = output.operand().tensor();
        (tensor.slices() == layers + 1 ? carried : local).add(tensor);
      }
    }
    Map<Tensor, Operand> incoming = new HashMap<>();
    for (Tensor tensor : carried) {
      Operand gradient = require(tensor.at(layers));
      incoming.put(tensor, gradient);
      move(tensor.at(layers), tensor.ofLayer(1));
    }
    Set<Tensor> known = new HashSet<>(carried);
    known.addAll(local);
    List<Op> ops = reverse(section, known);
    for (Tensor tensor : carried) {
      if (!require(tensor.ofLayer(0)).equals(incoming.get(tensor))) {
        throw new IllegalArgumentException(
            "the gradient of "
                + tensor
                + " does not come back to its buffer at the start of a layer:"
                + " what a layer hands on must be its input plus something");
      }
      move(tensor.ofLayer(0), tensor.at(0));
    }
    return new Section.Repeated(layers, !section.reversed(), ops);
  }

  /** The same gradient under another name of the same values. */
  private void move(Operand from, Operand to) {
    Operand gradient = require(from);
    gradients.remove(from);
    gradients.put(to, gradient);
    Set<Operand> held = holders.computeIfAbsent(gradient, _ -> new HashSet<>());
    held.remove(from);
    held.add(to);
  }

  /**
   * @param writtenHere in a repeated section, the tensors that it writes: only to those may
   *     gradients flow
   */
  private List<Op> reverse(Section section, Set<Tensor> writtenHere) {
    List<Op> backward = new ArrayList<>();
    boolean repeated = section instanceof Section.Repeated;
    for (Op op : section.ops().reversed()) {
      if (!(op instanceof Op.Differentiable differentiable)) {
        throw new IllegalArgumentException(
            op.name() + " has no gradient rule: it cannot be trained through");
      }
      differentiable.differentiate(
          new Op.Tape() {
            @Override
            public Operand gradient(Operand output) {
              return require(output);
            }

            @Override
            public Destination contribution(Operand input) {
              if (input.tensor().role() == Role.PARAMETER) {
                Operand gradient = new Operand(of(input.tensor()), input.slice());
                return new Destination(gradient, !contributed.add(input) || accumulate);
              }
              requireLocal(input);
              Operand present = gradients.get(input);
              if (present != null) {
                requireUnshared(input, present);
                return Destination.adding(present);
              }
              Operand fresh = freshGradient(input);
              hold(input, fresh);
              return Destination.overwriting(fresh);
            }

            @Override
            public void pass(Operand output, Operand input) {
              Operand gradient = require(output);
              if (input.tensor().role() == Role.PARAMETER) {
                throw new IllegalArgumentException(
                    "the gradient of parameter " + input + " cannot be a shared one");
              }
              requireLocal(input);
              Operand present = gradients.get(input);
              if (present == null) {
                hold(input, gradient);
              } else {
                requireUnshared(input, present);
                emit(new Add(present, present, gradient));
              }
            }

            @Override
            public void emit(Op emitted) {
              backward.add(emitted);
            }

            private void requireLocal(Operand input) {
              if (repeated && !writtenHere.contains(input.tensor())) {
                throw new IllegalArgumentException(
                    op.name()
                        + " of a repeated section reads "
                        + input
                        + ", which is neither a parameter, nor written by its layer, nor handed on"
                        + " from layer to layer: gradients to it are not covered");
              }
            }
          });
      for (Destination output : op.outputs()) {
        Operand gradient = gradients.get(output.operand());
        if (gradient != null) {
          holders.getOrDefault(gradient, new HashSet<>()).remove(output.operand());
        }
      }
    }
    return backward;
  }

  private static Operand freshGradient(Operand activation) {
    String suffix = activation.slice() instanceof Operand.At(int index) ? "." + index : "";
    return new Tensor(
            "gradient." + activation.tensor().name() + suffix,
            activation.type(),
            activation.shape(),
            1,
            Role.ACTIVATION)
        .whole();
  }

  private void hold(Operand activation, Operand gradient) {
    gradients.put(activation, gradient);
    holders.computeIfAbsent(gradient, _ -> new HashSet<>()).add(activation);
  }

  private Operand require(Operand activation) {
    @Nullable Operand gradient = gradients.get(activation);
    if (gradient == null) {
      throw new IllegalArgumentException(
          "no op passes a gradient to " + activation + ": the loss does not depend on it");
    }
    return gradient;
  }

  private void requireUnshared(Operand input, Operand gradient) {
    Set<Operand> held = new HashSet<>(holders.getOrDefault(gradient, Set.of()));
    held.remove(input);
    if (!held.isEmpty()) {
      throw new IllegalArgumentException(
          "adding to the gradient of "
              + input
              + " would change that of "
              + held
              + ", which is still to be read: the branch of a sum must start after all that reads"
              + " its other term");
    }
  }
}
