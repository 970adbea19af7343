package pbb.tornado;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import pbb.engine.backend.BackendUnavailableException;
import pbb.engine.backend.Profile;
import pbb.engine.backend.Profile.KernelTime;
import pbb.tornado.kernels.MemoryKernels;
import uk.ac.manchester.tornado.api.DataRange;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.TornadoProfilerResult;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid3D;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoInternalError;
import uk.ac.manchester.tornado.api.exceptions.TornadoOutOfMemoryException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * A piece of the device's memory with the kernels that work on it: an array of floats, one of
 * integers and one of descriptors, resident on the device, of which programs take parts; and one
 * TornadoVM task graph for each kernel, in one execution plan.
 *
 * <p>TornadoVM compiles each task for itself, even if others run the same method, and in a time
 * that is long beside a short training. Hence what differs between ops, layers and programs is data
 * here, and a kernel is compiled once for all that is ever run in an arena.
 *
 * <p>Every graph takes all three resident arrays over from the graph that ran before it and leaves
 * them to the next, used or not: TornadoVM looks for them in the graph that was run last, whatever
 * graph it is told to take them from. Buffers are allocated for reading and writing, since the
 * first graph does both to all of them.
 */
final class DeviceArena implements AutoCloseable {

  /** Bytes before the elements of an array, on the device and when it is transferred. */
  static final long HEADER = TornadoNativeArray.ARRAY_HEADER;

  /** Where floats start, so that 64 bytes on the device begin there: its header counts. */
  private static final int FIRST_FLOAT = Layout.ALIGNMENT - (int) HEADER / Float.BYTES;

  /** Sizes of the arrays that take uploads to the device: the smallest that holds one is taken. */
  private static final int[] STAGING = {256, 4096, 65_536, 1_048_576};

  /** Index of the graph that is run first. */
  private static final int ALLOCATE = 0;

  /** Any number that memory does not hold by itself. */
  private static final int MARK = 7919;

  private static final int EACH_TIME = DataTransferMode.EVERY_EXECUTION;
  private static final int ON_DEMAND = DataTransferMode.UNDER_DEMAND;

  /** A graph of one task, which has a grid of its own. */
  private record Prepared(String name, String task, ImmutableTaskGraph graph, WorkerGrid3D grid) {

    /** What it does, whichever staging array an upload takes. */
    String kernel() {
      return name.replaceAll("\\d", "");
    }
  }

  /** What a program has taken: starts and lengths. */
  record Region(int floats, int floatCount, int ints, int intCount, int table, int tableCount) {}

  private final String label;
  private final HostArrays host;
  private final FloatArray floats;
  private final IntArray ints;
  private final IntArray table;
  private final FreeSpace freeFloats;
  private final FreeSpace freeInts;
  private final FreeSpace freeTable;
  private final FloatArray[] floatStaging = new FloatArray[STAGING.length];
  private final IntArray[] intStaging = new IntArray[STAGING.length];
  private final IntArray range;
  private final IntArray step;
  private final GridScheduler grids = new GridScheduler();
  private final List<Prepared> graphs = new ArrayList<>();
  private final Map<DeviceKernel, Integer> graphOfKernel = new EnumMap<>(DeviceKernel.class);
  private final KernelContext context = new KernelContext();
  private final Set<DeviceKernel> compiled = EnumSet.noneOf(DeviceKernel.class);
  private final TornadoExecutionPlan plan;
  private final int firstFloatUpload;
  private final int firstIntUpload;
  private final int firstTableUpload;
  private final int zeroFloats;
  private final int zeroInts;
  private final BitSet graphsRun = new BitSet();
  private @Nullable TornadoExecutionResult last;
  private @Nullable Measured measured;
  private boolean failed;
  private boolean closed;

