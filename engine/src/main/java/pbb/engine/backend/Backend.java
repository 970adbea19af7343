package pbb.engine.backend;

import pbb.engine.graph.Op;
import pbb.engine.graph.Program;

/**
 * An opened device, which compiles programs. One thread at a time may use it and its executables.
 *
 * <p>For one program, the same values in give the same bits out on the same device, whatever the
 * number of threads and however often it has run before.
 */
public interface Backend extends AutoCloseable {

  /** The device. */
  DeviceStatus device();

  /**
   * Whether the device computes {@code op} itself; what it refuses, {@link #compile} may place
   * elsewhere and says so.
   */
  Support supports(Op op);

  /**
   * Allocates all that {@code program} needs and makes it ready to run. Persistent tensors start as
   * zeros.
   *
   * @throws BackendUnavailableException if the device cannot hold or run it; the message says how
   *     much was needed
   */
  Executable compile(Program program);

  @Override
  void close();
}
