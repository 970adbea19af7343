package pbb.engine.backend.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import pbb.engine.backend.BackendUnavailableException;
import pbb.engine.backend.Executable;
import pbb.engine.backend.Profile;
import pbb.engine.backend.Profile.KernelTime;
import pbb.engine.graph.DataType;
import pbb.engine.graph.Graph;
import pbb.engine.graph.MemoryPlan;
import pbb.engine.graph.Op;
import pbb.engine.graph.Operand;
import pbb.engine.graph.Program;
import pbb.engine.graph.Section;
import pbb.engine.graph.Tensor;

/**
 * A program on the host's processor: each persistent tensor in a segment of its own, the
 * activations of all graphs in one block that they share, and for each graph the list of its
 * kernels, layer by layer, bound to memory when it is made.
 */
public final class HostExecutable implements Executable {

  private final Program program;
  private final int floatBytes;
  private final Arena arena = Arena.ofShared();
  private final Map<Tensor, MemorySegment> persistent = new LinkedHashMap<>();
  private final Map<String, Step[]> steps = new HashMap<>();
  private long bytes;

  /** An op on a layer. */
  private record Step(Op op, Kernel kernel) {}

  /**
   * Allocates the program's memory and binds its kernels.
   *
   * @param floatBytes the size of a stored float: 4, or 8 where the kernels work on doubles
   * @throws BackendUnavailableException if there is not enough memory
   */
  public HostExecutable(Program program, KernelFactory factory, int floatBytes) {
    this.program = program;
    this.floatBytes = floatBytes;
    Map<Graph, MemoryPlan> plans = new LinkedHashMap<>();
    long block = 0;
    for (Graph graph : program.graphs()) {
      MemoryPlan plan = MemoryPlan.of(graph, floatBytes);
      plans.put(graph, plan);
      block = Math.max(block, plan.bytes());
    }
    for (Tensor tensor : program.persistentTensors()) {
      persistent.put(tensor, allocate(bytes(tensor)));
    }
    // Graphs of one program never run at the same time, so their activations can lie in the same
    // place.
    MemorySegment activations = allocate(block);
    try {
      plans.forEach(
          (graph, plan) -> steps.put(graph.name(), bind(graph, plan, activations, factory)));
    } catch (Throwable e) {
      arena.close();
      throw e;
    }
  }

  private Step[] bind(
      Graph graph, MemoryPlan plan, MemorySegment activations, KernelFactory factory) {
    List<Step> bound = new ArrayList<>();
    for (Section section : graph.sections()) {
      for (int iteration = 0; iteration < section.layers(); iteration++) {
        int layer = section.layer(iteration);
        section
            .ops()
            .forEach(
                op ->
                    bound.add(
                        new Step(
                            op,
                            factory.kernel(
                                op, operand -> memory(operand, layer, plan, activations)))));
      }
    }
    return bound.toArray(Step[]::new);
  }

  private MemorySegment memory(
      Operand operand, int layer, MemoryPlan plan, MemorySegment activations) {
    Tensor tensor = operand.tensor();
    long size = operand.size() * elementBytes(tensor.type());
    int slice = operand.firstSlice(layer);
    MemorySegment own = persistent.get(tensor);
    return own != null
        ? own.asSlice(slice * tensor.shape().size() * elementBytes(tensor.type()), size)
        : activations.asSlice(plan.place(tensor).offset(slice), size);
  }

  @Override
  public Program program() {
    return program;
  }

  @Override
  public void write(Tensor tensor, MemorySegment source) {
    segment(tensor, source).copyFrom(source);
  }

  @Override
  public void read(Tensor tensor, MemorySegment target) {
    target.copyFrom(segment(tensor, target));
  }

  @Override
  public void run(String graph) {
    for (Step step : steps(graph)) {
      step.kernel.run();
    }
  }

  /** A kernel is all that computes ops of one kind. */
  @Override
  public Profile profile(String graph) {
    Map<String, KernelTime> times = new LinkedHashMap<>();
    for (Step step : steps(graph)) {
      long began = System.nanoTime();
      step.kernel.run();
      long nanoseconds = System.nanoTime() - began;
      times.merge(
          step.op.name(),
          new KernelTime(step.op.name(), 1, nanoseconds, step.op.flops()),
          KernelTime::plus);
    }
    return new Profile(List.copyOf(times.values()), 0);
  }

  private Step[] steps(String graph) {
    Step[] ofGraph = steps.get(graph);
    if (ofGraph == null) {
      throw new IllegalArgumentException("the program has no graph " + graph);
    }
    return ofGraph;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  private MemorySegment segment(Tensor tensor, MemorySegment host) {
    MemorySegment segment = persistent.get(tensor);
    if (segment == null) {
      throw new IllegalArgumentException(tensor + " is no persistent tensor of the program");
    }
    if (host.byteSize() != segment.byteSize()) {
      throw new IllegalArgumentException(
          tensor + " takes " + segment.byteSize() + " bytes, not " + host.byteSize());
    }
    return segment;
  }

  private MemorySegment allocate(long size) {
    try {
      bytes += size;
      return arena.allocate(Math.max(size, 1), MemoryPlan.ALIGNMENT);
    } catch (OutOfMemoryError e) {
      arena.close();
      throw new BackendUnavailableException(
          "the model and its batch need at least "
              + (bytes >> 20)
              + " MiB of memory, which is not to be had: make the batch, the sequence or the model"
              + " smaller",
          e);
    }
  }

  private long bytes(Tensor tensor) {
    return tensor.size() * elementBytes(tensor.type());
  }

  private int elementBytes(DataType type) {
    return type == DataType.F32 ? floatBytes : Integer.BYTES;
  }
}