  /**
   * Allocates an arena on the device.
   *
   * @param label the device, as users name it
   * @param floatCount elements, as the other counts
   * @throws TornadoOutOfMemoryException if the device has no room
   * @throws OutOfMemoryError if the host has none for its copy
   */
  static DeviceArena allocate(
      String label, TornadoDevice device, int floatCount, int intCount, int tableCount) {
    HostArrays host = new HostArrays();
    DeviceArena arena;
    try {
      arena = new DeviceArena(label, host, device, floatCount, intCount, tableCount);
    } catch (RuntimeException | Error e) {
      host.close(); // The device has seen nothing yet.
      throw e;
    }
    try {
      arena.execute(ALLOCATE, 1, 1);
    } catch (RuntimeException | Error e) {
      try {
        arena.close(); // Nobody else has it, and some of its buffers may be there.
      } catch (RuntimeException | Error alsoFailed) {
        e.addSuppressed(alsoFailed);
      }
      throw e;
    }
    return arena;
  }

  private DeviceArena(
      String label,
      HostArrays host,
      TornadoDevice device,
      int floatCount,
      int intCount,
      int tableCount) {
    this.label = label;
    this.host = host;
    floats = host.floats(floatCount);
    ints = host.ints(intCount);
    table = host.ints(tableCount);
    range = host.ints(2);
    step = host.ints(2);
    freeFloats = new FreeSpace(FIRST_FLOAT, floatCount);
    freeInts = new FreeSpace(0, intCount);
    freeTable = new FreeSpace(DeviceKernel.LONGEST + 1, tableCount);
    add(
        "allocate",
        new TaskGraph("allocate")
            .transferToDevice(EACH_TIME, floats, ints, table)
            .task("t", MemoryKernels::touch, context, floats, ints, table));
    firstFloatUpload = graphs.size();
    for (int i = 0; i < STAGING.length; i++) {
      floatStaging[i] = host.floats(STAGING[i]);
      String name = "uploadFloats" + i;
      add(
          name,
          resident(name)
              .transferToDevice(EACH_TIME, floatStaging[i], range)
              .task("t", MemoryKernels::uploadFloats, context, floats, floatStaging[i], range));
    }
    Arrays.setAll(intStaging, i -> host.ints(STAGING[i]));
    firstIntUpload = addIntUploads("uploadInts", ints);
    firstTableUpload = addIntUploads("uploadTable", table);
    zeroFloats = graphs.size();
    add(
        "zeroFloats",
        resident("zeroFloats")
            .transferToDevice(EACH_TIME, range)
            .task("t", MemoryKernels::zeroFloats, context, floats, range));
    zeroInts = graphs.size();
    add(
        "zeroInts",
        resident("zeroInts")
            .transferToDevice(EACH_TIME, range)
            .task("t", MemoryKernels::zeroInts, context, ints, range));
    for (DeviceKernel kernel : DeviceKernel.values()) {
      graphOfKernel.put(kernel, graphs.size());
      String name = kernel.methodName();
      add(
          name,
          resident(name)
              .transferToDevice(EACH_TIME, step)
              .task("t", kernel.body(), context, floats, ints, table, step));
    }
    plan =
        new TornadoExecutionPlan(
            graphs.stream().map(Prepared::graph).toArray(ImmutableTaskGraph[]::new));
    plan.withDevice(device).withGridScheduler(grids);
    floats.set(floatCount - 1, MARK);
    ints.set(intCount - 1, MARK);
  }

  /**
   * Whether the device has the memory and runs kernels on it: what a driver refuses when it is
   * handed a command, TornadoVM prints and passes over.
   */
  boolean works() {
    int lastFloat = floats.getSize() - 1;
    int lastInt = ints.getSize() - 1;
    boolean arrived = holds(lastFloat, lastInt, MARK);
    zero(zeroFloats, lastFloat, 1);
    zero(zeroInts, lastInt, 1);
    return arrived && holds(lastFloat, lastInt, 0);
  }

  private boolean holds(int lastFloat, int lastInt, int value) {
    floats.set(lastFloat, -1);
    ints.set(lastInt, -1);
    downloadFloats(lastFloat, 1);
    downloadInts(lastInt, 1);
    return floats.get(lastFloat) == value && ints.get(lastInt) == value;
  }

  /** Adds the graphs that upload integers by each of the staging arrays; returns the first one. */
  private int addIntUploads(String name, IntArray target) {
    int first = graphs.size();
    for (int i = 0; i < STAGING.length; i++) {
      add(
          name + i,
          resident(name + i)
              .transferToDevice(EACH_TIME, intStaging[i], range)
              .task("t", MemoryKernels::uploadInts, context, target, intStaging[i], range));
    }
    return first;
  }

