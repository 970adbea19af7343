package pbb.tornado;

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

  private static final TornadoBackend SHARED = open(_ -> new Support.Supported());

  private TestDevice() {}

  /** A backend that closing leaves open. */
  static Backend shared() {
    return new KeptOpen(SHARED);
  }

  /** The backend behind {@link #shared}. */
  static TornadoBackend backend() {
    return SHARED;
  }

  /** A backend of its own, which refuses what the policy refuses. */
  static TornadoBackend open(Function<Op, Support> policy) {
    TornadoProvider provider = new TornadoProvider(policy);
    DeviceStatus device =
        provider.devices().stream().min((a, b) -> a.kind().compareTo(b.kind())).orElseThrow();
    Assumptions.assumeTrue(
        device.usable(),
        () -> "SKIPPED: no device for TornadoVM: " + device.refusal().orElseThrow());
    return (TornadoBackend) provider.open(new BackendOptions(device.id(), 2));
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
