package pbb.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * How long it takes until {@code scripts/pbb --help} has ended, and from the start of a process to
 * the end of its first training step ({@code first_step_s}), by the same clock for all.
 */
final class Start {

  private static final int HELPS = 9;
  private static final int FIRST_STEPS = 3;

  private static final List<String> FIELDS = Line.subjectAnd("first_step_s");

  private Start() {}

  /**
   * The start of the command line program, from the shell's first line on.
   *
   * @param root the repository
   */
  static Line help(Path root) {
    double[] seconds = new double[HELPS];
    for (int i = -1; i < HELPS; i++) { // once before: it may have to be built
      double spent = help(new ProcessBuilder("scripts/pbb", "--help").directory(root.toFile()));
      if (i >= 0) {
        seconds[i] = spent;
      }
    }
    Arrays.sort(seconds);
    return Line.of(What.START.toString())
        .with("command", "scripts/pbb --help")
        .with("seconds", Line.round(seconds[HELPS / 2], 3))
        .with("low", Line.round(seconds[0], 3))
        .with("high", Line.round(seconds[HELPS - 1], 3));
  }

  private static double help(ProcessBuilder command) {
    command.environment().put("JAVA_HOME", System.getProperty("java.home"));
    command.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD);
    try {
      long began = System.nanoTime();
      int code = command.start().waitFor();
      double seconds = (System.nanoTime() - began) / 1e9;
      if (code != 0) {
        throw new IllegalStateException("scripts/pbb --help ended with exit code " + code);
      }
      return seconds;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while scripts/pbb ran", e);
    }
  }

  /** The first step's end; the middle one of a few processes. */
  static void measure(Engine engine, ModelShape shape, Consumer<Line> out) {
    List<Line> lines =
        Stream.generate(
                () ->
                    TrainingProcess.run(engine.device().backend(), shape, engine.threads(), 1)
                        .only(What.START, FIELDS))
            .limit(FIRST_STEPS)
            .sorted((a, b) -> Double.compare(firstStep(a), firstStep(b)))
            .toList();
    out.accept(lines.get(FIRST_STEPS / 2));
  }

  private static double firstStep(Line line) {
    return line.get("first_step_s").asDouble();
  }

  /** The peers', with nothing in the compiler's cache and then with what the first time left. */
  static void measure(Peers peers, ModelShape shape, int threads, Consumer<Line> out) {
    try {
      Path cache = Files.createTempDirectory("inductor");
      try {
        for (String caches : List.of("empty", "filled")) {
          peers.fewSteps(
              shape,
              threads,
              2,
              Optional.of(cache),
              line ->
                  out.accept(
                      line.has("first_step_s")
                          ? line.only(What.START, FIELDS).with("caches", caches)
                          : line));
        }
      } finally {
        delete(cache);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path folder) throws IOException {
    List<Path> inside;
    try (Stream<Path> paths = Files.walk(folder)) {
      inside = paths.toList();
    }
    for (Path path : inside.reversed()) {
      Files.delete(path);
    }
  }
}
