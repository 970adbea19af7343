package pbb.tornado;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Assumptions;
import pbb.engine.backend.Backend;
import pbb.engine.backend.BackendOptions;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.backend.Executable;
import pbb.engine.backend.Support;
import pbb.engine.graph.Op;
import pbb.engine.graph.Program;

/**
 * The device of this machine that tests run on: a GPU if there is one, else a processor behind
 * OpenCL. One backend serves all tests, so that each kernel is compiled once.
 */
final class TestDevice {

  private static final DeviceStatus DEVICE =
      new TornadoProvider()
          .devices().stream().min((a, b) -> a.kind().compareTo(b.kind())).orElseThrow();

  private TestDevice() {}

  /** Opened by the first test that needs it; a test that is skipped does not come here. */
  private static final class Shared {

    static final TornadoBackend BACKEND = opened(_ -> new Support.Supported());

    private Shared() {}
  }

  /** A backend that closing leaves open. */
  static Backend shared() {
    return new KeptOpen(backend());
  }

  /** The backend behind {@link #shared}. */
  static TornadoBackend backend() {
    requireDevice();
    return Shared.BACKEND;
  }

  /** A backend of its own, which refuses what the policy refuses. */
  static TornadoBackend open(Function<Op, Support> policy) {
    requireDevice();
    return opened(policy);
  }

  private static TornadoBackend opened(Function<Op, Support> policy) {
    return (TornadoBackend) new TornadoProvider(policy).open(new BackendOptions(DEVICE.id(), 2));
  }

  /** Skips the test that asks where there is no device. */
  private static void requireDevice() {
    DEVICE
        .refusal()
        .ifPresent(
            refusal ->
                Assumptions.abort(
                    "SKIPPED: no device for TornadoVM: "
                        + refusal.reason()
                        + ": "
                        + refusal.remedy()));
  }

  /**
   * What TornadoVM itself counts while something works on the shared backend.
   *
   * @param launches of graphs
   * @param toDevice bytes that were copied for them, with what a launch itself takes
   * @param toHost bytes that they copied back by themselves
   */
  record Counted(long launches, long toDevice, long toHost) {}

  /** Counts in all memory that the shared backend has so far. */
  static Counted count(Runnable work) {
    List<DeviceArena.Measured> measured = new ArrayList<>();
    Runnable all = work;
    for (DeviceArena arena : backend().arenas()) {
      Runnable inner = all;
      all = () -> measured.add(arena.measure(inner));
    }
    all.run();
    return new Counted(
        measured.stream().mapToLong(DeviceArena.Measured::launches).sum(),
        measured.stream().mapToLong(DeviceArena.Measured::toDevice).sum(),
        measured.stream().mapToLong(DeviceArena.Measured::toHost).sum());
  }

  /** Another backend, closed by whoever opened it. */
  record KeptOpen(Backend backend) implements Backend {

    @Override
    public DeviceStatus device() {
      return backend.device();
    }

    @Override
    public Support supports(Op op) {
      return backend.supports(op);
    }

    @Override
    public Executable compile(Program program) {
      return backend.compile(program);
    }

    @Override
    public void close() {}
  }
}
