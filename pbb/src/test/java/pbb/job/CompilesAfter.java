package pbb.job;

import pbb.engine.backend.Backend;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.backend.Executable;
import pbb.engine.backend.Support;
import pbb.engine.graph.Op;
import pbb.engine.graph.Program;

/**
 * A backend that does something before it compiles: waits, or fails.
 *
 * @param backend does the work; it is not closed with this one
 * @param before is done before
 */
public record CompilesAfter(Backend backend, Runnable before) implements Backend {

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
    before.run();
    return backend.compile(program);
  }

  @Override
  public void close() {}
}
