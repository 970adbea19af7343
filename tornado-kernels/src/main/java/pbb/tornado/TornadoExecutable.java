package pbb.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import pbb.engine.backend.Executable;
import pbb.engine.backend.Placement;
import pbb.engine.backend.Profile;
import pbb.engine.backend.Profile.KernelTime;
import pbb.engine.backend.Transfers;
import pbb.engine.backend.host.Kernel;
import pbb.engine.backend.host.KernelFactory;
import pbb.engine.graph.CacheWrite;
import pbb.engine.graph.DataType;
import pbb.engine.graph.Destination;
import pbb.engine.graph.Graph;
import pbb.engine.graph.Op;
import pbb.engine.graph.Operand;
import pbb.engine.graph.Program;
import pbb.engine.graph.Role;
import pbb.engine.graph.Section;
import pbb.engine.graph.SquaredNorm;
import pbb.engine.graph.Tensor;

/**
 * A program in an arena of the device: for each graph the list of its launches, layer by layer.
 * Inputs wait on the host until a graph is run, and go to the device together; all else goes there
 * when it is written, and comes back when it is read.
 */
final class TornadoExecutable implements Executable {

  private final Program program;
  private final DeviceArena arena;
  private final DeviceArena.Region region;
  private final Layout layout;
  private final InputChecks checks;
  private final Map<String, List<Pass>> passes = new HashMap<>();
  private final List<Placement> placements = new ArrayList<>();

  /** Inputs whose new values the device has yet to get. */
  private final Set<Tensor> waiting = new LinkedHashSet<>();

  private final InputChecks.Values hostValues =
      new InputChecks.Values() {
        @Override
        public int integer(Tensor tensor, int index) {
          return host(tensor).getAtIndex(ValueLayout.JAVA_INT, index);
        }

        @Override
        public float number(Tensor tensor, int index) {
          return host(tensor).getAtIndex(ValueLayout.JAVA_FLOAT, index);
        }
      };

  private long toDevice;
  private long toHost;
  private boolean closed;

  /** A step on a layer. */
  private sealed interface Pass {

    /** A launch. */
    record OnDevice(Step.Launch launch, int layer) implements Pass {}

    /** An op on the host: what it needs is copied there, and its results are copied back. */
    record OnHost(Kernel kernel, List<Part> in, List<Part> out) implements Pass {

      long bytes() {
        long elements = 0;
        for (Part part : in) {
          elements += part.count;
        }
        for (Part part : out) {
          elements += part.count;
        }
        return elements * Float.BYTES;
      }
    }
  }

  /** Some elements of the arena. */
  private record Part(DataType type, int start, int count) {}

  /**
   * Sets a program up in its region, which is zero throughout.
   *
   * @param host what computes the ops that the device refuses; asked only if there are any
   */
  TornadoExecutable(
      Program program,
      Layout layout,
      Lowering lowering,
      DeviceArena arena,
      DeviceArena.Region region,
      Supplier<KernelFactory> host) {
    this.program = program;
    this.layout = layout;
    this.arena = arena;
    this.region = region;
    this.checks = new InputChecks(program);
    for (Tensor tensor : layout.persistentTensors()) {
      if (tensor.role() == Role.INPUT) {
        host(tensor).fill((byte) 0);
      }
    }
    float[] constants = lowering.constants();
    int constantsAt = Math.toIntExact(region.floats() + layout.floats());
    if (constants.length > 0) {
      toDevice += arena.uploadFloats(constantsAt, MemorySegment.ofArray(constants));
    }
    int scratchAt = Math.toIntExact(constantsAt + Layout.aligned(constants.length));
    int scratchIntsAt = Math.toIntExact(region.ints() + layout.ints());
    if (lowering.table().size() > 0) {
      toDevice +=
          arena.uploadTable(
              region.table(),
              lowering
                  .table()
                  .moved(region.floats(), scratchAt, region.ints(), scratchIntsAt, region.table()));
    }
    for (Graph graph : program.graphs()) {
      List<Pass> ofGraph = new ArrayList<>();
      for (Lowering.SectionSteps section : lowering.steps().getOrDefault(graph.name(), List.of())) {
        bind(graph, section.section(), section.steps(), host, ofGraph);
      }
      passes.put(graph.name(), ofGraph);
    }
  }

  private void bind(
      Graph graph,
      Section section,
      List<Step> steps,
      Supplier<KernelFactory> host,
      List<Pass> into) {
    Map<Step.OnHost, Long> bytes = new HashMap<>();
    for (int iteration = 0; iteration < section.layers(); iteration++) {
      int layer = section.layer(iteration);
      for (Step step : steps) {
        switch (step) {
          case Step.Launch launch -> {
            arena.compile(launch.kernel());
            into.add(new Pass.OnDevice(launch, layer));
          }
          case Step.OnHost refused -> {
            Pass.OnHost pass = onHost(graph, refused.op(), layer, host.get());
            bytes.merge(refused, pass.bytes(), Long::sum);
            into.add(pass);
          }
        }
      }
    }
    bytes.forEach(
        (refused, moved) ->
            placements.add(
                new Placement(graph.name(), refused.op().name(), refused.reason(), moved)));
  }

  private Pass.OnHost onHost(Graph graph, Op op, int layer, KernelFactory host) {
    Set<Part> in = new LinkedHashSet<>();
    Set<Part> out = new LinkedHashSet<>();
    for (Operand operand : op.inputs()) {
      in.add(part(graph, operand, layer));
    }
    // What an op writes only some elements of, or adds to, has to be there before.
    boolean writesSome = op instanceof SquaredNorm || op instanceof CacheWrite;
    for (Destination output : op.outputs()) {
      Part part = part(graph, output.operand(), layer);
      out.add(part);
      if (writesSome || output.accumulate()) {
        in.add(part);
      }
    }
    Kernel kernel = host.kernel(op, operand -> memory(part(graph, operand, layer)));
    return new Pass.OnHost(kernel, List.copyOf(in), List.copyOf(out));
  }

