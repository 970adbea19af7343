package pbb.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import pbb.job.EvaluationJob;
import pbb.run.RunFolder;
import pbb.run.StopRequestedException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code pbb eval}. */
@Command(
    name = "eval",
    description = "Asks a model what a task's data ask, and scores the answers.",
    sortOptions = false)
final class EvalCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @ParentCommand private Main main;
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

  @Option(
      names = "--resume",
      description = "Asks again in a run directory that an interrupted evaluation left.")
  private boolean resume;

  @Override
  public Integer call() throws IOException {
    Display display = common.display();
    EvaluationJob.Plan plan =
        new EvaluationJob.Plan(checkpoint, data, inputsPerProgram, compute.seed);
    EvaluationJob job = EvaluationJob.of(plan);
    AtomicBoolean stop = new AtomicBoolean();
    try (var selection = Opened.backend(compute, display)) {
      var device = selection.backend().device();
      try (var _ = main.interruption().job(() -> stop.set(true));
          RunFolder folder =
              RunFolder.open(
                  out,
                  plan.json(device.backend(), device.id()),
                  Version.current().environment(device, compute.threadCount()),
                  resume)) {
        spec.commandLine().getOut().print(job.run(folder, selection.backend(), display, stop::get));
        spec.commandLine().getOut().flush();
      } catch (StopRequestedException e) {
        display.conclude("interrupted: the same command with --resume asks again in " + out);
        return ExitCode.INTERRUPTED.code();
      }
    }
    return ExitCode.FINE.code();
  }
}
