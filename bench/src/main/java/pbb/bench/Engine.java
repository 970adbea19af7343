package pbb.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import pbb.engine.backend.Backend;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.backend.Executable;
import pbb.engine.backend.Profile;
import pbb.engine.backend.Profile.KernelTime;
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
  private static final int PROFILED_STEPS = 5;
  private static final String GRAPH = "product";

  private final Backend backend;
  private final int threads;

  /**
   * @param threads how many of the host's threads the backend was opened for
   */
  Engine(Backend backend, int threads) {
    this.backend = backend;
    this.threads = threads;
  }

  /** What computes. */
  DeviceStatus device() {
    return backend.device();
  }

  /**
   * Whether it computes on a device with threads of its own, and not on those of this process. Its
   * lines say which, and no number of threads.
   */
  static boolean isOnDevice(DeviceStatus status) {
    return switch (status.kind()) {
      case GPU, ON_REQUEST -> true;
      case VECTOR_CPU, SCALAR_CPU -> false;
    };
  }

  /**
   * Whole training steps of a model.
   *
   * @param peak measures what this machine reaches at this moment, in GFLOP/s
   * @param peers is called while the model is ready for more, unless a device's: those are not
   *     compared with peers on the host
   */
  void train(ModelShape shape, DoubleSupplier peak, Consumer<Line> out, Consumer<Turns> peers) {
    try (TrainingLoad load = new TrainingLoad(backend, shape)) {
      double firstLoss = load.step().loss();
      double tokens = (double) shape.batch() * shape.seq();
      Rates.warmUp(load::step);
      Repeats repeats = repeats(REPEATS, shape.trainingFlops(), peak, load::step);
      Line line =
          withRates(line(What.TRAIN).with("shape", shape.name()), repeats, tokens)
              .with("loss_first", Line.round(firstLoss, 4));
      out.accept(load.withComparedLoss(line));
      if (!isOnDevice(device())) {
        peers.accept(new Turns(repeats.flops(), peak, Optional.of(load::step)));
      }
    }
  }

  /**
   * Batched greedy generation; new tokens over the time of prompt and decoding together. The
   * parameters are those of {@link #train}.
   */
  void generate(ModelShape shape, DoubleSupplier peak, Consumer<Line> out, Consumer<Turns> peers) {
    try (GenerationLoad load = new GenerationLoad(backend, shape)) {
      double tokens = (double) GenerationLoad.BATCH * GenerationLoad.NEW;
      Rates.warmUp(load::generate);
      Repeats repeats =
          repeats(GENERATION_REPEATS, GenerationLoad.flops(shape), peak, load::generate);
      Line line =
          line(What.GENERATE)
              .with("shape", shape.name())
              .with("batch", GenerationLoad.BATCH)
              .with("prompt", GenerationLoad.PROMPT)
              .with("new", GenerationLoad.NEW);
      out.accept(withRates(line, repeats, tokens));
      if (!isOnDevice(device())) {
        peers.accept(new Turns(repeats.flops(), peak, Optional.of(load::generate)));
      }
    }
  }

  private Repeats repeats(int count, double flops, DoubleSupplier peak, Runnable work) {
    List<Double> seconds = new ArrayList<>();
    List<Double> peaks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      if (!isOnDevice(device())) {
        peaks.add(peak.getAsDouble());
      }
      seconds.add(Rates.seconds(work));
    }
    return new Repeats(flops, seconds, peaks);
  }

  private static Line withRates(Line line, Repeats repeats, double tokens) {
    Rates rates = repeats.rates(tokens);
    return repeats.addTo(
        line.with("tokens_per_s", Line.round(rates.median(), 1))
            .with("low", Line.round(rates.low(), 1))
            .with("high", Line.round(rates.high(), 1)));
  }

  /** A load on this backend, for a measurement that needs more than its rate. */
  TrainingLoad training(ModelShape shape) {
    return new TrainingLoad(backend, shape);
  }

  /** Likewise. */
  GenerationLoad generation(ModelShape shape, int batch, int prompt, int fresh) {
    return new GenerationLoad(backend, shape, batch, prompt, fresh);
  }

  int threads() {
    return threads;
  }

  /**
   * Training steps by kernel: a line for each, the longest first, then one for the whole step. The
   * times of kernels are by the device's clock. Steps without the profiler alternate with those
   * that have it; the host's part is that of the latter, and so holds the profiler's own work too.
   */
  void kernels(ModelShape shape, Consumer<Line> out) {
    Observed observed = new Observed(backend);
    try (TrainingLoad load = new TrainingLoad(observed, shape)) {
      Rates.warmUp(load::step);
      double[] steps = new double[PROFILED_STEPS];
      double profiled = 0;
      for (int i = 0; i < PROFILED_STEPS; i++) {
        long began = System.nanoTime();
        load.step();
        steps[i] = (System.nanoTime() - began) / 1e6;
        observed.profile(true);
        began = System.nanoTime();
        load.step();
        profiled += (System.nanoTime() - began) / 1e6 / PROFILED_STEPS;
        observed.profile(false);
      }
      Profile profile = observed.profile();
      double inKernels = 0;
      List<KernelTime> longestFirst =
          profile.kernels().stream()
              .sorted(Comparator.comparingLong(KernelTime::nanoseconds).reversed())
              .toList();
      for (KernelTime kernel : longestFirst) {
        double milliseconds = kernel.nanoseconds() / 1e6 / PROFILED_STEPS;
        inKernels += milliseconds;
        Line line =
            line(What.KERNELS)
                .with("shape", shape.name())
                .with("kernel", kernel.name())
                .with("launches", kernel.launches() / PROFILED_STEPS)
                .with("ms", Line.round(milliseconds, 3))
                .with("share", Line.round(milliseconds / profiled, 4));
        out.accept(
            kernel.flops() == 0
                ? line
                : line.with(
                    "gflops", Line.round((double) kernel.flops() / kernel.nanoseconds(), 1)));
      }
      double transfers = profile.transferNanoseconds() / 1e6 / PROFILED_STEPS;
      double host = profiled - inKernels - transfers;
      out.accept(
          line(What.KERNELS)
              .with("shape", shape.name())
              .with("step_ms", Line.round(Rates.of(steps).median(), 2))
              .with("profiled_ms", Line.round(profiled, 2))
              .with("kernels_ms", Line.round(inKernels, 2))
              .with("transfers_ms", Line.round(transfers, 2))
              .with("host_ms", Line.round(host, 2))
              .with("host_share", Line.round(host / profiled, 4)));
    }
  }

  /** A product by itself. */
  Line product(Product product) {
    int m = product.m();
    int n = product.n();
    int k = product.k();
    String transpose = product.transpose();
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

  /** A line that says what was measured, and on what. */
  Line line(What what) {
    DeviceStatus device = backend.device();
    Line line = Line.of(what.toString()).with("backend", device.backend());
    return isOnDevice(device)
        ? line.with("device", device.id()).with("device_name", device.description())
        : line.with("threads", threads);
  }
}
