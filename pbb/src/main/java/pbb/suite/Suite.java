package pbb.suite;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import pbb.engine.backend.Backend;
import pbb.eval.Row;
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
  private volatile boolean stopRequested;

  /** From when to when something was done, as {@link System#nanoTime} has it. */
  private record Interval(long start, long end) {

    double secondsWithin(Interval other) {
      return Math.max(0, (Math.min(end, other.end) - Math.max(start, other.start)) * 1e-9);
    }
  }

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
    RunConfig config = directory.config();
    List<Cell> cells = config.cells();
    Optional<Pending> pending = Optional.empty();
    try (ExecutorService besides = Executors.newSingleThreadExecutor()) {
      try {
        for (int i = 0; i < cells.size(); i++) {
          Cell cell = cells.get(i);
          Path folder = cell.folder(directory.path());
          Optional<CellResult> before = CellResult.read(folder);
          if (before.isPresent()) {
            if (!finish(pending)) {
              return Outcome.INTERRUPTED;
            }
            pending = Optional.empty();
            progress.accept(new Progress.CellSkipped(cell, i + 1, cells.size()));
            add(before.get());
            continue;
          }
          if (stopRequested) {
            return Outcome.INTERRUPTED;
          }
          progress.accept(new Progress.CellStarted(cell, i + 1, cells.size()));
          CellRun run =
              new CellRun(cell, config.profile(), folder, backend, () -> stopRequested, progress);
          long start = System.nanoTime();
          Optional<CellRun.Trained> trained = run.train();
          trainings.add(new Interval(start, System.nanoTime()));
          // Results are written in the order of the cells.
          if (!finish(pending) || trained.isEmpty()) {
            return Outcome.INTERRUPTED;
          }
          CellRun.Trained done = trained.get();
          Future<Evaluated> evaluation =
              evaluator.isPresent()
                  ? besides.submit(() -> evaluate(run, done, evaluator.get()))
                  : CompletableFuture.completedFuture(evaluate(run, done, backend));
          pending = Optional.of(new Pending(cell, done, evaluation));
          if (evaluator.isEmpty()) {
            if (!finish(pending)) {
              return Outcome.INTERRUPTED;
            }
            pending = Optional.empty();
          }
        }
        return finish(pending) ? Outcome.FINISHED : Outcome.INTERRUPTED;
      } catch (IOException | RuntimeException e) {
        stopRequested = true; // so that an evaluation ends, which is waited for
        throw e;
      }
    }
  }

  private static Evaluated evaluate(CellRun run, CellRun.Trained trained, Backend on)
      throws IOException {
    long start = System.nanoTime();
    Optional<CellResult> result = run.evaluate(trained, on);
    return new Evaluated(result, new Interval(start, System.nanoTime()));
  }

  /** Waits for an evaluation, if there is one; returns whether it was not stopped. */
  private boolean finish(Optional<Pending> pending) throws IOException {
    if (pending.isEmpty()) {
      return true;
    }
    Evaluated evaluated = result(pending.get().evaluation());
    if (evaluated.result().isEmpty()) {
      return false;
    }
    Cell cell = pending.get().cell();
    double seconds = (evaluated.time().end() - evaluated.time().start()) * 1e-9;
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
    progress.accept(new Progress.CellFinished(cell, pending.get().trained().seconds() + seconds));
    add(evaluated.result().get());
    return true;
  }

  private static Evaluated result(Future<Evaluated> evaluation) throws IOException {
    try {
      return evaluation.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException io -> throw io;
        case RuntimeException failure -> throw failure;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(e);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while an evaluation was waited for", e);
    }
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