  private TaskGraph resident(String name) {
    return new TaskGraph(name).consumeFromDevice("allocate", floats, ints, table);
  }

  private void add(String name, TaskGraph graph) {
    WorkerGrid3D grid = new WorkerGrid3D(DeviceKernel.GROUP, 1, 1);
    grid.setLocalWork(DeviceKernel.GROUP, 1, 1);
    ImmutableTaskGraph prepared =
        graph
            .transferToHost(ON_DEMAND, floats, ints)
            .persistOnDevice(floats, ints, table)
            .snapshot();
    String task = name + ".t";
    graphs.add(new Prepared(name, task, prepared, grid));
    grids.addWorkerGrid(task, grid);
  }

  private void execute(int graph, int groups, int ops) {
    requireOpen();
    Prepared prepared = graphs.get(graph);
    WorkerGrid3D grid = prepared.grid();
    grid.setGlobalWork((long) groups * DeviceKernel.GROUP, 1, ops);
    grid.setLocalWork(DeviceKernel.GROUP, 1, 1); // after the global size: they give the groups
    // A task without a grid of its own would be run as one work-item.
    if (!grid.equals(grids.get(prepared.task()))) {
      throw new IllegalStateException("task " + prepared.task() + " has lost its grid");
    }
    graphsRun.set(graph);
    try {
      last = plan.withGraph(graph).execute();
    } catch (TornadoOutOfMemoryException e) {
      if (graph == ALLOCATE) {
        throw e; // Who allocates knows what for.
      }
      failed = true;
      throw failure("has no memory left", prepared, e);
    } catch (RuntimeException | TornadoInternalError e) {
      failed = true;
      throw failure("failed", prepared, e);
    }
    requireGroups(label, grid);
    if (measured != null) {
      measured.add(prepared.kernel(), latest().getProfilerResult());
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(label + " was closed: open it again");
    }
  }

  /** What was run last, from which reads go. */
  private TornadoExecutionResult latest() {
    requireOpen();
    return Objects.requireNonNull(last, "nothing was run");
  }

  /**
   * Checks what a launch has left of its local size: TornadoVM takes one away that the device has
   * no room for, and the driver chooses another, with which kernels compute wrong numbers.
   *
   * @throws BackendUnavailableException if the groups were not of {@link DeviceKernel#GROUP}
   */
  static void requireGroups(String label, WorkerGrid grid) {
    long[] local = grid.getLocalWork();
    if (!Arrays.equals(local, new long[] {DeviceKernel.GROUP, 1, 1})) {
      throw new BackendUnavailableException(
          label
              + " takes no groups of "
              + DeviceKernel.GROUP
              + " work-items (it was given "
              + (local == null ? "any" : Arrays.toString(local))
              + "): use another device or backend");
    }
  }

  /** What TornadoVM's profiler said of some launches. */
  static final class Measured {
    private final Map<String, KernelTime> kernels = new LinkedHashMap<>();
    private long transferNanoseconds;
    private long launches;
    private long toDevice;
    private long toHost;

    private void add(String graph, TornadoProfilerResult result) {
      kernels.merge(
          graph, new KernelTime(graph, 1, result.getDeviceKernelTime(), 0), KernelTime::plus);
      transferNanoseconds += result.getDataTransfersTime();
      launches++;
      toDevice += result.getTotalBytesCopyIn();
      toHost += result.getTotalBytesCopyOut();
    }

    /** The time of each kernel under its method's name, without its floating-point operations. */
    Profile profile() {
      return new Profile(List.copyOf(kernels.values()), transferNanoseconds);
    }

    /** How many graphs were run. */
    long launches() {
      return launches;
    }

    /** Bytes that were copied to the device for them, with what a launch itself takes. */
    long toDevice() {
      return toDevice;
    }

    /** Bytes that they copied back by themselves: reads are not among them. */
    long toHost() {
      return toHost;
    }
  }

