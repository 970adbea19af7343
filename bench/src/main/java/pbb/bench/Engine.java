package pbb.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Consumer;
import pbb.engine.backend.Backend;
import pbb.engine.backend.Executable;
import pbb.engine.graph.Destination;
import pbb.engine.graph.Graph;
import pbb.engine.graph.MatMul;
import pbb.engine.graph.MemoryPlan;
import pbb.engine.graph.Program;
import pbb.engine.graph.Role;
import pbb.engine.graph.Section;
import pbb.engine.graph.Tensor;
import pbb.engine.random.RandomStream;

/**
 * What one backend does, opened for some number of threads, as lines of {@code scripts/bench
 * compare}.
 */
final class Engine {

  private static final int REPEATS = 9;
  private static final int GENERATION_REPEATS = 5;
  private static final String GRAPH = "product";

  /**
   * The products of the known shapes' feed-forward and output layers, and a square one: M, N, K.
   */
  private static final int[][] PRODUCTS = {
    {4096, 384, 128},
    {4096, 128, 384},
    {4096, 768, 256},
    {4096, 256, 768},
    {2048, 1408, 512},
    {2048, 512, 1408},
    {2048, 8192, 512},
    {1024, 1024, 1024}
  };

  private final String name;
  private final Backend backend;

  Engine(Backend backend) {
    this.name = backend.device().backend();
    this.backend = backend;
  }

  /** Whole training steps of a model. */
  Line train(ModelShape shape, int threads) {
    try (TrainingLoad load = new TrainingLoad(backend, shape)) {
      double firstLoss = load.step().loss();
      double tokens = (double) shape.batch() * shape.seq();
      Rates rates = Rates.measure(tokens, REPEATS, load::step);
      double gflops =
          rates.median() * shape.config(shape.seq()).trainingFlopsPerToken(shape.seq()) / 1e9;
      return line(What.TRAIN)
          .with("shape", shape.name())
          .with("threads", threads)
          .with("tokens_per_s", Line.round(rates.median(), 1))
          .with("low", Line.round(rates.low(), 1))
          .with("high", Line.round(rates.high(), 1))
          .with("gflops", Line.round(gflops, 2))
          .with("loss_first", Line.round(firstLoss, 4))
          .with("loss_last", Line.round(load.step().loss(), 4));
    }
  }

  /** Batched greedy generation; new tokens over the time of prompt and decoding together. */
  Line generate(ModelShape shape, int threads) {
    try (GenerationLoad load = new GenerationLoad(backend, shape)) {
      double tokens = (double) GenerationLoad.BATCH * GenerationLoad.NEW;
      Rates rates = Rates.measure(tokens, GENERATION_REPEATS, load::generate);
      return line(What.GENERATE)
          .with("shape", shape.name())
          .with("batch", GenerationLoad.BATCH)
          .with("prompt", GenerationLoad.PROMPT)
          .with("new", GenerationLoad.NEW)
          .with("threads", threads)
          .with("tokens_per_s", Line.round(rates.median(), 1))
          .with("low", Line.round(rates.low(), 1))
          .with("high", Line.round(rates.high(), 1));
    }
  }

  /** Matrix products by themselves; each line goes out as soon as it is measured. */
  void products(int threads, Consumer<Line> out) {
    for (int[] mnk : PRODUCTS) {
      for (String transpose : List.of("NN", "NT", "TN")) {
        out.accept(product(mnk[0], mnk[1], mnk[2], transpose, threads));
      }
    }
  }

  private Line product(int m, int n, int k, String transpose, int threads) {
    boolean transposeA = transpose.charAt(0) == 'T';
    boolean transposeB = transpose.charAt(1) == 'T';
    Tensor a = transposeA ? input("a", k, m) : input("a", m, k);
    Tensor b = transposeB ? input("b", n, k) : input("b", k, n);
    Tensor out = Tensor.of("out", Role.OUTPUT, m, n);
    MatMul op =
        new MatMul(
            Destination.overwriting(out.whole()), a.whole(), b.whole(), transposeA, transposeB);
    Program program = Program.of(new Graph(GRAPH, List.of(new Section.Plain(List.of(op)))));
    try (Executable executable = backend.compile(program)) {
      randomize(executable, a);
      randomize(executable, b);
      int runs = (int) Math.max(1, 5e9 / op.flops());
      Rates rates =
          Rates.measure(
              (double) op.flops() * runs / 1e9,
              REPEATS,
              () -> {
                for (int run = 0; run < runs; run++) {
                  executable.run(GRAPH);
                }
              });
      return line(What.MATMUL)
          .with("m", m)
          .with("n", n)
          .with("k", k)
          .with("transpose", transpose)
          .with("threads", threads)
          .with("gflops", Line.round(rates.median(), 1))
          .with("low", Line.round(rates.low(), 1))
          .with("high", Line.round(rates.high(), 1));
    }
  }

  private static Tensor input(String name, int rows, int columns) {
    return Tensor.of(name, Role.INPUT, rows, columns);
  }

  private static void randomize(Executable executable, Tensor tensor) {
    RandomStream random = RandomStream.of(1, tensor.name(), 0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocate(tensor.size() * Float.BYTES, MemoryPlan.ALIGNMENT);
      for (long i = 0; i < tensor.size(); i++) {
        values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (2 * random.nextDouble() - 1));
      }
      executable.write(tensor, values);
    }
  }

  private Line line(What what) {
    return Line.of(what.toString()).with("backend", name);
  }
}
