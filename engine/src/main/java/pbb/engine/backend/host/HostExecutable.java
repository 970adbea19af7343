package pbb.engine.backend.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import pbb.engine.backend.BackendUnavailableException;
import pbb.engine.backend.Executable;
import pbb.engine.backend.Profile;
import pbb.engine.backend.Profile.KernelTime;
import pbb.engine.graph.DataType;
import pbb.engine.graph.Destination;
import pbb.engine.graph.Graph;
import pbb.engine.graph.MemoryPlan;
import pbb.engine.graph.Op;
import pbb.engine.graph.Operand;
import pbb.engine.graph.Program;
import pbb.engine.graph.Role;
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
  private final HostMemory hostMemory = new HostMemory(arena);
  private final Map<Tensor, MemorySegment> persistent = new LinkedHashMap<>();
  private final Lowering lowering;
  private final Map<String, Runs> runs = new HashMap<>();
  private boolean parametersChanged = true;
  private long bytes;

  /**
   * What runs a graph.
   *
   * @param ops each op of each layer, in the order of the graph
   * @param schedule what is run in their place
   * @param writesParameters whether parameters are other ones afterwards
   */
  private record Runs(List<BoundOp> ops, List<Kernel> schedule, boolean writesParameters) {}

  /** A program whose ops run one after the other. */
  public HostExecutable(Program program, KernelFactory factory, int floatBytes) {
    this(program, Lowering.opByOp(factory, floatBytes), floatBytes);
  }

  /**
   * Allocates the program's memory and binds its kernels.
   *
   * @param lowering how graphs become kernels
   * @param floatBytes the size of a stored float: 4, or 8 where the kernels work on doubles
   * @throws BackendUnavailableException if there is not enough memory
   */
  public HostExecutable(Program program, Lowering lowering, int floatBytes) {
    this.program = program;
    this.lowering = lowering;
    this.floatBytes = floatBytes;
    Map<Graph, MemoryPlan> plans = new LinkedHashMap<>();
    long block = 0;
    for (Graph graph : program.graphs()) {
      MemoryPlan plan = lowering.plan(graph);
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
      plans.forEach((graph, plan) -> runs.put(graph.name(), bind(graph, plan, activations)));
    } catch (Throwable e) {
      close();
      throw e;
    }
  }

  private Runs bind(Graph graph, MemoryPlan plan, MemorySegment activations) {
    KernelFactory factory = lowering.kernels(graph, this::allocate);
    List<BoundOp> ops = new ArrayList<>();
    List<Kernel> schedule = new ArrayList<>();
    boolean writesParameters = false;
    for (Section section : graph.sections()) {
      int start = ops.size();
      for (int iteration = 0; iteration < section.layers(); iteration++) {
        int layer = section.layer(iteration);
        Function<Operand, MemorySegment> memory =
            operand -> memory(operand, layer, plan, activations);
        for (Op op : section.ops()) {
          List<MemorySegment> reads = new ArrayList<>();
          List<MemorySegment> writes = new ArrayList<>();
          op.inputs().forEach(input -> reads.add(memory.apply(input)));
          for (Destination output : op.outputs()) {
            writes.add(memory.apply(output.operand()));
            if (output.accumulate()) {
              reads.add(memory.apply(output.operand()));
            }
            writesParameters |= output.operand().tensor().role() == Role.PARAMETER;
          }
          ops.add(new BoundOp(op, factory.kernel(op, memory), reads, writes));
        }
      }
      schedule.addAll(lowering.schedule(ops.subList(start, ops.size())));
    }
    return new Runs(List.copyOf(ops), List.copyOf(schedule), writesParameters);
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
    parametersChanged |= tensor.role() == Role.PARAMETER;
  }

  @Override
  public void read(Tensor tensor, MemorySegment target) {
    target.copyFrom(segment(tensor, target));
  }

  @Override
  public void run(String graph) {
    Runs ofGraph = runs(graph);
    tellOfParameters();
    parametersChanged = ofGraph.writesParameters; // even if a kernel fails after others wrote
    ofGraph.schedule.forEach(Kernel::run);
  }

  /** Ops run one after the other here, so that each has a time; a kernel is all of one kind. */
  @Override
  public Profile profile(String graph) {
    Runs ofGraph = runs(graph);
    Map<String, KernelTime> times = new LinkedHashMap<>();
    tellOfParameters();
    parametersChanged = ofGraph.writesParameters;
    for (BoundOp bound : ofGraph.ops) {
      Op op = bound.op();
      long began = System.nanoTime();
      bound.kernel().run();
      long nanoseconds = System.nanoTime() - began;
      times.merge(
          op.name(), new KernelTime(op.name(), 1, nanoseconds, op.flops()), KernelTime::plus);
    }
    return new Profile(List.copyOf(times.values()), 0);
  }

  private void tellOfParameters() {
    if (parametersChanged) {
      lowering.parametersChanged();
      parametersChanged = false;
    }
  }

  private Runs runs(String graph) {
    if (!arena.scope().isAlive()) { // kernels go by addresses, and would not notice
      throw new IllegalStateException("the executable is closed");
    }
    Runs ofGraph = runs.get(graph);
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
    return allocate(size, MemoryPlan.ALIGNMENT);
  }

  private MemorySegment allocate(long size, long alignment) {
    try {
      bytes += size;
      return hostMemory.allocate(size, alignment);
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
