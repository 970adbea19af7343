package pbb.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
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
import pbb.engine.conformance.Filling;
import pbb.engine.conformance.OpCase;
import pbb.engine.conformance.OpTable;
import pbb.engine.conformance.Session;
import pbb.engine.graph.Tensor;
import pbb.engine.random.RandomStream;
import pbb.engine.selection.Backends;

/**
 * Every op of the op table by itself: the time of all rows that a model of the shape has of it,
 * forward and backward, overwriting and adding.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class OpBenchmark {

  /** The op's name. */
  @Param({
    "AdamW",
    "Add",
    "Attention",
    "AttentionGradient",
    "CacheWrite",
    "CachedAttention",
    "ClipFactor",
    "CrossEntropy",
    "CrossEntropyGradient",
    "Embedding",
    "EmbeddingGradient",
    "MatMul",
    "RmsNorm",
    "RmsNormGradient",
    "Rope",
    "SquaredNorm",
    "SwiGlu",
    "SwiGluGradient",
    "TakeRows"
  })
  public String op;

  /** S, M or L. */
  @Param("S")
  public String shape;

  /** The backend's name. */
  @Param({"vector", "scalar"})
  public String backend;

  /** Threads that the backend may use. */
  @Param("1")
  public int threads;

  private Backend opened;
  private final List<Session> sessions = new ArrayList<>();

  /** The rows of an op: a model's, or the table's if the op's shape does not depend on a model. */
  static List<OpCase> rows(String op, ModelShape shape) {
    List<OpCase> ofModel =
        OpTable.ofModel(shape.config(shape.seq()), shape.batch(), shape.seq()).stream()
            .filter(OpCase.ofOp(op))
            .toList();
    return ofModel.isEmpty() ? OpTable.rows().stream().filter(OpCase.ofOp(op)).toList() : ofModel;
  }

  /** Compiles the rows and writes their inputs. */
  @Setup(Level.Trial)
  public void open() {
    opened = Backends.discover().select(backend, Optional.empty(), threads).backend();
    for (OpCase row : rows(op, ModelShape.named(shape))) {
      Session session = new Session(opened, row.program());
      sessions.add(session);
      for (Tensor tensor : row.program().persistentTensors()) {
        session.write(tensor, values(row, tensor));
      }
    }
  }

  /** What the table leaves for another op to write is 1: the time does not depend on it. */
  private static double[] values(OpCase row, Tensor tensor) {
    Filling filling = row.fillings().getOrDefault(tensor, Filling.UNWRITTEN);
    double[] values =
        filling.values(Math.toIntExact(tensor.size()), RandomStream.of(1, tensor.name(), 0));
    Arrays.setAll(values, i -> Double.isNaN(values[i]) ? 1 : values[i]);
    return values;
  }

  /** Runs each row once. */
  @Benchmark
  public void run() {
    for (Session session : sessions) {
      session.run(OpCase.GRAPH);
    }
  }

  /** Frees the memory. */
  @TearDown(Level.Trial)
  public void close() {
    sessions.forEach(Session::close);
    opened.close();
  }
}
