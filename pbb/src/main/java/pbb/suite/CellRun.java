package pbb.suite;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import pbb.engine.backend.Backend;
import pbb.engine.checkpoint.Checkpoint;
import pbb.engine.checkpoint.Checkpoints;
import pbb.engine.checkpoint.Model;
import pbb.engine.data.DocumentSource;
import pbb.engine.data.PackedBatches;
import pbb.engine.io.AtomicFiles;
import pbb.engine.io.InvalidFileException;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;
import pbb.engine.train.StepReport;
import pbb.eval.Scoring;
import pbb.eval.Scoring.Answered;
import pbb.eval.Twins;
import pbb.run.Evaluator;
import pbb.run.Profile;
import pbb.run.RunFolder;
import pbb.run.StopRequestedException;
import pbb.run.TrainingRun;
import pbb.run.UsageException;

/**
 * Runs one cell in its folder: writes its data, searches them for leaks, trains, evaluates. Each
 * part leaves files that a later start goes on from. The evaluation may have a backend, and a
 * thread, of its own.
 */
final class CellRun {

  private final Cell cell;
  private final Profile profile;
  private final Path folder;
  private final Backend backend;
  private final BooleanSupplier stop;
  private final Consumer<Progress> progress;
  private Optional<Interval> trainingTime = Optional.empty();

  CellRun(
      Cell cell,
      Profile profile,
      Path folder,
      Backend backend,
      BooleanSupplier stop,
      Consumer<Progress> progress) {
    this.cell = cell;
    this.profile = profile;
    this.folder = folder;
    this.backend = backend;
    this.stop = stop;
    this.progress = progress;
  }

  /**
   * What training leaves to the evaluation.
   *
   * @param time when all that comes before the evaluation was done
   */
  record Trained(
      Corpus corpus,
      Twins twins,
      TrainingRun training,
      TrainingRun.Summary summary,
      ModelConfig model,
      Interval time) {}

  /** The cell. */
  Cell cell() {
    return cell;
  }

  /** When steps were trained, without what comes before them; empty if it did not come to that. */
  Optional<Interval> trainingTime() {
    return trainingTime;
  }

  /**
   * Trains, or does what is left of it.
   *
   * @return what is to be evaluated; empty if a stop was requested, and then the state is saved
   * @throws LeakException if the cell's data give away what is to be evaluated
   */
  Optional<Trained> train() throws IOException {
    long start = System.nanoTime();
    AtomicFiles.removePartials(folder);
    try {
      Corpus corpus = corpus();
      Twins twins = Twins.of(corpus.data(), profile.dials().modulus(), corpus.queries());
      progress.accept(new Progress.Notice(cell, twins.sentence()));
      int longest = Evaluator.longestSequence(corpus.tokenizer(), corpus.queries());
      ModelConfig model =
          profile
              .model()
              .config(
                  corpus.tokenizer().vocabularySize(),
                  Math.max(profile.training().sequenceLength(), longest));
      TrainingRun training =
          new TrainingRun(
              folder,
              model,
              profile.training(),
              profile.checkpointInterval(),
              () -> Weights.initial(new Transformer(model), cell.seed()),
              corpus.tokenizer(),
              PackedBatches.once(
                  DocumentSource.repeating(corpus.documents()), corpus.documents().size()));
      TrainingRun.Summary trained = train(training);
      if (!trained.finished()) {
        progress.accept(new Progress.CellStopped(cell, trained.steps()));
        return Optional.empty();
      }
      return Optional.of(
          new Trained(corpus, twins, training, trained, model, Interval.since(start)));
    } catch (StopRequestedException e) {
      progress.accept(new Progress.CellStopped(cell, trainedSteps()));
      return Optional.empty();
    }
  }

  private TrainingRun.Summary train(TrainingRun training) throws IOException {
    long start = System.nanoTime();
    try {
      return training.run(backend, stop, new TrainingListener());
    } finally {
      trainingTime = Optional.of(Interval.since(start));
    }
  }

  /**
   * Evaluates the last checkpoint.
   *
   * @param on generates the answers
   * @param before when the cell before this one was finished, as {@link System#nanoTime} has it;
   *     empty if this start of the run finished none
   * @return the cell's result; empty if a stop was requested
   */
  Optional<CellResult> evaluate(Trained trained, Backend on, OptionalLong before)
      throws IOException {
    long start = System.nanoTime();
    try {
      List<Answered> answers = evaluate(trained.training(), trained.corpus(), on);
      double seconds = Interval.since(start).seconds();
      long began = trained.time().start();
      long from = before.isPresent() ? Math.max(began, before.getAsLong()) : began;
      CellResult result =
          new CellResult(
              trained.model().parameters(),
              trained.model().vocabularySize(),
              trained.corpus().documents().size(),
              trained.summary().tokens(),
              answers.size(),
              rounded(trained.summary().seconds()),
              rounded(seconds),
              rounded(Interval.since(from).seconds()),
              RunFolder.now(),
              trained.twins(),
              Scoring.rows(cell.mark(), trained.corpus().chance(), answers));
      result.write(folder);
      return Optional.of(result);
    } catch (StopRequestedException e) {
      progress.accept(new Progress.CellStopped(cell, trainedSteps()));
      return Optional.empty();
    }
  }

  private Corpus corpus() throws IOException {
    Path data = folder.resolve("data");
    long steps = profile.training().steps();
    try {
      if (!Files.exists(data)) {
        Corpus.write(
            data,
            profile,
            cell.seed(),
            done -> {
              stopIfRequested();
              progress.accept(new Progress.Generating(cell, done, steps));
            });
      }
      List<LeakCheck.Leak> leaks = LeakCheck.check(data, profile.dials().modulus());
      if (!leaks.isEmpty()) {
        throw new LeakException(data, leaks);
      }
      return Corpus.read(data, profile, cell.seed());
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()), e);
    }
  }

  private List<Answered> evaluate(TrainingRun training, Corpus corpus, Backend on)
      throws IOException {
    Checkpoint last =
        training
            .checkpoints()
            .latest(text -> progress.accept(new Progress.Notice(cell, text)))
            .orElseThrow(
                () ->
                    new InvalidFileException(folder, "has no checkpoint, though training is done"));
    int of = corpus.queries().size();
    List<Answered> answers =
        Evaluator.answer(
            on,
            Model.of(last),
            corpus.queries(),
            profile.evaluation().batchSize(),
            done -> {
              stopIfRequested();
              progress.accept(new Progress.Evaluating(cell, done, of));
            });
    Evaluator.writeSamples(folder.resolve("samples.jsonl"), answers);
    return answers;
  }

  private void stopIfRequested() {
    if (stop.getAsBoolean()) {
      throw new StopRequestedException();
    }
  }

  private long trainedSteps() throws IOException {
    List<Long> steps = new Checkpoints(folder.resolve("checkpoints")).steps();
    return steps.isEmpty() ? 0 : steps.getLast();
  }

  private static double rounded(double seconds) {
    return Math.round(seconds * 10) / 10.0;
  }

  private final class TrainingListener implements TrainingRun.Listener {
    @Override
    public void step(StepReport report, double tokensPerSecond, double secondsLeft) {
      progress.accept(
          new Progress.Training(
              cell,
              report.step(),
              profile.training().steps(),
              report.loss(),
              tokensPerSecond,
              secondsLeft));
    }

    @Override
    public void notice(String text) {
      progress.accept(new Progress.Notice(cell, text));
    }
  }
}
