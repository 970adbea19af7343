package pbb.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleSupplier;

/**
 * Keeps the calling thread, and what threads and processes it starts meanwhile, on one CPU. Those
 * of a shared machine can differ by a third, and a process tends to stay on one: who are compared
 * with a single thread each are to run on the same one, and so is the measurement of its peak.
 */
final class OneCpu implements AutoCloseable {

  private final Affinity affinity;
  private final BitSet before;
  private final int cpu;
  private final List<Double> speeds;

  private OneCpu(Affinity affinity, BitSet before, int cpu, List<Double> speeds) {
    this.affinity = affinity;
    this.before = before;
    this.cpu = cpu;
    this.speeds = speeds;
  }

  /**
   * Binds the calling thread to the fastest of the CPUs that it may run on.
   *
   * @param speed measures the one that the calling thread is on
   * @return what ends it; empty where the operating system binds no threads, as only Linux does
   */
  static Optional<OneCpu> fastest(DoubleSupplier speed) {
    return Affinity.find()
        .map(
            affinity -> {
              BitSet before = affinity.allowed();
              int fastest = -1;
              double best = 0;
              List<Double> speeds = new ArrayList<>();
              for (int cpu = before.nextSetBit(0); cpu >= 0; cpu = before.nextSetBit(cpu + 1)) {
                affinity.allow(only(cpu));
                double reached = speed.getAsDouble();
                speeds.add(reached);
                if (fastest < 0 || reached > best) {
                  fastest = cpu;
                  best = reached;
                }
              }
              affinity.allow(only(fastest));
              return new OneCpu(affinity, before, fastest, speeds);
            });
  }

  private static BitSet only(int cpu) {
    BitSet one = new BitSet();
    one.set(cpu);
    return one;
  }

  /** As a line of {@code scripts/bench compare}: which CPU, and what each reached just now. */
  Line line() {
    return Line.of("cpu")
        .with("cpu", cpu)
        .with("of", speeds.size())
        .with("peak_gflops", Line.round(speeds.stream().max(Double::compare).orElseThrow(), 1))
        .with("lowest_gflops", Line.round(speeds.stream().min(Double::compare).orElseThrow(), 1));
  }

  /** The thread that bound itself may run where it could before. */
  @Override
  public void close() {
    affinity.allow(before);
  }

  /**
   * Linux's functions for it, of the C library.
   *
   * @param getAffinity {@code int sched_getaffinity(pid_t, size_t, cpu_set_t *)}
   * @param setAffinity {@code int sched_setaffinity(pid_t, size_t, const cpu_set_t *)}
   */
  private record Affinity(MethodHandle getAffinity, MethodHandle setAffinity) {

    private static final int CALLING_THREAD = 0;

    /** Of a mask with a bit for each CPU: as many as Linux can be built for. */
    private static final long MASK_BYTES = 8192 / Byte.SIZE;

    private static final FunctionDescriptor TYPE =
        FunctionDescriptor.of(
            ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS);

    @SuppressWarnings("restricted") // the descriptors are those of the C library
    static Optional<Affinity> find() {
      Linker linker = Linker.nativeLinker();
      SymbolLookup library = linker.defaultLookup();
      return library
          .find("sched_getaffinity")
          .flatMap(
              get ->
                  library
                      .find("sched_setaffinity")
                      .map(
                          set ->
                              new Affinity(
                                  linker.downcallHandle(get, TYPE),
                                  linker.downcallHandle(set, TYPE))));
    }

    BitSet allowed() {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
        call("sched_getaffinity", getAffinity, mask);
        return BitSet.valueOf(mask.asByteBuffer());
      }
    }

    void allow(BitSet cpus) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment mask = arena.allocate(MASK_BYTES, Long.BYTES);
        mask.copyFrom(MemorySegment.ofArray(cpus.toByteArray()));
        call("sched_setaffinity", setAffinity, mask);
      }
    }

    private static void call(String name, MethodHandle function, MemorySegment mask) {
      int result;
      try {
        result = (int) function.invokeExact(CALLING_THREAD, MASK_BYTES, mask);
      } catch (Throwable e) {
        throw new IllegalStateException(e); // a C function throws nothing
      }
      if (result < 0) {
        throw new IllegalStateException(name + " failed: this process may not choose its CPU");
      }
    }
  }
}
