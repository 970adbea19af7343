package pbb.bench;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import pbb.engine.backend.Backend;
import pbb.engine.selection.Backends;

/**
 * A JVM that trains a few steps and nothing else, with this one's options, which are those of
 * {@code scripts/pbb}: what it needs in time and memory is what a user's training needs.
 */
final class TrainingProcess {

  private TrainingProcess() {}

  /**
   * Starts one and waits for its line: {@code first_step_s}, {@code base_mb} and {@code peak_mb},
   * as the peers', and losses.
   */
  static Line run(String backend, ModelShape shape, int threads, int steps) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(TrainingProcess.class.getName());
    command.addAll(
        List.of(backend, shape.argument(), String.valueOf(threads), String.valueOf(steps)));
    List<Line> lines = new ArrayList<>();
    Optional<String> failure = new Program(command, Path.of("."), Map.of()).run(lines::add);
    if (failure.isPresent() || lines.size() != 1) {
      throw new IllegalStateException(
          "a training in a JVM of its own gave "
              + lines.size()
              + " lines; "
              + failure.orElse("it ended well"));
    }
    return lines.getFirst();
  }

  /** On a backend, trains a shape with some threads for some steps, and prints the line. */
  public static void main(String[] args) {
    OptionalDouble base = ThisProcess.peakMegabytes();
    ModelShape shape = ModelShape.parse(args[1]).getFirst();
    int threads = Integer.parseInt(args[2]);
    int steps = Integer.parseInt(args[3]);
    try (Backend backend =
            Backends.discover().select(args[0], Optional.empty(), threads).backend();
        TrainingLoad load = new TrainingLoad(backend, shape)) {
      Line line =
          Line.of(What.TRAIN.toString())
              .with("backend", backend.device().backend())
              .with("threads", threads)
              .with("shape", shape.name());
      double first = load.step().loss();
      double seconds = ThisProcess.startedSeconds();
      line = line.with("loss_first", Line.round(first, 4));
      for (int step = 2; step <= steps; step++) {
        load.step();
      }
      line = load.withComparedLoss(line);
      line = line.with("first_step_s", Line.round(seconds, 2));
      line = with(line, "base_mb", base);
      line = with(line, "peak_mb", ThisProcess.peakMegabytes());
      System.out.println(line.json());
    }
  }

  private static Line with(Line line, String name, OptionalDouble megabytes) {
    return megabytes.isPresent() ? line.with(name, Line.round(megabytes.getAsDouble(), 1)) : line;
  }
}
