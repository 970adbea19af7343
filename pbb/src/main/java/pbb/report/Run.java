package pbb.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.run.Results;
import pbb.run.RunFolder;
import pbb.run.UsageException;
import pbb.suite.Cell;
import pbb.suite.CellResult;
import pbb.suite.RunConfig;
import pbb.suite.RunDirectory;

/**
 * A run as it stands on disk.
 *
 * @param name its folder's name
 * @param config its configuration; empty if it is no run of the suite
 * @param environment {@code env.json}
 * @param results its results
 * @param cells its finished cells
 * @param curves their training losses
 */
record Run(
    String name,
    Optional<RunConfig> config,
    JsonObject environment,
    Results results,
    Map<Cell, CellResult> cells,
    Map<Cell, List<Step>> curves) {

  /**
   * A step of training.
   *
   * @param step its number, from 1
   * @param tokens read so far
   * @param loss its training loss
   */
  record Step(long step, long tokens, double loss) {}

  /**
   * Reads a run directory.
   *
   * @throws UsageException if it holds no results, such as a training's
   * @throws InvalidFileException if a file cannot be read
   */
  static Run read(Path folder) throws IOException {
    Path results = folder.resolve(Results.FILE);
    Optional<String> job = job(folder);
    if (job.equals(Optional.of("train"))) {
      throw new UsageException(
          folder
              + " is a training, which has no results to report: evaluate it with pbb eval"
              + " --checkpoint "
              + folder
              + " --data DIR --out RUN, and report that RUN");
    }
    if (!Files.exists(results)) {
      throw new UsageException(
          folder
              + " holds no "
              + Results.FILE
              + ": name the directory of a run of suite of which a cell is finished, or of eval");
    }
    Optional<RunConfig> config =
        job.isPresent() ? Optional.empty() : Optional.of(RunDirectory.config(folder));
    Map<Cell, CellResult> cells = new LinkedHashMap<>();
    Map<Cell, List<Step>> curves = new LinkedHashMap<>();
    for (Cell cell : config.map(RunConfig::cells).orElse(List.of())) {
      Path cellFolder = cell.folder(folder);
      var result = CellResult.read(cellFolder);
      if (result.isPresent()) {
        cells.put(cell, result.get());
        curves.put(cell, curve(cellFolder.resolve("metrics.jsonl")));
      }
    }
    Path name = folder.toAbsolutePath().normalize().getFileName();
    return new Run(
        name == null ? folder.toString() : name.toString(),
        config,
        JsonObject.read(folder.resolve(RunFolder.ENVIRONMENT)),
        Results.read(results),
        cells,
        curves);
  }

  /** What kind of job a run is that is none of the suite. */
  private static Optional<String> job(Path folder) throws IOException {
    Path file = folder.resolve(RunFolder.CONFIG);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    JsonObject json = JsonObject.read(file);
    return json.has("job") ? Optional.of(json.string("job")) : Optional.empty();
  }

  private static List<Step> curve(Path metrics) throws IOException {
    List<Step> steps = new ArrayList<>();
    for (String line : Files.readAllLines(metrics)) {
      JsonObject json = JsonObject.parse(metrics, line.getBytes(StandardCharsets.UTF_8));
      steps.add(
          new Step(
              json.integer("step", 1L, Long.MAX_VALUE),
              json.integer("tokens", 0L, Long.MAX_VALUE),
              json.number("loss")));
    }
    return steps;
  }
}
