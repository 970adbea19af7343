package pbb.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.BitSet;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.DoubleSupplier;

/**
 * Binds the calling thread to one CPU until it is closed, by the same thread. Threads and processes
 * that it starts meanwhile inherit that, and keep it afterwards. The CPUs of a machine that others
 * share can differ by a third, and a process tends to stay on one: those who are compared with a
 * thread each are to run on the same one, and so is the measurement of its peak.
 */
final class OneCpu implements AutoCloseable {

  /** The speed of a moment says little: each CPU is tried so often, and its best counts. */
  private static final int ROUNDS = 2;

  /** What undoes it; empty where nothing was bound. */
  private final Optional<Runnable> release;

  private final Line line;

  private OneCpu(Optional<Runnable> release, Line line) {
    this.release = release;
    this.line = line;
  }

  /**
   * Binds the calling thread to the fastest of the CPUs that it may run on, where the C library can
   * (Linux's and FreeBSD's), and the system lets it; else to none, and {@link #line} says why.
   *
   * @param speed measures the one that the calling thread is on
   */
  static OneCpu fastest(DoubleSupplier speed) {
    Optional<Affinity> found = Affinity.find();
    if (found.isEmpty()) {
      return unbound("there is no sched_setaffinity here");
    }
    Affinity affinity = found.get();
    Optional<BitSet> allowed = affinity.get();
    if (allowed.isEmpty()) {
      return unbound("sched_getaffinity failed");
    }
    BitSet before = allowed.get();
    boolean done = false;
    try {
      Map<Integer, Double> speeds = new TreeMap<>();
      for (int round = 0; round < ROUNDS; round++) {
        for (int cpu : before.stream().toArray()) {
          if (!affinity.set(only(cpu))) {
            return unbound("sched_setaffinity failed for CPU " + cpu);
          }
          speeds.merge(cpu, speed.getAsDouble(), Math::max);
        }
      }
      int fastest = Collections.max(speeds.entrySet(), Map.Entry.comparingByValue()).getKey();
      if (!affinity.set(only(fastest))) {
        return unbound("sched_setaffinity failed for CPU " + fastest);
      }
      done = true;
      Line line =
          Line.of("cpu")
              .with("cpu", fastest)
              .with("of", speeds.size())
              .with("fastest_gflops", Line.round(Collections.max(speeds.values()), 1))
              .with("slowest_gflops", Line.round(Collections.min(speeds.values()), 1));
      return new OneCpu(Optional.of(() -> affinity.set(before)), line);
    } finally {
      if (!done) {
        affinity.set(before);
      }
    }
  }

  private static OneCpu unbound(String because) {
    return new OneCpu(Optional.empty(), Line.of("cpu").with("cpu", "any").with("because", because));
  }

  private static BitSet only(int cpu) {
    BitSet one = new BitSet();
    one.set(cpu);
    return one;
  }

  /**
   * As a line of {@code scripts/bench compare}: which CPU of how many, and what the fastest and the
   * slowest of them reached; or why none.
   */
  Line line() {
    return line;
  }

  /** The thread that was bound may run where it could before. */
  @Override
  public void close() {
    release.ifPresent(Runnable::run);
  }

  /**
   * The C library's functions for it.
   *
   * @param getAffinity {@code int sched_getaffinity(pid_t, size_t, cpu_set_t *)}
   * @param setAffinity {@code int sched_setaffinity(pid_t, size_t, const cpu_set_t *)}
   */
  private record Affinity(MethodHandle getAffinity, MethodHandle setAffinity) {

    private static final int CALLING_THREAD = 0;

    /** Of a mask with a bit for each CPU: as many as Linux can be built for. */
    private static final int MASK_LONGS = 8192 / Long.SIZE;

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

    /** The CPUs that the calling thread may run on; empty if that fails. */
    Optional<BitSet> get() {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment mask = arena.allocate(ValueLayout.JAVA_LONG, MASK_LONGS);
        return call(getAffinity, mask)
            ? Optional.of(BitSet.valueOf(mask.toArray(ValueLayout.JAVA_LONG)))
            : Optional.empty();
      }
    }

    /** Sets them; false if that fails. */
    boolean set(BitSet cpus) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment mask = arena.allocate(ValueLayout.JAVA_LONG, MASK_LONGS);
        mask.copyFrom(MemorySegment.ofArray(cpus.toLongArray()));
        return call(setAffinity, mask);
      }
    }

    private static boolean call(MethodHandle function, MemorySegment mask) {
      try {
        return (int) function.invokeExact(CALLING_THREAD, mask.byteSize(), mask) >= 0;
      } catch (Throwable e) {
        throw new IllegalStateException(e); // a C function throws nothing
      }
    }
  }
}
