package pbb.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import pbb.job.EvaluationJob;
import pbb.suite.RunFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code pbb eval}. */
@Command(
    name = "eval",
    description = "Asks a model what a task's data ask, and scores the answers.",
    sortOptions = false)
final class EvalCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private CommonOptions common;
  @Mixin private ComputeOptions compute;

  @Option(
      names = "--checkpoint",
      required = true,
      paramLabel = "DIR",
      description =
          "The model: a checkpoint, or a run directory of train, whose newest one is taken.")
  private Path checkpoint;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "A folder that generate wrote.")
  private Path data;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "The run's directory.")
  private Path out;

  @Option(
      names = "--inputs-per-program",
      paramLabel = "N",
      defaultValue = "6",
      description =
          "On how many inputs a program is asked, at most, in each mode and kind (default: 6);"
              + " directly, one without executions is asked on all.")
  private int inputsPerProgram;

  @Override
  public Integer call() throws IOException {
    Display display = common.display();
    EvaluationJob.Plan plan =
        new EvaluationJob.Plan(checkpoint, data, inputsPerProgram, compute.seed);
    EvaluationJob job = EvaluationJob.of(plan);
    try (var selection = Opened.backend(compute, display)) {
      var device = selection.backend().device();
      try (RunFolder folder =
          RunFolder.open(
              out,
              plan.json(device.backend(), device.id()),
              Version.current().environment(device, compute.threadCount()),
              false)) {
        spec.commandLine().getOut().print(job.run(folder, selection.backend(), display));
        spec.commandLine().getOut().flush();
      }
    }
    return ExitCode.FINE.code();
  }
}
