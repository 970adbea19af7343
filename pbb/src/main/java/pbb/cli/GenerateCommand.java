package pbb.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import pbb.job.TaskFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code pbb generate}. */
@Command(
    name = "generate",
    description = "Writes a task's programs and executions, one JSON object a line.",
    sortOptions = false)
final class GenerateCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin CommonOptions common; // What it does not use, Main does.

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
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Decides what is drawn (default: 0).")
  private long seed;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "A folder that does not exist yet.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    String summary = TaskFolder.generate(task, profile, seed, out);
    spec.commandLine().getOut().println(summary);
    spec.commandLine().getOut().flush();
    return ExitCode.FINE.code();
  }
}
