package pbb.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import pbb.engine.backend.Backend;
import pbb.engine.backend.BackendOptions;
import pbb.engine.backend.BackendUnavailableException;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.backend.Support;
import pbb.engine.backend.host.KernelFactory;
import pbb.engine.backend.vector.VectorBackend;
import pbb.engine.backend.vector.VectorProvider;
import pbb.engine.graph.Attention;
import pbb.engine.graph.AttentionGradient;
import pbb.engine.graph.CachedAttention;
import pbb.engine.graph.Op;
import pbb.engine.graph.Program;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.exceptions.TornadoOutOfMemoryException;

/**
 * A device behind TornadoVM. Programs share arenas of its memory, and with them compiled kernels:
 * the first program pays for the kernels that it uses, later ones for what they add. An arena is
 * kept until the backend is closed or another needs its memory.
 */
final class TornadoBackend implements Backend {

  /**
   * Indices are 32-bit integers, and tiles that stick out of a matrix compute places up to 64 rows
   * behind it before they are cut: room for rows of a million elements.
   */
  private static final int MOST_ELEMENTS = Integer.MAX_VALUE - (1 << 26);

  private static final int LEAST_FLOATS = 1 << 24;
  private static final int LEAST_INTS = 1 << 20;
  private static final int LEAST_TABLE = 1 << 17;

  private final DeviceStatus status;
  private final TornadoDevice device;
  private final int threads;
  private final Function<Op, Support> policy;
  private final List<DeviceArena> arenas = new ArrayList<>();
  private @Nullable VectorBackend host;

  /**
   * Opens a device.
   *
   * @param threads of the host, for ops that the device refuses
   * @param policy ops to refuse beside those that the kernels have no room for
   */
  TornadoBackend(
      DeviceStatus status, TornadoDevice device, int threads, Function<Op, Support> policy) {
    this.status = status;
    this.device = device;
    this.threads = threads;
    this.policy = policy;
  }

  @Override
  public DeviceStatus device() {
    return status;
  }

  @Override
  public Support supports(Op op) {
    int head =
        switch (op) {
          case Attention attention -> attention.headDim();
          case AttentionGradient gradient -> gradient.headDim();
          case CachedAttention attention -> attention.headDim();
          default -> 0;
        };
    return head > Lowering.LARGEST_HEAD
        ? new Support.Refused(
            "the kernel has room for heads of "
                + Lowering.LARGEST_HEAD
                + " elements at most, not "
                + head)
        : policy.apply(op);
  }

  @Override
  public TornadoExecutable compile(Program program) {
    Layout layout = new Layout(program);
    requireFits(layout.floats() + Layout.ALIGNMENT, layout.ints());
    long floats = layout.floats();
    try {
      Lowering lowering = new Lowering(program, layout, this::supports, fewTiles());
      floats +=
          Layout.aligned(lowering.constants().length) + Layout.aligned(lowering.scratchFloats());
      long ints = layout.ints() + lowering.scratchInts();
      requireFits(floats + Layout.ALIGNMENT, ints);
      int table = lowering.table().size();
      DeviceArena arena = null;
      Optional<DeviceArena.Region> region = Optional.empty();
      for (DeviceArena candidate : arenas) {
        region = candidate.take((int) floats, (int) ints, table);
        if (region.isPresent()) {
          arena = candidate;
          break;
        }
      }
      if (arena == null || region.isEmpty()) {
        arena = allocate((int) floats, (int) ints, table);
        region = arena.take((int) floats, (int) ints, table);
      }
      DeviceArena.Region taken = region.orElseThrow();
      try {
        return new TornadoExecutable(program, layout, lowering, arena, taken, hostKernels());
      } catch (RuntimeException e) {
        arena.giveBack(taken);
        throw e;
      }
    } catch (TornadoOutOfMemoryException e) {
      throw tooLarge(floats, "which is not to be had there", e);
    } catch (OutOfMemoryError e) {
      throw tooLarge(
          floats,
          "and this machine's for the copy of it that uploads come from, which the JVM does not"
              + " give (-XX:MaxDirectMemorySize caps it)",
          e);
    }
  }

