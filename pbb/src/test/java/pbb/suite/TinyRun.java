package pbb.suite;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import pbb.curriculum.Shares;
import pbb.engine.selection.Backends;
import pbb.engine.selection.Selection;
import pbb.engine.train.OptimizerConfig;
import pbb.engine.train.Schedule;
import pbb.engine.train.TrainerConfig;
import pbb.run.Environment;
import pbb.run.Profile;
import pbb.task.RandomArithmetic;

/** A run that takes a second, for tests. */
public final class TinyRun {

  static final int STEPS = 11;
  static final int CHECKPOINT_INTERVAL = 4;

  private TinyRun() {}

  static Profile profile() {
    return new Profile(
        "smoke",
        new RandomArithmetic.Dials(
            11,
            5,
            List.of(
                new RandomArithmetic.Setting(1, 2, 1, 1, 2),
                new RandomArithmetic.Setting(2, 4, 2, 2, 2)),
            3),
        new Shares(
            0.3,
            0.1,
            0.1,
            0.2,
            0.1,
            0.2,
            new Shares.Modes(0.2, 0.3, 0.2, 0.3),
            2,
            Map.of(1, 0.4, 2, 0.6),
            2),
        new Profile.Shape(16, 32, 1, 2),
        new TrainerConfig(4, 112, 1, STEPS, OptimizerConfig.of(3e-3), new Schedule.Constant(2)),
        new Profile.EvaluationDials(1, 8),
        CHECKPOINT_INTERVAL);
  }

  static RunConfig config(long... seeds) {
    return config(profile(), seeds);
  }

  static RunConfig config(Profile profile, long... seeds) {
    List<Long> list = java.util.Arrays.stream(seeds).boxed().toList();
    return new RunConfig(profile, List.of("reasoning"), list, "vector", "cpu");
  }

  static Environment environment() {
    return new Environment(
        "0",
        "unknown",
        "25",
        List.of("-Xmx1g"),
        "Linux",
        "a <processor>",
        1,
        "vector",
        "cpu",
        "vectors");
  }

  static Selection backend(int threads) {
    return Backends.discover().select("vector", Optional.empty(), threads);
  }

  /** Begins or resumes a run; {@code listener} sees all that happens, and may stop it. */
  static Suite.Outcome run(
      Path folder,
      RunConfig config,
      boolean resume,
      int threads,
      BiConsumer<Suite, Progress> listener) {
    try (Selection selection = backend(threads);
        RunDirectory directory = RunDirectory.open(folder, config, environment(), resume)) {
      Suite[] suite = new Suite[1];
      suite[0] =
          new Suite(
              directory, selection.backend(), progress -> listener.accept(suite[0], progress));
      return suite[0].run();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Suite.Outcome run(Path folder, RunConfig config, boolean resume) {
    return run(folder, config, resume, 1, (_, _) -> {});
  }

  /**
   * What must be the same bytes in two runs of one seed: model and optimizer, data, samples,
   * metrics without their time fields, and the rows of the results.
   */
  public static Map<String, String> bytes(Path run) {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(run)) {
      for (Path path : paths.filter(Files::isRegularFile).toList()) {
        String name = run.relativize(path).toString().replace('\\', '/');
        String file = path.getFileName().toString();
        // ISO 8859-1 gives every byte a character.
        String text = Files.readString(path, java.nio.charset.StandardCharsets.ISO_8859_1);
        switch (file) {
          case "env.json", ".lock", "report.md", "index.html" -> {} // Where and when it ran.
          case "metrics.jsonl" -> contents.put(name, text.replaceAll(",\"seconds\":[^}]*", ""));
          case "cell.json", "results.json" -> {
            String tail = text.substring(text.indexOf("\"rows\""));
            contents.put(name, tail);
          }
          default -> contents.put(name, text);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return contents;
  }

  static void copy(Path from, Path to) {
    try (Stream<Path> paths = Files.walk(from)) {
      for (Path path : paths.toList()) {
        Path target = to.resolve(from.relativize(path).toString());
        if (Files.isDirectory(path)) {
          Files.createDirectories(target);
        } else {
          Files.copy(path, target);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
