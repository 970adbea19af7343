package pbb.engine.graph;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A computation: sections of ops, run in order.
 *
 * @param name unique within a program
 * @param sections what is run
 */
public record Graph(String name, List<Section> sections) {

  /**
   * Checks that nothing is read before it is written, but for what outlives a run, that every layer
   * has its slice, and that no two tensors have one name.
   */
  public Graph {
    sections = List.copyOf(sections);
    Set<Tensor> written = new HashSet<>();
    Map<String, Tensor> byName = new HashMap<>();
    for (Section section : sections) {
      for (Op op : section.ops()) {
        for (Operand input : op.inputs()) {
          requireFits(name, section, op, input, byName);
          requireWritten(name, written, op, input.tensor());
        }
        for (Destination output : op.outputs()) {
          requireFits(name, section, op, output.operand(), byName);
          if (output.accumulate()) {
            requireWritten(name, written, op, output.operand().tensor());
          }
          written.add(output.operand().tensor());
        }
      }
    }
  }

  private static void requireFits(
      String graph, Section section, Op op, Operand operand, Map<String, Tensor> byName) {
    Tensor tensor = operand.tensor();
    Tensor other = byName.putIfAbsent(tensor.name(), tensor);
    if (other != null && !other.equals(tensor)) {
      throw new IllegalArgumentException(
          "two tensors of graph "
              + graph
              + " are named "
              + tensor.name()
              + ": "
              + other
              + ", "
              + tensor);
    }
    if (operand.slice() instanceof Operand.OfLayer
        && operand.firstSlice(section.layers() - 1) >= tensor.slices()) {
      throw new IllegalArgumentException(
          op.name()
              + " of graph "
              + graph
              + " is run for "
              + section.layers()
              + " layers, but "
              + operand
              + " has only "
              + tensor.slices()
              + " slices");
    }
  }

  private static void requireWritten(String graph, Set<Tensor> written, Op op, Tensor tensor) {
    if (!tensor.role().persistent() && !written.contains(tensor)) {
      throw new IllegalArgumentException(
          op.name() + " of graph " + graph + " reads " + tensor + " before any op has written it");
    }
  }

  /** Every tensor that some op names, in the order of first use. */
  public Set<Tensor> tensors() {
    Set<Tensor> tensors = new LinkedHashSet<>();
    for (Section section : sections) {
      for (Op op : section.ops()) {
        op.inputs().forEach(input -> tensors.add(input.tensor()));
        op.outputs().forEach(output -> tensors.add(output.operand().tensor()));
      }
    }
    return tensors;
  }

  /** Floating-point operations of one run, all layers counted. */
  public long flops() {
    long flops = 0;
    for (Section section : sections) {
      for (Op op : section.ops()) {
        flops += section.layers() * op.flops();
      }
    }
    return flops;
  }
}