  /** A product of fewer tiles than this leaves much of the device idle. */
  private int fewTiles() {
    return Math.max(16, 2 * device.getPhysicalDevice().getDeviceMaxComputeUnits());
  }

  /**
   * Allocates an arena, which is kept, and makes sure that it holds what is written to it.
   *
   * @param floats how many elements at least, as the other counts
   * @throws BackendUnavailableException if it does not
   */
  DeviceArena allocate(int floats, int ints, int table) {
    close(arenas.stream().filter(DeviceArena::isIdle).toList());
    DeviceArena arena =
        DeviceArena.allocate(
            status.backend() + " " + status.id(),
            device,
            Math.max(LEAST_FLOATS, floats + 2 * Layout.ALIGNMENT),
            Math.max(LEAST_INTS, ints),
            Math.max(LEAST_TABLE, table + 2 * DeviceKernel.LONGEST));
    boolean works = false;
    try {
      works = arena.works();
    } finally {
      if (!works) {
        arena.close();
      }
    }
    if (!works) {
      throw tooLarge(
          floats, "and lost what was written to it: it is short of memory or busy", null);
    }
    arenas.add(arena);
    return arena;
  }

  private void requireFits(long floats, long ints) {
    long largest = device.getMaxAllocMemory();
    if (Math.max(floats, ints) > MOST_ELEMENTS) {
      throw tooLarge(floats, "more than the 8 GiB that one array can have", null);
    }
    if (floats * Float.BYTES + DeviceArena.HEADER > largest) {
      throw tooLarge(
          floats, "where one allocation can have " + (largest >> 20) + " MiB at most", null);
    }
  }

  private BackendUnavailableException tooLarge(long floats, String why, @Nullable Throwable cause) {
    String message =
        "the model and its batch need "
            + Math.max(1, floats * Float.BYTES >> 20)
            + " MiB of the memory of "
            + status.backend()
            + " "
            + status.id()
            + ", "
            + why
            + ": lower --batch-size or --sequence-length, or choose a smaller model";
    return cause == null
        ? new BackendUnavailableException(message)
        : new BackendUnavailableException(message, cause);
  }

  /** One factory a program, since its kernels share scratch memory; opened when first asked for. */
  private Supplier<KernelFactory> hostKernels() {
    KernelFactory[] made = new KernelFactory[1];
    return () -> {
      if (made[0] == null) {
        VectorBackend opened = host;
        if (opened == null) {
          VectorProvider provider = new VectorProvider();
          opened =
              (VectorBackend)
                  provider.open(new BackendOptions(provider.devices().getFirst().id(), threads));
          host = opened;
        }
        made[0] = opened.kernels();
      }
      return made[0];
    };
  }

  /** The most bytes that one allocation can have. */
  long largestAllocation() {
    return device.getMaxAllocMemory();
  }

  /** The pieces of the device's memory that are in use. */
  List<DeviceArena> arenas() {
    return List.copyOf(arenas);
  }

  @Override
  public void close() {
    try {
      close(List.copyOf(arenas));
    } finally {
      if (host != null) {
        host.close();
      }
    }
  }

  /** Closes arenas, all of them, and forgets them. */
  private void close(List<DeviceArena> closing) {
    arenas.removeAll(closing);
    List<IllegalStateException> failures = new ArrayList<>();
    for (DeviceArena arena : closing) {
      try {
        arena.close();
      } catch (IllegalStateException e) {
        failures.add(e);
      }
    }
    if (!failures.isEmpty()) {
      IllegalStateException first = failures.getFirst();
      failures.stream().skip(1).forEach(first::addSuppressed);
      throw first;
    }
  }
}
