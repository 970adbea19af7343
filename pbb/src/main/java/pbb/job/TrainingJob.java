package pbb.job;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import pbb.engine.backend.Backend;
import pbb.engine.checkpoint.Checkpoint;
import pbb.engine.checkpoint.Model;
import pbb.engine.io.AtomicFiles;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;
import pbb.engine.tokenizer.Tokenizer;
import pbb.engine.train.StepReport;
import pbb.engine.train.Trainer;
import pbb.job.TrainingData.HeldOutLoss;
import pbb.job.TrainingPlan.Begin;
import pbb.run.RunFolder;
import pbb.run.StopRequestedException;
import pbb.run.TrainingRun;
import pbb.run.UsageException;

/**
 * Trains one model in a run's folder: {@code metrics.jsonl}, {@code validation.jsonl} where text is
 * held out, {@code checkpoints/step-N}, and at the end {@code sample.txt}. It goes on where it was
 * stopped, with the same bits.
 */
public final class TrainingJob {

  private static final String VALIDATION = "validation.jsonl";

  private final TrainingPlan plan;
  private final RunFolder folder;
  private final Backend backend;
  private final Optional<Backend> evaluator;
  private final Reporter reporter;
  private volatile boolean stopRequested;

  /**
   * How a training ended.
   *
   * @param finished whether all steps are done, rather than a stop requested
   * @param steps how many steps are done
   * @param checkpoint the newest checkpoint; empty if no step was done
   * @param text the last held-out loss and the sample, for people; empty if it was stopped
   */
  public record Result(boolean finished, long steps, Optional<Path> checkpoint, String text) {}

  /**
   * A training that is ready to run.
   *
   * @param backend the backend that the plan names
   * @param evaluator another one, on which held-out losses are computed while that one trains;
   *     empty if it does both
   */
  public TrainingJob(
      TrainingPlan plan,
      RunFolder folder,
      Backend backend,
      Optional<Backend> evaluator,
      Reporter reporter) {
    this.plan = plan;
    this.folder = folder;
    this.backend = backend;
    this.evaluator = evaluator;
    this.reporter = reporter;
  }

  /**
   * Checks what a plan names as far as can be done without a run's folder, so that none is made for
   * a training that could never go on.
   *
   * @throws UsageException if the data are none, cannot be used, or do not go with the model
   * @throws InvalidFileException if a file cannot be used
   */
  public static void check(TrainingPlan plan, Reporter reporter) throws IOException {
    TrainingData.check(plan.data());
    if (plan.begin() instanceof Begin.From(Path checkpoint)) {
      CheckpointFolder.open(checkpoint);
    }
    Optional<TrainingData> ready = TrainingData.ready(plan.data());
    if (ready.isPresent()) {
      TrainingData data = ready.get();
      if (plan.evaluateOn().isPresent() && !data.holdsOut()) {
        throw new UsageException(
            "--evaluate-on has nothing to evaluate: --data "
                + plan.data()
                + " holds no text out; leave it away, and ask the checkpoint with eval");
      }
      Tokenizer tokenizer = start(plan, data).tokenizer;
      var _ = data.batches(tokenizer, plan.seed());
      data.check(tokenizer, plan.seed(), plan.training(), reporter);
    }
  }

  /** Asks {@link #run} to save its state and return. Any thread may call this. */
  public void requestStop() {
    stopRequested = true;
  }

