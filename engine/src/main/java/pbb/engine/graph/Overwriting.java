package pbb.engine.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which activations of a graph lie where an output will be written over them ({@link Op#inPlace}),
 * rather than in a place of their own: what a layer writes and reads once, before the output in
 * whose place it lies. The memory that is written first is then still in a cache when it is written
 * again, and there is less of it.
 */
final class Overwriting {

  /** An activation, and the output that will be written over it. */
  private final Map<Tensor, Operand> outputs = new HashMap<>();

  /**
   * @param lives when the graph's activations are alive
   */
  Overwriting(Graph graph, Map<Tensor, MemoryPlan.Life> lives) {
    int position = 0;
    for (Section section : graph.sections()) {
      List<Op> before = new ArrayList<>();
      for (Op op : section.ops()) {
        for (Op.InPlace pair : op.inPlace()) {
          MemoryPlan.Life input = lives.get(pair.input().tensor());
          MemoryPlan.Life output = lives.get(pair.output().tensor());
          if (input != null
              && output != null
              && input.isOneLayersUntil(position)
              && sliceBySlice(pair, output.storedSlices())
              && !outputs.containsValue(pair.output())
              && op.inputs().stream().noneMatch(other -> mayOverlap(other, pair.output()))
              && before.stream().noneMatch(other -> touches(other, pair.output()))) {
            outputs.put(pair.input().tensor(), pair.output());
          }
        }
        before.add(op);
        position++;
      }
    }
  }

  /** The output that will be written over an activation, if one will be. */
  Optional<Operand> output(Tensor activation) {
    return Optional.ofNullable(outputs.get(activation));
  }

  /** Whether a layer's input can be found by that layer's slice of the output. */
  private static boolean sliceBySlice(Op.InPlace pair, int storedSlices) {
    return storedSlices == 1
        || pair.input().slice() instanceof Operand.OfLayer(int offset)
            && offset == 0
            && pair.output().slice() instanceof Operand.OfLayer;
  }

  private static boolean touches(Op op, Operand operand) {
    return op.inputs().stream().anyMatch(input -> mayOverlap(input, operand))
        || op.outputs().stream().anyMatch(output -> mayOverlap(output.operand(), operand));
  }

  private static boolean mayOverlap(Operand a, Operand b) {
    boolean otherLayers =
        a.slice() instanceof Operand.OfLayer
            && b.slice() instanceof Operand.OfLayer
            && !a.slice().equals(b.slice());
    return a.tensor().equals(b.tensor()) && !otherLayers;
  }
}