  /**
   * Has TornadoVM measure what the device is given to do meanwhile, which makes the host slower.
   */
  Measured measure(Runnable work) {
    Measured measuring = new Measured();
    measured = measuring;
    plan.withProfiler(ProfilerMode.SILENT);
    try {
      work.run();
    } finally {
      plan.withoutProfiler();
      measured = null;
    }
    return measuring;
  }

  private BackendUnavailableException failure(String what, Prepared graph, Throwable cause) {
    return new BackendUnavailableException(
        label
            + " "
            + what
            + " in task "
            + graph.kernel()
            + " ("
            + Devices.reason(cause)
            + "), with "
            + (bytes() >> 20)
            + " MiB in use by this process: lower --batch-size, or use a device that no other"
            + " process needs",
        cause);
  }

  /** Takes room for a program; empty if there is not enough in one piece. */
  Optional<Region> take(int floatCount, int intCount, int tableCount) {
    int alignedCount = Math.toIntExact(Layout.aligned(floatCount));
    OptionalInt floatsAt = freeFloats.take(alignedCount);
    if (floatsAt.isEmpty()) {
      return Optional.empty();
    }
    OptionalInt intsAt = freeInts.take(intCount);
    if (intsAt.isEmpty()) {
      freeFloats.giveBack(floatsAt.getAsInt(), alignedCount);
      return Optional.empty();
    }
    OptionalInt tableAt = freeTable.take(tableCount);
    if (tableAt.isEmpty()) {
      freeFloats.giveBack(floatsAt.getAsInt(), alignedCount);
      freeInts.giveBack(intsAt.getAsInt(), intCount);
      return Optional.empty();
    }
    Region region =
        new Region(
            floatsAt.getAsInt(),
            alignedCount,
            intsAt.getAsInt(),
            intCount,
            tableAt.getAsInt(),
            tableCount);
    zero(zeroFloats, region.floats(), region.floatCount());
    zero(zeroInts, region.ints(), region.intCount());
    return Optional.of(region);
  }

  /** Ends the use of what was taken. */
  void giveBack(Region region) {
    freeFloats.giveBack(region.floats(), region.floatCount());
    freeInts.giveBack(region.ints(), region.intCount());
    freeTable.giveBack(region.table(), region.tableCount());
  }

  /** Whether no program uses it. */
  boolean isIdle() {
    return freeFloats.isWhole() && freeInts.isWhole() && freeTable.isWhole();
  }

  private void zero(int graph, int start, int count) {
    if (count > 0) {
      range.set(0, start);
      range.set(1, count);
      execute(graph, groups(count), 1);
    }
  }

  private static int groups(int items) {
    return (items + DeviceKernel.GROUP - 1) / DeviceKernel.GROUP;
  }

  /** The host's copy of {@code count} floats: what uploads come from and what is read goes to. */
  MemorySegment hostFloats(int start, int count) {
    requireOpen(); // Kernels on the host take its address and look no further.
    return floats.getSegment().asSlice((long) start * Float.BYTES, (long) count * Float.BYTES);
  }

  /** The host's copy of {@code count} integers. */
  MemorySegment hostInts(int start, int count) {
    requireOpen();
    return ints.getSegment().asSlice((long) start * Integer.BYTES, (long) count * Integer.BYTES);
  }

  /** Uploads floats, and returns how many bytes were moved for it. */
  long uploadFloats(int start, MemorySegment source) {
    return upload(firstFloatUpload, start, source, index -> floatStaging[index].getSegment());
  }

  /** Uploads integers, and returns how many bytes were moved for it. */
  long uploadInts(int start, MemorySegment source) {
    return upload(firstIntUpload, start, source, index -> intStaging[index].getSegment());
  }

  /** Uploads descriptors, and returns how many bytes were moved for it. */
  long uploadTable(int start, int[] source) {
    return upload(
        firstTableUpload,
        start,
        MemorySegment.ofArray(source),
        index -> intStaging[index].getSegment());
  }

