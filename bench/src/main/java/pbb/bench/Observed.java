package pbb.bench;

import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import pbb.engine.backend.Backend;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.backend.Executable;
import pbb.engine.backend.Placement;
import pbb.engine.backend.Profile;
import pbb.engine.backend.Profile.KernelTime;
import pbb.engine.backend.Support;
import pbb.engine.backend.Transfers;
import pbb.engine.graph.Op;
import pbb.engine.graph.Program;
import pbb.engine.graph.Tensor;

/**
 * A backend whose runs can be profiled from outside of what runs them. Closing it leaves the
 * backend that it stands before open.
 */
final class Observed implements Backend {

  private final Backend backend;
  private final Map<String, KernelTime> kernels = new LinkedHashMap<>();
  private long transferNanoseconds;
  private boolean profiling;

  Observed(Backend backend) {
    this.backend = backend;
  }

  /** Profiles all runs from now on, or none. */
  void profile(boolean on) {
    profiling = on;
  }

  /** What all profiled runs so far consisted of. */
  Profile profile() {
    return new Profile(List.copyOf(kernels.values()), transferNanoseconds);
  }

  private void add(Profile run) {
    run.kernels().forEach(kernel -> kernels.merge(kernel.name(), kernel, KernelTime::plus));
    transferNanoseconds += run.transferNanoseconds();
  }

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
    Executable compiled = backend.compile(program);
    return new Executable() {
      @Override
      public Program program() {
        return compiled.program();
      }

      @Override
      public void write(Tensor tensor, MemorySegment source) {
        compiled.write(tensor, source);
      }

      // What is read after a profiled run is a copy to the host, and waited for.
      @Override
      public void read(Tensor tensor, MemorySegment target) {
        long began = System.nanoTime();
        compiled.read(tensor, target);
        if (profiling) {
          transferNanoseconds += System.nanoTime() - began;
        }
      }

      @Override
      public void run(String graph) {
        if (profiling) {
          add(compiled.profile(graph));
        } else {
          compiled.run(graph);
        }
      }

      @Override
      public Profile profile(String graph) {
        return compiled.profile(graph);
      }

      @Override
      public Transfers transfers() {
        return compiled.transfers();
      }

      @Override
      public List<Placement> placements() {
        return compiled.placements();
      }

      @Override
      public long bytes() {
        return compiled.bytes();
      }

      @Override
      public void close() {
        compiled.close();
      }
    };
  }

  @Override
  public void close() {}
}
