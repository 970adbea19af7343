package pbb.engine.backend.scalar;

import java.util.Optional;
import pbb.engine.backend.Backend;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.backend.Executable;
import pbb.engine.backend.Support;
import pbb.engine.backend.host.HostExecutable;
import pbb.engine.backend.host.KernelFactory;
import pbb.engine.graph.Op;
import pbb.engine.graph.Program;

/**
 * The definition of every op: one thread, plain loops, sums and functions in double precision. It
 * is what other backends are held against, and far too slow to train with.
 */
public final class ScalarBackend implements Backend {

  static final DeviceStatus DEVICE =
      new DeviceStatus(
          "scalar",
          "cpu",
          "plain loops on one thread, for checking",
          DeviceStatus.Kind.SCALAR_CPU,
          Optional.empty());

  private final boolean doubles;

  private ScalarBackend(boolean doubles) {
    this.doubles = doubles;
  }

  /** A backend that stores floats as every other does, in four bytes. */
  public static ScalarBackend withFloats() {
    return new ScalarBackend(false);
  }

  /**
   * A backend that stores doubles, for checks that single precision would blur: {@link
   * Executable#write} and {@link Executable#read} take eight bytes for each float, and still four
   * for each integer.
   */
  public static ScalarBackend withDoubles() {
    return new ScalarBackend(true);
  }

  /** The size of a stored float: 4 or 8 bytes. */
  public int floatBytes() {
    return doubles ? Double.BYTES : Float.BYTES;
  }

  /** The definitions, for a host backend that takes some ops from here. */
  public KernelFactory kernels() {
    return new ScalarKernels(doubles);
  }

  @Override
  public DeviceStatus device() {
    return DEVICE;
  }

  @Override
  public Support supports(Op op) {
    return new Support.Supported();
  }

  @Override
  public Executable compile(Program program) {
    return new HostExecutable(program, kernels(), floatBytes());
  }

  @Override
  public void close() {}
}
