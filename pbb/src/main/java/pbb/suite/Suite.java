package pbb.suite;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import pbb.engine.backend.Backend;
import pbb.eval.Row;
import pbb.run.Results;
import pbb.run.UsageException;

/**
 * Runs the cells of a run directory, one after the other, those that are not finished yet; and
 * writes {@code results.json} after each.
 */
public final class Suite {

  /** How a run ended. */
  public enum Outcome {
    /** All cells are finished. */
    FINISHED,
    /** A stop was requested; the run can be resumed. */
    INTERRUPTED
  }

  private final RunDirectory directory;
  private final Backend backend;
  private final Consumer<Progress> progress;
  private volatile boolean stopRequested;

  /**
   * A suite that is ready to run.
   *
   * @param directory the run, opened
   * @param backend the backend that the run's configuration names
   * @param progress told of everything, by the thread that runs
   */
  public Suite(RunDirectory directory, Backend backend, Consumer<Progress> progress) {
    this.directory = directory;
    this.backend = backend;
    this.progress = progress;
  }

  /**
   * Asks {@link #run} to save its state and return. Any thread may call this, a signal handler's
   * too.
   */
  public void requestStop() {
    stopRequested = true;
  }

  /**
   * Runs to the end, or until a stop is requested.
   *
   * @throws UsageException if the dials leave too few distinct programs, or a file of an earlier
   *     start was changed
   * @throws LeakException if a cell's data give away what is to be evaluated
   * @throws pbb.engine.train.TrainingDivergedException if a loss or gradient is not finite
   * @throws IOException in one sentence, if a file cannot be written or read
   */
  public Outcome run() throws IOException {
    RunConfig config = directory.config();
    List<Cell> cells = config.cells();
    List<CellResult> results = new ArrayList<>();
    for (int i = 0; i < cells.size(); i++) {
      Cell cell = cells.get(i);
      Path folder = cell.folder(directory.path());
      Optional<CellResult> before = CellResult.read(folder);
      if (before.isPresent()) {
        progress.accept(new Progress.CellSkipped(cell, i + 1, cells.size()));
        results.add(before.get());
      } else {
        if (stopRequested) {
          return Outcome.INTERRUPTED;
        }
        progress.accept(new Progress.CellStarted(cell, i + 1, cells.size()));
        long start = System.nanoTime();
        Optional<CellResult> result =
            new CellRun(cell, config.profile(), folder, backend, () -> stopRequested, progress)
                .run();
        if (result.isEmpty()) {
          return Outcome.INTERRUPTED;
        }
        results.add(result.get());
        progress.accept(new Progress.CellFinished(cell, (System.nanoTime() - start) * 1e-9));
      }
      write(results);
    }
    return Outcome.FINISHED;
  }

  private void write(List<CellResult> results) throws IOException {
    RunConfig config = directory.config();
    List<Row> rows = results.stream().flatMap(result -> result.rows().stream()).toList();
    List<Results.Judged> claims = new ArrayList<>();
    for (String id : config.experiments()) {
      List<Row> own = rows.stream().filter(row -> row.experiment().equals(id)).toList();
      Experiment.named(id).judge(own).forEach(verdict -> claims.add(verdict.judged()));
    }
    new Results(
            config.profile().name(),
            config.backend(),
            directory.startedAt(),
            results.getLast().finishedAt(),
            results.stream().mapToDouble(CellResult::wallSeconds).sum(),
            rows,
            claims)
        .write(directory.path().resolve(Results.FILE));
  }
}
