package pbb.job;

import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import pbb.engine.backend.Backend;
import pbb.engine.nn.Weights;
import pbb.engine.train.TrainerConfig;
import pbb.engine.train.Validator;
import pbb.job.TrainingData.HeldOutLoss;

/**
 * Computes held-out losses on a second backend, in a thread of its own, while the first one trains:
 * one at a time, of weights that were copied when it began.
 */
final class EvaluationBeside implements AutoCloseable {

  private final Backend backend;
  private final TrainingData data;
  private final TrainerConfig training;
  private final long start = System.nanoTime();
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private @Nullable Validator validator; // used by that thread alone
  private @Nullable Future<Evaluated> running;
  private long runningStep;
  private volatile long trainedSteps;

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
   */
  EvaluationBeside(Backend backend, TrainingData data, TrainerConfig training) {
    this.backend = backend;
    this.data = data;
    this.training = training;
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

  private Evaluated evaluate(long step, Weights weights) {
    double began = seconds();
    if (validator == null) {
      validator =
          new Validator(backend, weights.model(), training.batchSize(), training.sequenceLength());
    }
    Validator ready = validator;
    HeldOutLoss loss =
        data.heldOut(training, (source, batches) -> ready.validate(weights, source, batches))
            .orElseThrow();
    return new Evaluated(backend(), step, loss, began, seconds(), trainedSteps);
  }

  private double seconds() {
    return (System.nanoTime() - start) * 1e-9;
  }

  /** The evaluation that was begun, if it is done; its failure is thrown. */
  Optional<Evaluated> fetchIfDone() {
    return running != null && running.isDone() ? fetch() : Optional.empty();
  }

  /** The evaluation that was begun, which is waited for; its failure is thrown. */
  Optional<Evaluated> fetch() {
    Future<Evaluated> awaited = running;
    if (awaited == null) {
      return Optional.empty();
    }
    running = null;
    try {
      return Optional.of(awaited.get());
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(e);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while an evaluation was waited for", e);
    }
  }

  /** Waits for what is running, and frees its memory. */
  @Override
  public void close() {
    thread.close();
    if (validator != null) {
      validator.close();
    }
  }
}
