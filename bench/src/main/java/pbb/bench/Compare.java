package pbb.bench;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import pbb.engine.backend.Backend;
import pbb.engine.backend.BackendUnavailableException;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.selection.Backends;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/**
 * {@code scripts/bench compare}: this machine's limits, the engine and its peers, measured in one
 * run.
 */
@Command(
    name = "compare",
    description = "Measures this machine's limits, the engine and its peers in one run.",
    mixinStandardHelpOptions = true)
public final class Compare implements Runnable {

  /**
   * Plain loops are for being right, and a processor behind a device interface is not what users
   * run.
   */
  private static final Set<DeviceStatus.Kind> MEASURED =
      EnumSet.of(DeviceStatus.Kind.GPU, DeviceStatus.Kind.VECTOR_CPU);

  /** What compares speeds of compiled code, for which all are to run on the same CPU. */
  private static final Set<What> COMPARES_SPEEDS =
      EnumSet.complementOf(EnumSet.of(What.LIMIT, What.MEMORY, What.START, What.ALLOCATION));

  /** How ids of devices behind OpenCL begin. */
  private static final String OPENCL = "opencl:";

  /** The exit code where a backend that was named does not work, as pbb's. */
  private static final int NO_BACKEND = 3;

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  @Option(names = "--peers", description = "Run bench/peers too, and say which is missing and why.")
  private boolean peers;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      description =
          "The backend to measure, which must work (default: the Vector API, and every GPU that"
              + " works).")
  private Optional<String> backend = Optional.empty();

  @Option(
      names = "--device",
      paramLabel = "ID",
      description = "Its device, such as opencl:0 (default: its best one).")
  private Optional<String> device = Optional.empty();

  @Option(
      names = "--shapes",
      defaultValue = "S,M,L",
      paramLabel = "SHAPES",
      description =
          "S, M, L, or NAME=d,layers,heads,ffn,vocab,batch,seq; several with commas (default:"
              + " S,M,L).")
  private String shapes;

  @Option(
      names = "--threads",
      split = ",",
      paramLabel = "N",
      description = "Numbers of threads, with commas (default: 1 and all there are).")
  private List<Integer> threads = List.of();

  @Option(
      names = "--what",
      split = ",",
      paramLabel = "WHAT",
      description =
          "Some of limit,train,kernels,matmul,generate,generate1,memory,start,growth,grid,"
              + "allocation (default: limit,train,matmul,generate): see docs/performance.md.")
  private List<What> what = List.of(What.LIMIT, What.TRAIN, What.MATMUL, What.GENERATE);

  private final Ratios ratios = new Ratios();

  private Compare() {}

  /** Measures as the options say. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Compare())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(Compare::failed);
  }

  /** What was asked for and does not work ends as it does with pbb: a sentence and a code. */
  private static int failed(Exception failure, CommandLine command, ParseResult arguments)
      throws Exception {
    if (failure instanceof BackendUnavailableException) {
      command.getErr().println(failure.getMessage());
      return NO_BACKEND;
    }
    throw failure;
  }

  @Override
  public void run() {
    List<ModelShape> models = shapes();
    List<Integer> counts = threads();
    EnumSet<What> asked = EnumSet.copyOf(what);
    Optional<Peers> others =
        peers ? Optional.of(new Peers(root().resolve("bench").resolve("peers"))) : Optional.empty();
    Backends known = Backends.discover();
    for (int i = 0; i < counts.size(); i++) {
      int count = counts.get(i);
      // Opened first, so that what does not work is said before anything is measured.
      List<Backend> backends = open(known, count, i == counts.size() - 1);
      try {
        Limit limit = Limit.measure(count);
        if (asked.contains(What.LIMIT)) {
          print(limit.line());
        }
        List<Engine> engines =
            backends.stream().map(backend -> new Engine(backend, count)).toList();
        measureAll(engines, others, asked, models, limit);
      } finally {
        backends.forEach(Backend::close);
      }
    }
    PrintWriter out = spec.commandLine().getOut();
    List<Line> lines = ratios.lines();
    if (json) {
      lines.forEach(line -> out.println(line.json()));
    } else {
      out.print(Ratios.tables(lines));
    }
    out.flush();
  }

  private static Path root() {
    return Path.of(System.getProperty("pbb.root", "."));
  }

  /**
   * What is to be measured with a number of threads.
   *
   * @param last whether no other number follows: a device has its own threads and is measured once
   */
  private List<Backend> open(Backends known, int threads, boolean last) {
    List<Backend> opened = new ArrayList<>();
    if (backend.isPresent() || device.isPresent()) {
      Backend named = known.select(backend.orElse(Backends.AUTO), device, threads).backend();
      if (last || !Engine.isOnDevice(named.device())) {
        opened.add(named);
      } else {
        named.close();
      }
      return opened;
    }
    for (DeviceStatus each : known.devices()) {
      if (each.usable() && MEASURED.contains(each.kind()) && (last || !Engine.isOnDevice(each))) {
        opened.add(known.select(each.backend(), Optional.of(each.id()), threads).backend());
      }
    }
    return opened;
  }

  /** Everything that was asked for. */
  private void measureAll(
      List<Engine> engines,
      Optional<Peers> peers,
      Set<What> asked,
      List<ModelShape> models,
      Limit limit) {
    List<Engine> onHost =
        engines.stream().filter(engine -> !Engine.isOnDevice(engine.device())).toList();
    for (What what : asked) {
      if (limit.threads() == 1 && !onHost.isEmpty() && COMPARES_SPEEDS.contains(what)) {
        try (OneCpu cpu = OneCpu.fastest(limit::fmaNow)) {
          print(cpu.line().with("for", what.toString()));
          measure(what, engines, onHost, peers, models, limit);
        }
      } else {
        measure(what, engines, onHost, peers, models, limit);
      }
    }
  }

  /** Who is to be compared is measured in turn, or at least one right after the other. */
  private void measure(
      What what,
      List<Engine> engines,
      List<Engine> onHost,
      Optional<Peers> peers,
      List<ModelShape> models,
      Limit limit) {
    int threads = limit.threads();
    switch (what) {
      case LIMIT -> {} // the machine's, not a device's
      case TRAIN ->
          models.forEach(
              model -> {
                Consumer<Turns> inTurns =
                    turns ->
                        peers.ifPresent(others -> others.train(model, threads, turns, this::print));
                engines.forEach(engine -> engine.train(model, limit::fmaNow, this::print, inTurns));
                if (onHost.isEmpty()) {
                  inTurns.accept(new Turns(model.trainingFlops(), limit::fmaNow, Optional.empty()));
                }
              });
      case KERNELS ->
          models.forEach(model -> engines.forEach(engine -> engine.kernels(model, this::print)));
      case MATMUL -> products(engines, peers, threads, withShares(limit));
      case GENERATE ->
          models.forEach(
              model -> {
                Consumer<Turns> inTurns =
                    turns ->
                        peers.ifPresent(
                            others -> others.generate(model, threads, turns, this::print));
                engines.forEach(
                    engine -> engine.generate(model, limit::fmaNow, this::print, inTurns));
                if (onHost.isEmpty()) {
                  inTurns.accept(
                      new Turns(GenerationLoad.flops(model), limit::fmaNow, Optional.empty()));
                }
              });
      case GENERATE1 ->
          models.forEach(
              model -> onHost.forEach(engine -> print(SingleSequence.measure(engine, model))));
      case MEMORY ->
          models.forEach(
              model -> {
                onHost.forEach(engine -> Memory.measure(engine, model, this::print));
                peers.ifPresent(others -> Memory.measure(others, model, threads, this::print));
              });
      case START -> {
        print(Start.help(root()));
        models.forEach(
            model -> {
              onHost.forEach(engine -> Start.measure(engine, model, this::print));
              peers.ifPresent(others -> Start.measure(others, model, threads, this::print));
            });
      }
      case GROWTH -> {
        Consumer<Line> out = withShares(limit);
        models.forEach(model -> engines.forEach(engine -> Growth.measure(engine, model, out)));
      }
      case GRID ->
          engines.forEach(engine -> Grid.measure(engine, new SharesOfPeak(limit), this::print));
      case ALLOCATION ->
          models.forEach(
              model ->
                  onHost.forEach(
                      engine -> {
                        print(Allocation.training(engine, model));
                        print(Allocation.generation(engine, model));
                      }));
    }
  }

  /** All transposes of a product by everyone before the next product. */
  private static void products(
      List<Engine> engines, Optional<Peers> peers, int threads, Consumer<Line> out) {
    for (List<Product> transposes : Product.BY_SIZE) {
      for (Engine engine : engines) {
        for (Product product : transposes) {
          out.accept(engine.product(product));
          if (engine.device().id().startsWith(OPENCL)) {
            peers.ifPresent(others -> others.product(product, engine.device().description(), out));
          }
        }
      }
      if (!engines.stream().allMatch(engine -> Engine.isOnDevice(engine.device()))) {
        peers.ifPresent(others -> others.products(transposes.getFirst(), threads, out));
      }
    }
  }

  private Consumer<Line> withShares(Limit limit) {
    SharesOfPeak shares = new SharesOfPeak(limit);
    return line -> print(shares.apply(line));
  }

  private void print(Line line) {
    ratios.add(line);
    PrintWriter out = spec.commandLine().getOut();
    out.println(json ? line.json() : line.text());
    out.flush();
  }

  private List<ModelShape> shapes() {
    try {
      return ModelShape.parse(shapes);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--shapes: " + e.getMessage(), e);
    }
  }

  private List<Integer> threads() {
    int all = Runtime.getRuntime().availableProcessors();
    if (threads.isEmpty()) {
      return all == 1 ? List.of(1) : List.of(1, all);
    }
    for (int count : threads) {
      if (count < 1) {
        throw new ParameterException(
            spec.commandLine(), "--threads: must be at least 1, not " + count);
      }
    }
    return new ArrayList<>(threads);
  }
}