  private long upload(
      int firstGraph, int start, MemorySegment source, IntFunction<MemorySegment> staging) {
    long moved = 0;
    long bytes = source.byteSize();
    for (long done = 0; done < bytes; ) {
      int index = 0;
      while (index < STAGING.length - 1 && STAGING[index] * 4L < bytes - done) {
        index++;
      }
      long part = Math.min(bytes - done, STAGING[index] * 4L);
      MemorySegment.copy(source, done, staging.apply(index), 0, part);
      range.set(0, start + (int) (done / 4));
      range.set(1, (int) (part / 4));
      execute(firstGraph + index, groups((int) (part / 4)), 1);
      done += part;
      moved += STAGING[index] * 4L + 2 * Integer.BYTES + 2 * HEADER;
    }
    return moved;
  }

  /** Copies floats from the device to the host's copy; returns how many bytes were moved. */
  long downloadFloats(int start, int count) {
    // A size must be named: TornadoVM would else take that of the last range that was read.
    latest().transferToHost(new DataRange(floats).withOffset(start).withSize(count));
    return (long) count * Float.BYTES;
  }

  /** Copies integers from the device to the host's copy; returns how many bytes were moved. */
  long downloadInts(int start, int count) {
    latest().transferToHost(new DataRange(ints).withOffset(start).withSize(count));
    return (long) count * Integer.BYTES;
  }

  /**
   * Compiles a kernel, unless that is done, by a run that does nothing. TornadoVM has a call for
   * it, but refuses to run what was compiled so once another plan on the device is closed; and
   * drivers leave part of the compilation to the first run.
   */
  void compile(DeviceKernel kernel) {
    if (compiled.add(kernel)) {
      int[] nothing = kernel.nothing();
      int[] listed = Arrays.copyOf(nothing, nothing.length + 1);
      listed[nothing.length] = 0; // The list of one descriptor, that at the table's start.
      uploadTable(0, listed);
      step.set(0, 0);
      step.set(1, nothing.length);
      execute(graphOf(kernel), 1, 1);
    }
  }

  private int graphOf(DeviceKernel kernel) {
    return graphOfKernel.getOrDefault(kernel, -1);
  }

  /** How many kernels were compiled, those that only move memory not counted. */
  int compiledKernels() {
    return compiled.size();
  }

  /**
   * Runs a kernel.
   *
   * @param list where in the arena's descriptors the list of the ops' descriptors is
   * @param layer the layer that is run
   * @return how many bytes were moved to the device for it
   */
  long run(DeviceKernel kernel, int list, int layer, int groups, int ops) {
    step.set(0, layer);
    step.set(1, list);
    execute(graphOf(kernel), groups, ops);
    return HEADER + 2 * Integer.BYTES;
  }

  /** Bytes of the device's memory, and as many of the host's. */
  long bytes() {
    return 4L * ((long) floats.getSize() + ints.getSize() + table.getSize());
  }

  /**
   * Frees the memory. Where a run has failed, or memory of the device cannot be freed, the host's
   * arrays stay: the device may still read them.
   *
   * @throws IllegalStateException if memory of the device cannot be freed
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    List<Throwable> refused = new ArrayList<>();
    graphsRun.stream()
        .forEach(
            graph -> {
              try {
                free(graph);
              } catch (RuntimeException | TornadoInternalError e) {
                refused.add(e);
              }
            });
    if (!refused.isEmpty()) {
      IllegalStateException failure =
          new IllegalStateException(
              "memory of " + label + " cannot be freed: end this process", refused.getFirst());
      refused.stream().skip(1).forEach(failure::addSuppressed);
      throw failure;
    }
    if (!failed) {
      host.close();
    }
  }

  /**
   * Frees what a graph that was run has on the device. TornadoVM frees that of one graph only when
   * it closes a plan, and what is left of others is wrong in two ways: memory of the device, and
   * pages of the host that the PTX driver has pinned and believes to be where they were when the
   * JVM has given their addresses to others.
   */
  private void free(int graph) {
    try {
      plan.withGraph(graph).freeDeviceMemory();
    } catch (TornadoInternalError e) {
      // The resident arrays went with the first graph, and a graph's own arrays come before them.
      // The first graph has nothing before it, unless it found no room for some of its arrays.
      if (graph == ALLOCATE && last != null) {
        throw e;
      }
    }
  }
}
