package pbb.engine.graph;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Graphs that work on the same persistent tensors, such as the step, the update and the validation
 * pass of a training: what is compiled together, and what stays together on a device.
 *
 * @param graphs each with a name of its own
 */
public record Program(List<Graph> graphs) {

  /** Checks that names are unique. */
  public Program {
    graphs = List.copyOf(graphs);
    Set<String> graphNames = new LinkedHashSet<>();
    Map<String, Tensor> byName = new HashMap<>();
    for (Graph graph : graphs) {
      if (!graphNames.add(graph.name())) {
        throw new IllegalArgumentException("two graphs are named " + graph.name());
      }
      Set<Tensor> tensors = graph.tensors();
      for (Tensor tensor : tensors) {
        if (tensor.role().persistent()) {
          Tensor other = byName.putIfAbsent(tensor.name(), tensor);
          if (other != null && !other.equals(tensor)) {
            throw new IllegalArgumentException(
                "two tensors are named " + tensor.name() + ": " + other + ", " + tensor);
          }
        }
      }
    }
  }

  /** A program of these graphs. */
  public static Program of(Graph... graphs) {
    return new Program(List.of(graphs));
  }

  /** The graph with this name. */
  public Graph graph(String name) {
    return graphs.stream()
        .filter(graph -> graph.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("the program has no graph " + name));
  }

  /** The tensors that outlive a run, in the order of first use. */
  public Set<Tensor> persistentTensors() {
    Set<Tensor> tensors = new LinkedHashSet<>();
    for (Graph graph : graphs) {
      graph.tensors().stream().filter(tensor -> tensor.role().persistent()).forEach(tensors::add);
    }
    return tensors;
  }
}
