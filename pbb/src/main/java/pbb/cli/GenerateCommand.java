package pbb.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import pbb.job.TaskFolder;
import pbb.run.Profile;
import pbb.run.ProfileFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code pbb generate}. */
@Command(
    name = "generate",
    description = {
      "Writes a task's programs and executions, one JSON object a line.",
      "It needs no backend: --backend, --device and --threads change nothing."
    },
    sortOptions = false)
final class GenerateCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @ParentCommand private Main main;
  @Mixin CommonOptions common; // What it does not use, Main does.
  @Mixin private ComputeOptions compute;

  @Option(
      names = "--task",
      required = true,
      paramLabel = "NAME",
      description = "random-arithmetic.")
  private String task;

  @Option(
      names = "--profile",
      paramLabel = "NAME|FILE.toml",
      defaultValue = "quick",
      description =
          "How many programs, and of which kind: smoke, quick, full, or a file with what it changes"
              + " in one of them (default: quick).")
  private String profile;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "A folder that does not exist yet.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    Profile dials = ProfileFile.named(profile);
    AtomicBoolean stop = new AtomicBoolean();
    String summary;
    try (var _ = main.interruption().job(() -> stop.set(true))) {
      summary = TaskFolder.generate(task, dials, compute.seed, out, stop::get);
    }
    spec.commandLine().getOut().println(summary);
    spec.commandLine().getOut().flush();
    return ExitCode.FINE.code();
  }
}
