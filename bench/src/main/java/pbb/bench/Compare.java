package pbb.bench;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import pbb.engine.backend.Backend;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.selection.Backends;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "One JSON object a line.")
  private boolean json;

  @Option(names = "--peers", description = "Run bench/peers too, and say which is missing and why.")
  private boolean peers;

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
      description = "Some of limit,train,matmul,generate (default: all).")
  private List<What> what = List.of(What.values());

  private Compare() {}

  /** Measures as the options say. */
  public static void main(String[] args) {
    System.exit(
        new CommandLine(new Compare()).setCaseInsensitiveEnumValuesAllowed(true).execute(args));
  }

  @Override
  public void run() {
    List<ModelShape> models = shapes();
    List<Integer> counts = threads();
    EnumSet<What> asked = EnumSet.copyOf(what);
    PrintWriter out = spec.commandLine().getOut();
    Map<Integer, Limit> limits = new HashMap<>();
    // A share of the peak means nothing without a peak of the same run, so it is always measured.
    for (int count : counts) {
      Limit limit = Limit.measure(count);
      limits.put(count, limit);
      if (asked.contains(What.LIMIT)) {
        print(out, limit.line(), limits);
      }
    }
    Backends backends = Backends.discover();
    for (DeviceStatus device : backends.devices()) {
      if (device.usable() && MEASURED.contains(device.kind())) {
        for (int count : counts) {
          try (Backend backend =
              backends.select(device.backend(), Optional.of(device.id()), count).backend()) {
            measure(new Engine(backend, count), asked, models, line -> print(out, line, limits));
          }
        }
      }
    }
    if (peers) {
      new Peers(Path.of(System.getProperty("pbb.root", "."), "bench", "peers"))
          .run(asked, models, counts, line -> print(out, line, limits));
    }
  }

  private static void measure(
      Engine engine, Set<What> asked, List<ModelShape> models, Consumer<Line> out) {
    for (What each : asked) {
      switch (each) {
        case LIMIT -> {} // the machine's, not a device's
        case TRAIN -> models.forEach(model -> out.accept(engine.train(model)));
        case MATMUL -> engine.products(out);
        case GENERATE -> models.forEach(model -> out.accept(engine.generate(model)));
      }
    }
  }

  private void print(PrintWriter out, Line line, Map<Integer, Limit> limits) {
    Line complete = withPeakShare(line, limits);
    out.println(json ? complete.json() : complete.text());
    out.flush();
  }

  /** Adds which part of the peak that was measured with as many threads a line's GFLOP/s are. */
  private static Line withPeakShare(Line line, Map<Integer, Limit> limits) {
    Limit limit = limits.get(line.get("threads").asInt());
    if (limit == null || !line.get("gflops").isNumber()) {
      return line;
    }
    double share = line.get("gflops").asDouble() / limit.fmaGflops().median();
    return line.with("peak_share", Line.round(share, 3));
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
