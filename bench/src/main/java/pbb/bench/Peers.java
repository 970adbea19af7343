package pbb.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What a user would pick instead: the programs of {@code bench/peers}, which print lines as ours.
 * Each is run as it is installed and at its strongest, or once where these do not differ on this
 * machine ({@code setup}: {@code installed}, {@code strongest}, {@code either}). Its lines pass
 * through; one that cannot run is said, with why.
 */
final class Peers {

  /** Needs minutes to compile and is no default: only worth it where the strongest is sought. */
  private static final String MAX_AUTOTUNE = "max-autotune";

  private static final String INSTALLED = "installed";

  /** How a peer is run to its end: at once, or in turns. */
  private interface Way {
    Optional<String> run(Program program, Consumer<Line> out);
  }

  private final Path folder;

  /** Peers that cannot be tried at all, and of which this was said. */
  private final Set<String> said = new HashSet<>();

  /** What each peer answered when asked which setups differ here. */
  private final Map<String, List<String>> setups = new HashMap<>();

  /**
   * @param folder {@code bench/peers}
   */
  Peers(Path folder) {
    this.folder = folder;
  }

  /** Training steps of every peer, each in turn with the engine. */
  void train(ModelShape shape, int threads, Turns turns, Consumer<Line> out) {
    trainings(
        List.of("eager", "compile", MAX_AUTOTUNE), shape, threads, _ -> Map.of(), turns::run, out);
  }

  /**
   * A few steps in a process of its own: for what a process needs, not for how fast it is.
   *
   * @param steps how many, at least 2
   * @param caches where compiled kernels are kept, apart for each setup; else where they always are
   */
  void fewSteps(
      ModelShape shape, int threads, int steps, Optional<Path> caches, Consumer<Line> out) {
    trainings(
        List.of("eager", "compile"),
        shape,
        threads,
        setup -> {
          Map<String, String> environment = new HashMap<>();
          environment.put("WARM_UP", "1");
          environment.put("STEPS", String.valueOf(steps - 1));
          caches.ifPresent(
              folder ->
                  environment.put("TORCHINDUCTOR_CACHE_DIR", folder.resolve(setup).toString()));
          return environment;
        },
        Program::run,
        out);
  }

  private void trainings(
      List<String> modes,
      ModelShape shape,
      int threads,
      Function<String, Map<String, String>> environment,
      Way way,
      Consumer<Line> out) {
    String count = String.valueOf(threads);
    for (String setup : setups("libtorch", out)) {
      run("libtorch", setup, environment.apply(setup), way, out, "train", shape.argument(), count);
    }
    for (String setup : setups("pytorch", out)) {
      for (String mode : modes) {
        if (!(mode.equals(MAX_AUTOTUNE) && setup.equals(INSTALLED))) {
          run(
              "pytorch",
              setup,
              environment.apply(setup),
              way,
              out,
              "train",
              mode,
              shape.argument(),
              count);
        }
      }
    }
  }

  /**
   * The matrix products of oneMKL, through libtorch, and of OpenBLAS.
   *
   * @param product its transposes do not matter: all of them are measured
   */
  void products(Product product, int threads, Consumer<Line> out) {
    String mnk = product.m() + "," + product.n() + "," + product.k();
    for (String peer : List.of("libtorch", "openblas")) {
      for (String setup : setups(peer, out)) {
        run(peer, setup, Map.of(), Program::run, out, "gemm", mnk, String.valueOf(threads));
      }
    }
  }

  /**
   * A matrix product of the peer for a device behind OpenCL.
   *
   * @param device its description, which begins with its name
   */
  void product(Product product, String device, Consumer<Line> out) {
    Optional<String> absent = missing("opencl");
    if (absent.isPresent()) {
      sayOnce("opencl", absent.get(), out);
    } else {
      run("opencl", "", Map.of(), Program::run, out, "gemm", device, "all", product.argument());
    }
  }

  /** Batched greedy generation of every peer, each in turn with the engine. */
  void generate(ModelShape shape, int threads, Turns turns, Consumer<Line> out) {
    String count = String.valueOf(threads);
    for (String setup : setups("libtorch", out)) {
      run("libtorch", setup, Map.of(), turns::run, out, "generate", shape.argument(), count);
    }
    for (String setup : setups("pytorch", out)) {
      for (String mode : List.of("eager", "compile")) {
        run("pytorch", setup, Map.of(), turns::run, out, "generate", mode, shape.argument(), count);
      }
    }
  }

  /** The setups that a peer is to be run in; none where it cannot run at all, which is said. */
  private List<String> setups(String peer, Consumer<Line> out) {
    Optional<String> absent = missing(peer);
    if (absent.isPresent()) {
      sayOnce(peer, absent.get(), out);
      return List.of();
    }
    return setups.computeIfAbsent(
        peer,
        _ -> {
          List<String> answer = new ArrayList<>();
          Optional<String> failure =
              program(peer, "", Map.of(), "setups")
                  .run(line -> line.get("setups").forEach(each -> answer.add(each.asText())));
          if (answer.isEmpty()) {
            sayOnce(peer, failure.orElse("it does not say in which setups to run it"), out);
          }
          return answer;
        });
  }

  private void sayOnce(String peer, String because, Consumer<Line> out) {
    if (said.add(peer)) {
      out.accept(missing(peer, because));
    }
  }

  private void run(
      String peer,
      String setup,
      Map<String, String> environment,
      Way way,
      Consumer<Line> out,
      String... arguments) {
    List<Line> lines = new ArrayList<>();
    Optional<String> failure = way.run(program(peer, setup, environment, arguments), lines::add);
    lines.forEach(out);
    failure.ifPresent(
        because ->
            out.accept(
                missing(peer, because)
                    .with("setup", setup)
                    .with("arguments", String.join(" ", arguments))));
  }

  private Program program(
      String peer, String setup, Map<String, String> environment, String... arguments) {
    List<String> command = new ArrayList<>(List.of("./run"));
    command.addAll(List.of(arguments));
    Map<String, String> all = new HashMap<>(environment);
    all.put("JAVA_HOME", System.getProperty("java.home"));
    if (!setup.isEmpty()) {
      all.put("SETUP", setup);
    }
    return new Program(command, folder.resolve(peer), all);
  }

  private static Line missing(String peer, String because) {
    return Line.of("missing").with("peer", peer).with("because", because);
  }

  /** Why a peer cannot even be tried here. */
  private Optional<String> missing(String peer) {
    if (!Files.isExecutable(folder.resolve(peer).resolve("run"))) {
      return Optional.of(folder.resolve(peer).resolve("run") + " is not there");
    }
    String system = System.getProperty("os.name") + " on " + System.getProperty("os.arch");
    return switch (peer) {
      case "libtorch" ->
          !system.equals("Linux on amd64")
              ? Optional.of("its library is for Linux on amd64, and this is " + system)
              : onPath("mvn");
      case "pytorch" -> onPath("python3").or(() -> onPath("c++"));
      case "openblas" -> onPath("python3");
      default -> Optional.empty();
    };
  }

  private static Optional<String> onPath(String program) {
    for (String directory : System.getenv().getOrDefault("PATH", "").split(":")) {
      if (Files.isExecutable(Path.of(directory, program))) {
        return Optional.empty();
      }
    }
    return Optional.of("there is no " + program + " on the PATH");
  }
}
