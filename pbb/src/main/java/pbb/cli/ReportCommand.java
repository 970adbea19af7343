package pbb.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import pbb.report.Report;
import pbb.run.UsageException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code pbb report}. */
@Command(
    name = "report",
    description = {
      "Writes the page of one or several runs again, from their results.",
      "It computes nothing: --seed, --backend, --device and --threads change nothing."
    },
    sortOptions = false)
final class ReportCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @ParentCommand private Main main;
  @Mixin CommonOptions common; // What it does not use, Main does.
  @Mixin ComputeOptions compute;

  @Parameters(arity = "1..*", paramLabel = "RUN", description = "Run directories of suite or eval.")
  private List<Path> runs;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where report.md and index.html go (default: the run; needed for several).")
  private @Nullable Path out;

  @Override
  public Integer call() throws IOException {
    if (out == null && runs.size() > 1) {
      throw new UsageException("a report of " + runs.size() + " runs needs a place: add --out DIR");
    }
    Path folder = out == null ? runs.getFirst() : out;
    Report report = Report.of(runs);
    try (var _ = main.interruption().job(() -> {})) { // Two small files, which belong together.
      report.write(folder);
    }
    PrintWriter stdout = spec.commandLine().getOut();
    stdout.println(folder.resolve("report.md"));
    stdout.println(folder.resolve("index.html"));
    stdout.flush();
    return ExitCode.FINE.code();
  }
}
