package pbb.job;

import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import pbb.engine.backend.Backend;
import pbb.engine.data.BatchSource;
import pbb.engine.nn.Weights;
import pbb.engine.train.TrainerConfig;
import pbb.engine.train.Validator;
import pbb.job.TrainingData.HeldOutLoss;
import pbb.run.Awaited;
import pbb.run.StopRequestedException;

/**
 * Computes held-out losses on a second backend, in a thread of its own, while the first one trains:
 * one at a time, of weights that were copied when it began.
 */
final class EvaluationBeside implements AutoCloseable {

  private final Backend backend;
  private final TrainingData data;
  private final TrainerConfig training;
  private final BooleanSupplier stop;
  private final long start = System.nanoTime();
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private @Nullable Validator validator; // used by that thread alone
  private @Nullable Future<Optional<Evaluated>> running;
  private long runningStep;
  private volatile long trainedSteps;
  private volatile boolean closed;

  /**
   * An evaluation that is done.
   *
   * @param backend where it was computed
   * @param step the step whose weights were evaluated
   * @param loss their loss on held-out text
   * @param began when it began, in seconds after training did
   * @param ended when it ended
   * @param trainedSteps how many steps were trained then
   */
  record Evaluated(
      String backend, long step, HeldOutLoss loss, double began, double ended, long trainedSteps) {}

  /**
   * Evaluations that are ready to begin.
   *
   * @param data holds text out
   * @param stop asked before every batch
   */
  EvaluationBeside(
      Backend backend, TrainingData data, TrainerConfig training, BooleanSupplier stop) {
    this.backend = backend;
    this.data = data;
    this.training = training;
    this.stop = stop;
  }

  /** The name of the backend. */
  String backend() {
    return backend.device().backend();
  }

  /** The step whose evaluation is running or has not been fetched; empty if there is none. */
  Optional<Long> running() {
    return running == null ? Optional.empty() : Optional.of(runningStep);
  }

  /** Is told how many steps are trained. */
  void trained(long steps) {
    trainedSteps = steps;
  }

  /**
   * Begins an evaluation; the last one must have been fetched.
   *
   * @param step how many steps the weights were trained
   */
  void begin(long step, Weights weights) {
    if (running != null) {
      throw new IllegalStateException("the evaluation of step " + runningStep + " is not fetched");
    }
    runningStep = step;
    running = thread.submit(() -> evaluate(step, weights));
  }

  private Optional<Evaluated> evaluate(long step, Weights weights) {
    double began = seconds();
    if (validator == null) {
      validator =
          new Validator(backend, weights.model(), training.batchSize(), training.sequenceLength());
    }
    Validator ready = validator;
    try {
      HeldOutLoss loss =
          data.heldOut(
                  training, (source, batches) -> ready.validate(weights, stopping(source), batches))
              .orElseThrow();
      return Optional.of(new Evaluated(backend(), step, loss, began, seconds(), trainedSteps));
    } catch (StopRequestedException e) {
      return Optional.empty();
    }
  }

  private BatchSource stopping(BatchSource source) {
    return (cursor, batch) -> {
      if (closed || stop.getAsBoolean()) {
        throw new StopRequestedException();
      }
      return source.fill(cursor, batch);
    };
  }

  private double seconds() {
    return (System.nanoTime() - start) * 1e-9;
  }

  /** Whether the evaluation that was begun has failed; to fetch it throws why. */
  boolean failed() {
    return running != null && running.state() == Future.State.FAILED;
  }

  /** The evaluation that was begun, if it is done and has not failed. */
  Optional<Evaluated> fetchIfDone() {
    return running != null && running.isDone() && !failed() ? fetch() : Optional.empty();
  }

  /**
   * The evaluation that was begun, which is waited for; its failure is thrown. Empty if there is
   * none, or it was stopped.
   */
  Optional<Evaluated> fetch() {
    Future<Optional<Evaluated>> awaited = running;
    running = null;
    return awaited == null ? Optional.empty() : Awaited.result(awaited);
  }

  /** Stops what is running, waits for it, and frees its memory. */
  @Override
  public void close() {
    closed = true;
    thread.close();
    if (validator != null) {
      validator.close();
    }
  }
}
