package pbb.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import pbb.engine.backend.Backend;
import pbb.engine.selection.Selection;
import pbb.job.Duration;
import pbb.report.Report;
import pbb.run.Profile;
import pbb.run.ProfileFile;
import pbb.run.Results;
import pbb.run.UsageException;
import pbb.suite.DryRun;
import pbb.suite.Experiment;
import pbb.suite.Progress;
import pbb.suite.RunConfig;
import pbb.suite.RunDirectory;
import pbb.suite.Suite;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code pbb suite}. */
@Command(
    name = "suite",
    description =
        "The main job: generates data, trains, evaluates and reports, experiment by experiment.",
    sortOptions = false)
final class SuiteCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @ParentCommand private Main main;
  @Mixin private CommonOptions common;
  @Mixin private ComputeOptions compute;

  @Option(
      names = "--profile",
      paramLabel = "NAME|FILE.toml",
      defaultValue = "quick",
      description =
          "smoke (seconds), quick (minutes), full (an hour), or a file with what it changes in one"
              + " of them (default: quick).")
  private String profile;

  @Option(
      names = "--experiment",
      paramLabel = "NAME",
      split = ",",
      description = "Which experiments (default: all).")
  private @Nullable List<String> experiments;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "Runs seeds --seed to --seed + N - 1 (default: 1; 3 in profile full).")
  private @Nullable Integer seeds;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "The run's directory (default: runs/PROFILE).")
  private @Nullable Path out;

  @Option(names = "--resume", description = "Goes on with the run in that directory.")
  private boolean resume;

  @Option(
      names = "--evaluate-on",
      paramLabel = "BACKEND",
      description =
          "Evaluates each cell on this backend, such as vector, while the next one trains, if there"
              + " is one (default: where it trains, before the next).")
  private @Nullable String evaluateOn;

  @Option(
      names = "--dry-run",
      description = "Only says what would run: cells, tokens, operations, time on this machine.")
  private boolean dryRun;

  @Override
  public Integer call() throws IOException {
    Profile dials = ProfileFile.named(profile);
    int count = seeds == null ? RunConfig.defaultSeeds(dials) : seeds;
    if (count < 1) {
      throw new UsageException("--seeds must be at least 1, not " + count);
    }
    List<String> chosen =
        experiments == null ? Experiment.all().stream().map(Experiment::id).toList() : experiments;
    chosen.forEach(Experiment::named);
    Display display = common.display();
    try (var selection = Opened.backend(compute, display);
        @Nullable Selection beside =
            evaluateOn == null
                ? null
                : Opened.evaluator(evaluateOn, compute, selection.backend(), display)) {
      var device = selection.backend().device();
      Optional<Backend> evaluator = Optional.ofNullable(beside).map(Selection::backend);
      RunConfig config =
          new RunConfig(
              dials,
              chosen,
              RunConfig.seeds(compute.seed, count),
              device.backend(),
              device.id(),
              evaluator.map(backend -> backend.device().backend()).orElse(device.backend()));
      config.requireDrawable();
      if (dryRun) {
        return estimate(config, selection.backend());
      }
      Path directory = out == null ? Path.of("runs", dials.name()) : out;
      // A signal waits from here on, so that it finds nothing half-written.
      try (var _ = main.interruption().job(() -> {});
          RunDirectory run =
              RunDirectory.open(
                  directory,
                  config,
                  Version.current().environment(device, compute.threadCount()),
                  resume)) {
        Suite suite = new Suite(run, selection.backend(), evaluator, event -> show(event, display));
        try (var _ = main.interruption().job(suite::requestStop)) {
          return end(suite.run(), directory, display);
        }
      }
    }
  }

  private int estimate(RunConfig config, Backend backend) {
    DryRun run = DryRun.of(config, backend);
    PrintWriter stdout = spec.commandLine().getOut();
    config.cells().forEach(stdout::println);
    stdout.println(
        String.format(
            Locale.ROOT,
            """
            cells      %d, each %,d steps and about %s on this machine
            model      %,d weights, about %,d words
            training   %,d tokens, %,.1f TFLOP, %,.0f tokens/s as measured now
            answers    %,d queries, %,.1f TFLOP
            time       about %s in all\
            """,
            run.cells(),
            run.steps(),
            Duration.text(run.secondsPerCell()),
            run.parameters(),
            run.vocabulary(),
            run.tokens(),
            run.trainingTeraflop(),
            run.tokensPerSecond(),
            run.queries(),
            run.generationTeraflop(),
            Duration.text(run.seconds())));
    stdout.flush();
    return ExitCode.FINE.code();
  }

  private int end(Suite.Outcome outcome, Path directory, Display display) throws IOException {
    if (outcome == Suite.Outcome.INTERRUPTED) {
      display.conclude(
          "interrupted, and saved in " + directory + ": the same command with --resume goes on");
      return ExitCode.INTERRUPTED.code();
    }
    Report.of(List.of(directory)).write(directory);
    PrintWriter stdout = spec.commandLine().getOut();
    for (Results.Judged claim : Results.read(directory.resolve(Results.FILE)).claims()) {
      stdout.println(claim.id() + ": " + claim.verdict() + ", because " + claim.because());
    }
    stdout.println(directory.resolve("report.md"));
    stdout.println(directory.resolve("index.html"));
    stdout.flush();
    return ExitCode.FINE.code();
  }

  private static void show(Progress event, Display display) {
    switch (event) {
      case Progress.CellStarted e ->
          display.say(e.cell() + " (" + e.number() + " of " + e.of() + ")");
      case Progress.CellSkipped e ->
          display.say(e.cell() + " (" + e.number() + " of " + e.of() + ") is done already");
      case Progress.Generating e -> display.progress("writing documents", e.steps(), e.of(), "");
      case Progress.Training e ->
          display.progress(
              "training",
              e.step(),
              e.of(),
              String.format(
                  Locale.ROOT,
                  "loss %.4f, %,.0f tokens/s, %s left",
                  e.loss(),
                  e.tokensPerSecond(),
                  Duration.text(e.secondsLeft())));
      case Progress.Evaluating e -> display.progress("evaluating", e.done(), e.of(), "");
      case Progress.CellFinished e ->
          display.say(e.cell() + " is done, in " + Duration.text(e.seconds()));
      case Progress.CellStopped e -> display.say(e.cell() + " stopped after step " + e.step());
      case Progress.Notice e -> display.say(e.text());
    }
  }
}
