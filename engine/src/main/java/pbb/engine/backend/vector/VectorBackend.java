package pbb.engine.backend.vector;

import java.lang.foreign.Arena;
import java.util.Optional;
import pbb.engine.backend.Backend;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.backend.Executable;
import pbb.engine.backend.Support;
import pbb.engine.backend.host.HostExecutable;
import pbb.engine.backend.host.KernelFactory;
import pbb.engine.graph.Op;
import pbb.engine.graph.Program;

/** The Vector API on a fixed number of threads; single precision throughout. */
public final class VectorBackend implements Backend {

  private final DeviceStatus device;
  private final Workers workers;
  private final Arena arena = Arena.ofShared();
  private final MatMulScratch matMulScratch;
  private final SecondLevelCache cache = SecondLevelCache.ofThisMachine();

  VectorBackend(DeviceStatus device, int threads) {
    this.device = device;
    this.workers = Workers.of(threads);
    this.matMulScratch = MatMulScratch.allocate(arena, workers, cache);
  }

  /** The kernels, for a backend that has some ops computed here; of use until this is closed. */
  public KernelFactory kernels() {
    return new VectorKernels(
        workers,
        matMulScratch,
        new ProgramScratch(workers),
        cache,
        Strips.Cut.ANY_GRAPH,
        Optional.empty());
  }

  @Override
  public DeviceStatus device() {
    return device;
  }

  @Override
  public Support supports(Op op) {
    return new Support.Supported();
  }

  @Override
  public Executable compile(Program program) {
    return new HostExecutable(
        program, new VectorLowering(workers, matMulScratch, cache), Float.BYTES);
  }

  @Override
  public void close() {
    workers.close();
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
