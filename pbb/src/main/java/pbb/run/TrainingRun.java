package pbb.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import pbb.engine.backend.Backend;
import pbb.engine.backend.Placement;
import pbb.engine.checkpoint.Checkpoint;
import pbb.engine.checkpoint.Checkpoints;
import pbb.engine.data.BatchSource;
import pbb.engine.io.AtomicFiles;
import pbb.engine.io.InvalidFileException;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Weights;
import pbb.engine.tokenizer.Tokenizer;
import pbb.engine.train.StepReport;
import pbb.engine.train.Trainer;
import pbb.engine.train.TrainerConfig;
import pbb.engine.train.WarmUp;

/**
 * A training in a folder: {@code metrics.jsonl}, and {@code checkpoints/step-N}, of which the
 * newest two are kept while it runs and only the last one when it is done. Wherever it is stopped
 * or killed, it goes on from the newest checkpoint with the same bits as if it had not been.
 *
 * @param folder where it writes
 * @param model the model's shape
 * @param training batches, steps, optimizer and schedule
 * @param checkpointInterval steps between checkpoints, at least 1; there is always one of the last
 *     step
 * @param initial the weights that it begins with; not asked for when it goes on
 * @param tokenizer what the token ids mean, for checkpoints
 * @param data where batches come from
 */
public record TrainingRun(
    Path folder,
    ModelConfig model,
    TrainerConfig training,
    long checkpointInterval,
    Supplier<Weights> initial,
    Tokenizer tokenizer,
    BatchSource data) {

  private static final String CHECKPOINTS = "checkpoints";

  private static final int KEPT_WHILE_RUNNING = 2;

  /** Over how long the pace is taken, in seconds. */
  private static final double PACE_SECONDS = 5;

  /** Is told of what happens. */
  public interface Listener {

    /**
     * A step is done.
     *
     * @param report what it did
     * @param tokensPerSecond the pace of the last few seconds
     * @param secondsLeft what the remaining steps take at this pace
     */
    void step(StepReport report, double tokensPerSecond, double secondsLeft);

    /**
     * A step is done, and its checkpoint not yet written, if there is one: the trainer may be asked
     * to validate.
     */
    default void validate(Trainer trainer) {}

    /** Something that a user should know, in one sentence. */
    void notice(String text);
  }

  /**
   * How a training ended.
   *
   * @param finished whether all steps are done, rather than a stop requested
   * @param steps how many steps are done
   * @param tokens how many tokens were read, padding not counted
   * @param seconds how long training took, earlier starts counted as far as their steps were kept
   */
  public record Summary(boolean finished, long steps, long tokens, double seconds) {}

  /** One sentence for each op and reason, however often the op occurs. */
  private static List<String> sentences(List<Placement> placements) {
    Map<String, Long> bytes = new LinkedHashMap<>();
    for (Placement placement : placements) {
      bytes.merge(
          placement.op()
              + " runs on the host, since the device refuses it ("
              + placement.reason()
              + ")",
          placement.bytesPerRun(),
          Long::sum);
    }
    return bytes.entrySet().stream()
        .map(
            entry ->
                String.format(
                    Locale.ROOT,
                    "%s: %,d bytes are copied for it in each step",
                    entry.getKey(),
                    entry.getValue()))
        .toList();
  }

  /** The folder's checkpoints. */
  public Checkpoints checkpoints() {
    return new Checkpoints(folder.resolve(CHECKPOINTS));
  }

  /**
   * Trains to the end, or until a stop is requested; a checkpoint of the last step done is then
   * written.
   *
   * @param stop asked after every step
   * @throws InvalidFileException if what is in the folder is of another training or was changed
   * @throws IOException in one sentence, if a file cannot be written
   * @throws pbb.engine.train.TrainingDivergedException if a loss or gradient is not finite
   */
  public Summary run(Backend backend, BooleanSupplier stop, Listener listener) throws IOException {
    Checkpoints checkpoints = checkpoints();
    AtomicFiles.removePartials(folder.resolve(CHECKPOINTS));
    Optional<Checkpoint> latest = checkpoints.latest(listener::notice);
    if (latest.isPresent()) {
      requireSameModel(latest.get());
    }
    try (Trainer trainer = trainer(backend, latest);
        MetricsLog metrics =
            MetricsLog.open(folder.resolve("metrics.jsonl"), trainer.stepsDone())) {
      sentences(trainer.placements()).forEach(listener::notice);
      Pace pace = new Pace(System.nanoTime());
      long[] saved = {trainer.stepsDone()};
      Consumer<StepReport> onStep =
          report -> {
            pace.step(System.nanoTime(), report.tokens());
            try {
              metrics.add(report, pace.seconds(), pace.tokensPerSecond());
              listener.validate(trainer);
              if (report.step() % checkpointInterval == 0 && !trainer.finished()) {
                saved[0] = save(checkpoints, trainer, metrics);
                checkpoints.prune(KEPT_WHILE_RUNNING);
              }
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
            listener.step(
                report,
                pace.tokensPerSecond(),
                (training.steps() - report.step()) * pace.secondsPerStep());
            if (stop.getAsBoolean()) {
              trainer.requestStop();
            }
          };
      boolean finished;
      try {
        finished = stop.getAsBoolean() ? trainer.finished() : trainer.train(onStep);
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
      if (trainer.stepsDone() > saved[0]) {
        save(checkpoints, trainer, metrics);
      }
      if (finished) {
        checkpoints.prune(1);
      }
      return new Summary(
          finished,
          trainer.stepsDone(),
          trainer.tokensRead(),
          metrics.secondsBefore() + pace.seconds());
    }
  }

  private Trainer trainer(Backend backend, Optional<Checkpoint> latest) throws IOException {
    try (WarmUp _ = WarmUp.start(backend)) {
      return latest.isPresent()
          ? Trainer.resume(backend, training, latest.get(), data)
          : Trainer.start(backend, training, initial.get(), data);
    }
  }

  private void requireSameModel(Checkpoint checkpoint) throws IOException {
    if (!checkpoint.config().equals(model)) {
      throw new InvalidFileException(
          checkpoint.folder(),
          "holds a model of another shape than this training's: "
              + checkpoint.config()
              + " instead of "
              + model);
    }
  }

  /** Writes a checkpoint and returns its step. */
  private long save(Checkpoints checkpoints, Trainer trainer, MetricsLog metrics)
      throws IOException {
    metrics.sync();
    checkpoints.write(trainer.stepsDone(), trainer.contents(tokenizer));
    return trainer.stepsDone();
  }

  /** How fast steps go, over the last few seconds. */
  private static final class Pace {
    private record Mark(double seconds, long tokens, long steps) {}

    private final long start;
    private final Deque<Mark> marks = new ArrayDeque<>();
    private Mark last = new Mark(0, 0, 0);

    Pace(long start) {
      this.start = start;
      marks.add(last);
    }

    void step(long nanoTime, long tokens) {
      last = new Mark((nanoTime - start) * 1e-9, last.tokens + tokens, last.steps + 1);
      marks.add(last);
      while (marks.size() > 2 && last.seconds - marks.getFirst().seconds > PACE_SECONDS) {
        marks.remove();
      }
    }

    double seconds() {
      return last.seconds;
    }

    double tokensPerSecond() {
      Mark first = marks.getFirst();
      return (last.tokens - first.tokens) / Math.max(1e-9, last.seconds - first.seconds);
    }

    double secondsPerStep() {
      Mark first = marks.getFirst();
      return (last.seconds - first.seconds) / Math.max(1, last.steps - first.steps);
    }
  }
}
