package pbb.bench;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import pbb.engine.backend.Backend;
import pbb.engine.generate.Completion;
import pbb.engine.selection.Backends;

/** Batched greedy generation with a key-value cache, prompts included. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 3)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class GenerationBenchmark {

  /** S, M or L. */
  @Param({"S", "M", "L"})
  public String shape;

  /** The backend's name. */
  @Param("vector")
  public String backend;

  /** Threads that the backend may use. */
  @Param({"1", "2"})
  public int threads;

  private Backend opened;
  private GenerationLoad load;

  /** What is counted beside batches. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Counters {
    /** New tokens. */
    public long tokens;
  }

  /** Compiles the model. */
  @Setup(Level.Trial)
  public void open() {
    opened = Backends.discover().select(backend, Optional.empty(), threads).backend();
    load = new GenerationLoad(opened, ModelShape.named(shape));
  }

  /** One batch. */
  @Benchmark
  public List<Completion> generate(Counters counters) {
    List<Completion> completions = load.generate();
    counters.tokens += (long) GenerationLoad.BATCH * GenerationLoad.NEW;
    return completions;
  }

  /** Frees the memory. */
  @TearDown(Level.Trial)
  public void close() {
    load.close();
    opened.close();
  }
}
