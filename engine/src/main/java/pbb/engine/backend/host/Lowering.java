package pbb.engine.backend.host;

import java.lang.foreign.SegmentAllocator;
import java.util.List;
import pbb.engine.graph.Graph;
import pbb.engine.graph.MemoryPlan;

/** How a host backend turns the graphs of one program into what it runs. */
public interface Lowering {

  /** Where the graph's activations lie. */
  MemoryPlan plan(Graph graph);

  /**
   * What makes the graph's kernels.
   *
   * @param allocator memory that lives as long as the kernels, for what they keep beside the
   *     program's tensors
   */
  KernelFactory kernels(Graph graph, SegmentAllocator allocator);

  /**
   * What runs a section: kernels that together compute what the section's do one after the other.
   *
   * @param section the section's ops, layer by layer, in the order of the graph
   */
  List<Kernel> schedule(List<BoundOp> section);

  /** Told before a graph runs, if parameters were written since the last run. */
  void parametersChanged();

  /** Each op's kernel by itself, in the order of the graph. */
  static Lowering opByOp(KernelFactory factory, int floatBytes) {
    return new Lowering() {
      @Override
      public MemoryPlan plan(Graph graph) {
        return MemoryPlan.of(graph, floatBytes);
      }

      @Override
      public KernelFactory kernels(Graph graph, SegmentAllocator allocator) {
        return factory;
      }

      @Override
      public List<Kernel> schedule(List<BoundOp> section) {
        return section.stream().map(BoundOp::kernel).toList();
      }

      @Override
      public void parametersChanged() {}
    };
  }
}
