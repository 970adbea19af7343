package pbb.suite;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import pbb.engine.backend.Backend;
import pbb.eval.Row;
import pbb.run.Awaited;
import pbb.run.Results;
import pbb.run.UsageException;

/**
 * Runs the cells of a run directory, one after the other, those that are not finished yet; and
 * writes {@code results.json} after each. With a second backend, a cell is evaluated there while
 * the next one trains.
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
  private final Optional<Backend> evaluator;
  private final Consumer<Progress> progress;
  private final List<CellResult> results = new ArrayList<>();
  private final List<Interval> trainings = new ArrayList<>();
  private Optional<Pending> pending = Optional.empty();

  /** When the last cell was finished that this start has finished. */
  private OptionalLong finishedBefore = OptionalLong.empty();

  private volatile boolean stopRequested;

  /** A cell that the second backend is evaluating. */
  private record Pending(Cell cell, CellRun.Trained trained, Future<Evaluated> evaluation) {}

  private record Evaluated(Optional<CellResult> result, Interval time) {}

  /** A suite that trains and evaluates on one backend. */
  public Suite(RunDirectory directory, Backend backend, Consumer<Progress> progress) {
    this(directory, backend, Optional.empty(), progress);
  }

  /**
   * A suite that is ready to run.
   *
   * @param directory the run, opened
   * @param backend the backend that the run's configuration names
   * @param evaluator the backend that evaluates while the other one trains; empty if one does both
   * @param progress told of everything, by one thread at a time
   */
  public Suite(
      RunDirectory directory,
      Backend backend,
      Optional<Backend> evaluator,
      Consumer<Progress> progress) {
    this.directory = directory;
    this.backend = backend;
    this.evaluator = evaluator;
    this.progress =
        event -> {
          synchronized (this) {
            progress.accept(event);
          }
        };
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
    try (ExecutorService beside = Executors.newSingleThreadExecutor()) {
      try {
        boolean ran = runCells(beside);
        return finishPending() && ran ? Outcome.FINISHED : Outcome.INTERRUPTED;
      } catch (Throwable e) {
        stopRequested = true; // so that an evaluation ends, which is waited for
        try {
          finishPending();
        } catch (IOException | RuntimeException | Error alsoFailed) {
          e.addSuppressed(alsoFailed);
        }
        throw e;
      }
    }
  }

  /** Runs the cells, the last of them perhaps still pending; returns whether it was not stopped. */
  private boolean runCells(ExecutorService beside) throws IOException {
    RunConfig config = directory.config();
    List<Cell> cells = config.cells();
    for (int i = 0; i < cells.size(); i++) {
      Cell cell = cells.get(i);
      Path folder = cell.folder(directory.path());
      Optional<CellResult> before = CellResult.read(folder);
      if (before.isPresent()) {
        if (!finishPending()) {
          return false;
        }
        progress.accept(new Progress.CellSkipped(cell, i + 1, cells.size()));
        add(before.get());
        continue;
      }
      if (stopRequested) {
        return false;
      }
      progress.accept(new Progress.CellStarted(cell, i + 1, cells.size()));
      CellRun run =
          new CellRun(cell, config.profile(), folder, backend, () -> stopRequested, progress);
      Optional<CellRun.Trained> trained = run.train();
      run.trainingTime().ifPresent(trainings::add);
      // Results are written in the order of the cells.
      if (!finishPending() || trained.isEmpty()) {
        return false;
      }
      CellRun.Trained done = trained.get();
      Future<Evaluated> evaluation =
          evaluator.isPresent()
              ? beside.submit(() -> evaluate(run, done, evaluator.get()))
              : CompletableFuture.completedFuture(evaluate(run, done, backend));
      pending = Optional.of(new Pending(cell, done, evaluation));
      if (evaluator.isEmpty() && !finishPending()) {
        return false;
      }
    }
    return true;
  }

  /** Evaluates a cell; a failure stops the training that goes on meanwhile. */
  private Evaluated evaluate(CellRun run, CellRun.Trained trained, Backend on) throws IOException {
    long start = System.nanoTime();
    try {
      Optional<CellResult> result = run.evaluate(trained, on, finishedBefore);
      return new Evaluated(result, Interval.since(start));
    } catch (Throwable e) {
      stopRequested = true;
      throw e;
    }
  }

  /**
   * Waits for the evaluation that is pending, if one is, and adds its result; its failure is
   * thrown. Returns whether it was not stopped.
   */
  private boolean finishPending() throws IOException {
    if (pending.isEmpty()) {
      return true;
    }
    Pending awaited = pending.get();
    pending = Optional.empty();
    Evaluated evaluated;
    try {
      evaluated = Awaited.result(awaited.evaluation());
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    if (evaluated.result().isEmpty()) {
      return false;
    }
    Cell cell = awaited.cell();
    double seconds = evaluated.time().seconds();
    if (evaluator.isPresent()) {
      double overlap = trainings.stream().mapToDouble(evaluated.time()::secondsWithin).sum();
      progress.accept(
          new Progress.Notice(
              cell,
              String.format(
                  Locale.ROOT,
                  "%s was evaluated on %s in %.1f s, %.1f s of them while %s trained",
                  cell,
                  evaluator.get().device().backend(),
                  seconds,
                  overlap,
                  backend.device().backend())));
    }
    finishedBefore = OptionalLong.of(evaluated.time().end());
    progress.accept(new Progress.CellFinished(cell, awaited.trained().time().seconds() + seconds));
    add(evaluated.result().get());
    return true;
  }

  private void add(CellResult result) throws IOException {
    results.add(result);
    write(results);
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