  private Part part(Graph graph, Operand operand, int layer) {
    Place place = layout.place(graph, operand);
    int base =
        switch (place.type()) {
          case F32 -> region.floats();
          case I32 -> region.ints();
        };
    return new Part(place.type(), base + place.start(layer), place.size());
  }

  private MemorySegment memory(Part part) {
    return switch (part.type) {
      case F32 -> arena.hostFloats(part.start, part.count);
      case I32 -> arena.hostInts(part.start, part.count);
    };
  }

  private Part part(Tensor tensor) {
    int start = layout.start(tensor);
    int size = Math.toIntExact(tensor.size());
    return switch (tensor.type()) {
      case F32 -> new Part(DataType.F32, region.floats() + start, size);
      case I32 -> new Part(DataType.I32, region.ints() + start, size);
    };
  }

  private MemorySegment host(Tensor tensor) {
    return memory(part(tensor));
  }

  @Override
  public Program program() {
    return program;
  }

  @Override
  public void write(Tensor tensor, MemorySegment source) {
    Part part = checked(tensor, source);
    if (tensor.role() == Role.INPUT) {
      memory(part).copyFrom(source);
      waiting.add(tensor);
      checks.written(tensor);
    } else {
      upload(part, source);
    }
  }

  @Override
  public void read(Tensor tensor, MemorySegment target) {
    Part part = checked(tensor, target);
    if (!waiting.contains(tensor)) {
      download(part);
    }
    target.copyFrom(memory(part));
  }

  private Part checked(Tensor tensor, MemorySegment host) {
    Part part = part(tensor);
    if (host.byteSize() != (long) part.count * Float.BYTES) {
      throw new IllegalArgumentException(
          tensor + " takes " + (long) part.count * Float.BYTES + " bytes, not " + host.byteSize());
    }
    return part;
  }

  @Override
  public void run(String graph) {
    List<Pass> steps = passes.get(graph);
    if (steps == null) {
      throw new IllegalArgumentException("the program has no graph " + graph);
    }
    checks.check(graph, hostValues);
    uploadWaiting();
    for (Pass pass : steps) {
      switch (pass) {
        case Pass.OnDevice(Step.Launch launch, int layer) ->
            toDevice +=
                arena.run(
                    launch.kernel(),
                    region.table() + launch.list(),
                    layer,
                    launch.groups(),
                    launch.ops());
        case Pass.OnHost(Kernel kernel, List<Part> in, List<Part> out) -> {
          in.forEach(this::download);
          kernel.run();
          out.forEach(part -> upload(part, memory(part)));
        }
      }
    }
  }

  /** Under the names of the methods; what the host computes is not among them. */
  @Override
  public Profile profile(String graph) {
    Profile measured = arena.measure(() -> run(graph)).profile();
    Map<String, Long> flops = new HashMap<>();
    for (Pass pass : passes.getOrDefault(graph, List.of())) {
      if (pass instanceof Pass.OnDevice(Step.Launch launch, _)) {
        flops.merge(launch.kernel().methodName(), launch.flops(), Long::sum);
      }
    }
    return new Profile(
        measured.kernels().stream()
            .map(
                time ->
                    new KernelTime(
                        time.name(),
                        time.launches(),
                        time.nanoseconds(),
                        flops.getOrDefault(time.name(), 0L)))
            .toList(),
        measured.transferNanoseconds());
  }

  /** Uploads inputs, those that lie side by side in one piece. */
  private void uploadWaiting() {
    Part piece = new Part(DataType.F32, 0, 0);
    for (Tensor tensor : layout.persistentTensors()) {
      if (waiting.contains(tensor)) {
        Part part = part(tensor);
        int gap = part.start - (piece.start + piece.count);
        if (piece.count > 0 && piece.type == part.type && gap >= 0 && gap < Layout.ALIGNMENT) {
          piece = new Part(piece.type, piece.start, part.start + part.count - piece.start);
        } else {
          upload(piece, memory(piece));
          piece = part;
        }
      }
    }
    upload(piece, memory(piece));
    waiting.clear();
  }

  private void upload(Part part, MemorySegment source) {
    toDevice +=
        switch (part.type) {
          case F32 -> arena.uploadFloats(part.start, source);
          case I32 -> arena.uploadInts(part.start, source);
        };
  }

  private void download(Part part) {
    toHost +=
        switch (part.type) {
          case F32 -> arena.downloadFloats(part.start, part.count);
          case I32 -> arena.downloadInts(part.start, part.count);
        };
  }

  @Override
  public Transfers transfers() {
    return new Transfers(toDevice, toHost);
  }

  @Override
  public List<Placement> placements() {
    return List.copyOf(placements);
  }

  /** How many kernels the arena has compiled. */
  int compiledKernels() {
    return arena.compiledKernels();
  }

  /** How many descriptors the program has. */
  int descriptors() {
    return region.tableCount();
  }

  /** How many launches a run of a graph takes. */
  int launches(String graph) {
    return passes.getOrDefault(graph, List.of()).size();
  }

  /** What it holds on the device, and the host's copy of it. */
  @Override
  public long bytes() {
    return 2L
        * Float.BYTES
        * ((long) region.floatCount() + region.intCount() + region.tableCount());
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      arena.giveBack(region);
    }
  }
}
