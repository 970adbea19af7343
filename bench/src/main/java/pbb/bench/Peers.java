package pbb.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What a user would pick instead: the programs of {@code bench/peers}, which print lines as ours.
 * Each is run as it stands, and its lines pass through; one that cannot run is said, with why.
 */
final class Peers {

  private static final int KEPT_MESSAGES = 3;

  private final Path folder;

  /** Peers that cannot be tried at all, and of which this was said. */
  private final Set<String> said = new HashSet<>();

  /**
   * @param folder {@code bench/peers}
   */
  Peers(Path folder) {
    this.folder = folder;
  }

  /** Training steps of every peer; nothing of theirs runs any more when a line goes out. */
  void train(ModelShape shape, int threads, Consumer<Line> out) {
    String count = String.valueOf(threads);
    run("libtorch", out, "train", shape.argument(), count);
    for (String mode : List.of("eager", "compile", "max-autotune")) {
      run("pytorch", out, "train", mode, shape.argument(), count);
    }
  }

  /** Matrix products of the peer that has them alone. */
  void products(int threads, Consumer<Line> out) {
    run("libtorch", out, "gemm", "-", String.valueOf(threads));
  }

  /**
   * A matrix product of the peer for a device behind OpenCL.
   *
   * @param device its description, which begins with its name
   */
  void product(Product product, String device, Consumer<Line> out) {
    run("opencl", out, "gemm", device, "all", product.argument());
  }

  /** Batched greedy generation of every peer. */
  void generate(ModelShape shape, int threads, Consumer<Line> out) {
    String count = String.valueOf(threads);
    run("libtorch", out, "generate", shape.argument(), count);
    for (String mode : List.of("eager", "compile")) {
      run("pytorch", out, "generate", mode, shape.argument(), count);
    }
  }

  private void run(String peer, Consumer<Line> out, String... arguments) {
    Optional<String> absent = missing(peer);
    if (absent.isPresent()) {
      if (said.add(peer)) {
        out.accept(missing(peer, absent.get()));
      }
      return;
    }
    List<Line> lines = new ArrayList<>();
    Optional<String> failure = start(peer, lines::add, arguments);
    lines.forEach(out);
    failure.ifPresent(
        because ->
            out.accept(missing(peer, because).with("arguments", String.join(" ", arguments))));
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

  /** Runs a peer; if it fails, says how, with the end of what it wrote to standard error. */
  private Optional<String> start(String peer, Consumer<Line> out, String... arguments) {
    List<String> command = new ArrayList<>(List.of("./run"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.resolve(peer).toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    try {
      Process process = builder.start();
      process.getOutputStream().close();
      Deque<String> messages = new ArrayDeque<>();
      Thread reader =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try (BufferedReader lines = process.errorReader(StandardCharsets.UTF_8)) {
                      lines
                          .lines()
                          .filter(line -> !line.isBlank())
                          .forEach(
                              line -> {
                                messages.addLast(line.strip());
                                if (messages.size() > KEPT_MESSAGES) {
                                  messages.removeFirst();
                                }
                              });
                    } catch (IOException e) {
                      throw new UncheckedIOException(e);
                    }
                  });
      try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          out.accept(Line.parse(line));
        }
      } catch (JsonProcessingException e) {
        process.toHandle().destroyForcibly(); // leaves its streams open for the reader
        process.waitFor(); // what is measured next is to have the machine for itself
        reader.join();
        return Optional.of("it printed something else than JSON: " + e.getOriginalMessage());
      }
      int code = process.waitFor();
      reader.join();
      return code == 0
          ? Optional.empty()
          : Optional.of("it ended with exit code " + code + ": " + String.join(" / ", messages));
    } catch (IOException e) {
      return Optional.of("it does not start: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while " + peer + " ran", e);
    }
  }
}