  /**
   * Trains to the end, or until a stop is requested.
   *
   * @throws UsageException if the data cannot be used, or do not go with the model
   * @throws IOException in one sentence, if a file cannot be read or written
   * @throws pbb.engine.train.TrainingDivergedException if a loss or gradient is not finite
   */
  public Result run() throws IOException {
    TrainingData data;
    try {
      data = TrainingData.open(plan.data(), folder.path(), reporter, () -> stopRequested);
    } catch (StopRequestedException e) {
      // Shards are what every training needs first: there is no checkpoint yet.
      return new Result(false, 0, Optional.empty(), "");
    }
    Start start = start(plan, data);
    reporter.say(
        String.format(
            Locale.ROOT,
            "a model of %,d weights, %,d tokens a step",
            start.config.parameters(),
            plan.training().tokensPerStep()));
    TrainingRun training =
        new TrainingRun(
            folder.path(),
            start.config,
            plan.training(),
            plan.checkpointInterval(),
            start.weights,
            start.tokenizer,
            data.batches(start.tokenizer, plan.seed()));
    Optional<Checkpoint> before = training.checkpoints().latest(_ -> {});
    Listener listener;
    TrainingRun.Summary summary;
    Optional<Checkpoint> newest;
    try (@Nullable EvaluationBeside beside =
        evaluator
            .map(on -> new EvaluationBeside(on, data, plan.training(), () -> stopRequested))
            .orElse(null)) {
      listener = new Listener(data, validations(before), Optional.ofNullable(beside));
      listener.beginIfMissing(before);
      // A failed evaluation stops the training, so that what was trained is saved.
      summary = training.run(backend, () -> stopRequested || listener.evaluationFailed(), listener);
      listener.fetchLast();
      newest = training.checkpoints().latest(reporter::say);
      if (summary.finished()) {
        listener.beginIfMissing(newest);
        listener.fetchLast();
      }
    }
    if (!summary.finished() || newest.isEmpty() || listener.isMissing(newest.get())) {
      return new Result(false, summary.steps(), newest.map(Checkpoint::folder), "");
    }
    String text = look(data, Model.of(newest.get()));
    AtomicFiles.writeString(folder.path().resolve("sample.txt"), text);
    return new Result(
        true, summary.steps(), newest.map(Checkpoint::folder), listener.last() + text);
  }

  /** What the training begins with. */
  private record Start(ModelConfig config, Tokenizer tokenizer, Supplier<Weights> weights) {}

  private static Start start(TrainingPlan plan, TrainingData data) throws IOException {
    return switch (plan.begin()) {
      case Begin.Fresh(ModelShape shape) -> {
        Tokenizer tokenizer = data.tokenizer();
        int longest = Math.max(plan.training().sequenceLength(), data.longestSequence(tokenizer));
        ModelConfig config = shape.config(tokenizer.vocabularySize(), longest);
        yield new Start(
            config, tokenizer, () -> Weights.initial(new Transformer(config), plan.seed()));
      }
      case Begin.From(Path checkpoint) -> {
        Model model = Model.of(CheckpointFolder.open(checkpoint));
        int most = model.config().maxPositionEmbeddings();
        if (plan.training().sequenceLength() > most) {
          throw new UsageException(
              "--sequence-length must be at most "
                  + most
                  + ", the longest sequence of the model in "
                  + checkpoint
                  + ", not "
                  + plan.training().sequenceLength());
        }
        yield new Start(model.config(), model.tokenizer(), model::weights);
      }
    };
  }

  private String look(TrainingData data, Model model) {
    int most = model.config().maxPositionEmbeddings();
    int[] prompt = data.prompt(model.tokenizer(), most);
    return new Sample(model, prompt, data.look(model.tokenizer(), prompt.length, most, plan.seed()))
            .run(backend)
        + "\n";
  }

  /**
   * The lines of {@code validation.jsonl} up to the newest checkpoint, from which training goes on.
   */
  private List<String> validations(Optional<Checkpoint> newest) throws IOException {
    Path file = folder.path().resolve(VALIDATION);
    List<String> lines = new ArrayList<>();
    if (newest.isPresent() && Files.exists(file)) {
      long done = stepOf(newest.get());
      for (String line : Files.readAllLines(file)) {
        JsonObject json = JsonObject.parse(file, line.getBytes(StandardCharsets.UTF_8));
        if (json.integer("step", 0L, Long.MAX_VALUE) <= done) {
          lines.add(line);
        }
      }
    }
    return lines;
  }

  private static long stepOf(Checkpoint checkpoint) throws IOException {
    return checkpoint.trainer().integer("step", 0L, Long.MAX_VALUE);
  }

  private final class Listener implements TrainingRun.Listener {
    private final TrainingData data;
    private final List<String> validations;
    private final Optional<EvaluationBeside> beside;
    private Optional<HeldOutLoss> latest = Optional.empty();
    private long latestStep = -1;

    Listener(TrainingData data, List<String> validations, Optional<EvaluationBeside> beside)
        throws InvalidFileException {
      this.data = data;
      this.beside = beside;
      this.validations = new ArrayList<>(validations);
      if (!validations.isEmpty()) {
        JsonObject json =
            JsonObject.parse(
                folder.path().resolve(VALIDATION),
                validations.getLast().getBytes(StandardCharsets.UTF_8));
        latestStep = json.integer("step", 0L, Long.MAX_VALUE);
        latest =
            Optional.of(
                new HeldOutLoss(
                    json.number("loss"),
                    json.number("bitsPerByte"),
                    json.integer("tokens", 0L, Long.MAX_VALUE)));
      }
    }

