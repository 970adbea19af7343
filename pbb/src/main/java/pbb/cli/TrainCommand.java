package pbb.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import pbb.engine.backend.Backend;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.selection.Selection;
import pbb.job.TrainingJob;
import pbb.job.TrainingPlan;
import pbb.run.RunFolder;
import pbb.run.UsageException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code pbb train}. */
@Command(
    name = "train",
    description = {
      "Trains one model.",
      "Data are a folder that generate wrote, a folder of token shards, or a folder or .zip file of"
          + " .py and .java files, such as the JDK's own lib/src.zip."
    },
    sortOptions = false)
final class TrainCommand implements Callable<Integer> {

  /** Fields that messages name, and the options that set them. */
  private static final Map<String, String> OPTIONS = options();

  /** A whole word, and no part of an option. */
  private static final Pattern FIELD = Pattern.compile("(?<![-\\w])\\w+(?![-\\w])");

  @Spec private CommandSpec spec;
  @ParentCommand private Main main;
  @Mixin private CommonOptions common;
  @Mixin private ComputeOptions compute;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "PATH",
      description = "What is trained on.")
  Path data;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "The run's directory.")
  private Path out;

  @Option(
      names = "--resume",
      description =
          "Goes on with the run in that directory, with the same options; only backend and device"
              + " may be others.")
  private boolean resume;

  @Option(
      names = "--init",
      paramLabel = "DIR",
      description = "Begins with this checkpoint's weights instead of random ones.")
  @Nullable Path init;

  @Option(
      names = "--evaluate-on",
      paramLabel = "BACKEND",
      description =
          "Looks at held-out files on this backend, such as vector, while training goes on"
              + " (default: where it trains, which waits).")
  private @Nullable String evaluateOn;

  @Mixin ModelOptions model;
  @Mixin TrainingOptions training;

  @Override
  public Integer call() throws IOException {
    Display display = common.display();
    try (var selection = Opened.backend(compute, display);
        @Nullable Selection beside =
            evaluateOn == null
                ? null
                : Opened.evaluator(evaluateOn, compute, selection.backend(), display)) {
      Optional<Backend> evaluator = Optional.ofNullable(beside).map(Selection::backend);
      DeviceStatus device = selection.backend().device();
      TrainingPlan plan = plan(device, evaluator.map(backend -> backend.device().backend()));
      TrainingJob.check(plan, display); // Before a run's directory is made that could never go on.
      // A signal waits from here on, so that it finds nothing half-written.
      try (var _ = main.interruption().job(() -> {});
          RunFolder folder =
              RunFolder.open(
                  out,
                  plan.json(),
                  Version.current().environment(device, compute.threadCount()),
                  resume,
                  TrainingPlan.MAY_MOVE)) {
        folder
            .moves()
            .forEach(
                move ->
                    display.say(
                        move
                            + ": from here on it computes the same within tolerances, not to the"
                            + " bit"));
        TrainingJob job = new TrainingJob(plan, folder, selection.backend(), evaluator, display);
        try (var _ = main.interruption().job(job::requestStop)) {
          return say(job.run(), display);
        }
      }
    }
  }

  private int say(TrainingJob.Result result, Display display) {
    if (result.finished()) {
      PrintWriter stdout = spec.commandLine().getOut();
      result.checkpoint().ifPresent(stdout::println);
      stdout.print(result.text());
      stdout.flush();
      return ExitCode.FINE.code();
    }
    display.conclude(
        result.checkpoint().isPresent()
            ? "interrupted after step "
                + result.steps()
                + ", saved in "
                + result.checkpoint().get()
                + ": the same command with --resume goes on"
            : "interrupted before the first step was done: the same command with --resume begins"
                + " anew");
    return ExitCode.INTERRUPTED.code();
  }

  private TrainingPlan plan(DeviceStatus device, Optional<String> evaluates) {
    try {
      TrainingPlan.Begin begin =
          init == null ? new TrainingPlan.Begin.Fresh(model.shape()) : model.from(init);
      var settings = training.settings(model.size());
      return new TrainingPlan(
          data,
          begin,
          settings,
          training.checkpointEvery == null
              ? Math.max(1, settings.steps() / 10)
              : training.checkpointEvery,
          training.validateEvery == null
              ? Math.max(1, settings.steps() / 10)
              : training.validateEvery,
          compute.seed,
          device.backend(),
          device.id(),
          evaluates);
    } catch (IllegalArgumentException e) {
      throw new UsageException(inOptions(String.valueOf(e.getMessage())), e);
    }
  }

  /** A message with options in the place of the fields that they set. */
  static String inOptions(String message) {
    return FIELD
        .matcher(message)
        .replaceAll(
            field -> Matcher.quoteReplacement(OPTIONS.getOrDefault(field.group(), field.group())));
  }

  private static Map<String, String> options() {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("hiddenSize", "--hidden-size");
    options.put("intermediateSize", "--intermediate-size");
    options.put("numHiddenLayers", "--layers");
    options.put("numAttentionHeads", "--heads");
    options.put("numKeyValueHeads", "--key-value-heads");
    options.put("headDim", "--hidden-size / --heads");
    options.put("sequenceLength", "--sequence-length");
    options.put("batchSize", "--batch-size");
    options.put("accumulationSteps", "--accumulation-steps");
    options.put("steps", "--steps");
    options.put("learningRate", "--learning-rate");
    options.put("warmupSteps", "--warmup");
    options.put("weightDecay", "--weight-decay");
    options.put("gradientClipNorm", "--gradient-clip-norm");
    options.put("checkpointInterval", "--checkpoint-every");
    options.put("validationInterval", "--validate-every");
    return options;
  }
}