    @Override
    public void validate(Trainer trainer) {
      long step = trainer.stepsDone();
      if (!isDue(step)) {
        return;
      }
      if (beside.isPresent()) {
        if (!trainer.finished()) { // The last step is evaluated from its checkpoint.
          begin(beside.get(), trainer);
        }
      } else {
        latest = data.heldOut(plan.training(), trainer::validate);
        latest.ifPresent(loss -> record(step, loss, ""));
      }
    }

    private boolean isDue(long step) {
      return step == plan.training().steps() || step % plan.validationInterval() == 0;
    }

    /** Training does not wait for the evaluation before. */
    private void begin(EvaluationBeside evaluations, Trainer trainer) {
      if (evaluations.failed()) {
        return;
      }
      evaluations.fetchIfDone().ifPresent(this::record);
      long step = trainer.stepsDone();
      Optional<Long> running = evaluations.running();
      if (running.isPresent()) {
        reporter.say(
            String.format(
                Locale.ROOT,
                "step %d is not evaluated: %s is still at step %d",
                step,
                evaluations.backend(),
                running.get()));
        return;
      }
      begin(evaluations, step, trainer.weights());
    }

    private void begin(EvaluationBeside evaluations, long step, Weights weights) {
      evaluations.begin(step, weights);
      reporter.say("step " + step + ": its evaluation on " + evaluations.backend() + " begins");
    }

    /** Begins the evaluation of a checkpoint that is to have one and does not. */
    void beginIfMissing(Optional<Checkpoint> checkpoint) throws IOException {
      if (beside.isPresent() && checkpoint.isPresent() && isMissing(checkpoint.get())) {
        begin(beside.get(), stepOf(checkpoint.get()), Model.of(checkpoint.get()).weights());
      }
    }

    boolean isMissing(Checkpoint checkpoint) throws IOException {
      long step = stepOf(checkpoint);
      return beside.isPresent() && isDue(step) && latestStep < step;
    }

    boolean evaluationFailed() {
      return beside.isPresent() && beside.get().failed();
    }

    /** Records the evaluation that is running, when it is done. */
    void fetchLast() {
      beside.flatMap(EvaluationBeside::fetch).ifPresent(this::record);
    }

    private void record(EvaluationBeside.Evaluated done) {
      latest = Optional.of(done.loss());
      latestStep = done.step();
      long steps = plan.training().steps();
      String meanwhile =
          done.step() == steps
              ? "after the last step"
              : String.format(
                  Locale.ROOT,
                  "while %s was at steps %d to %d",
                  plan.backend(),
                  done.step() + 1,
                  Math.min(steps, done.trainedSteps() + 1));
      record(
          done.step(),
          done.loss(),
          String.format(
              Locale.ROOT,
              ", evaluated on %s from %.1f s to %.1f s, %s",
              done.backend(),
              done.began(),
              done.ended(),
              meanwhile));
    }

    private void record(long step, HeldOutLoss loss, String how) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("step", step);
      json.put("loss", loss.loss());
      json.put("bitsPerByte", loss.bitsPerByte());
      json.put("tokens", loss.tokens());
      validations.add(JsonText.compact(json));
      try {
        AtomicFiles.writeString(
            folder.path().resolve(VALIDATION), String.join("\n", validations) + "\n");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      reporter.say("step " + step + ": " + sentence(loss) + how);
    }

    @Override
    public void step(StepReport report, double tokensPerSecond, double secondsLeft) {
      if (beside.isPresent()) {
        beside.get().trained(report.step());
        beside.get().fetchIfDone().ifPresent(this::record);
      }
      String heldOut =
          latest
              .map(
                  loss ->
                      String.format(Locale.ROOT, ", held out %.3f bits/byte", loss.bitsPerByte()))
              .orElse("");
      reporter.progress(
          "training",
          report.step(),
          plan.training().steps(),
          String.format(
              Locale.ROOT,
              "loss %.4f%s, %,.0f tokens/s, %s left",
              report.loss(),
              heldOut,
              tokensPerSecond,
              Duration.text(secondsLeft)));
    }

    @Override
    public void notice(String text) {
      reporter.say(text);
    }

    String last() {
      return latest.map(loss -> sentence(loss) + "\n\n").orElse("");
    }
  }

  private static String sentence(HeldOutLoss loss) {
    return String.format(
        Locale.ROOT,
        "%.4f bits per byte on held-out files (%,d tokens)",
        loss.bitsPerByte(),
        loss.tokens());
  }
}
