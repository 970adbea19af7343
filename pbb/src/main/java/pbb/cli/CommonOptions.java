package pbb.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options that every command has. */
final class CommonOptions {

  @Option(
      names = "--config",
      paramLabel = "FILE.toml",
      description = "Options from a file; those on the command line win.")
  @Nullable Path config; // Read by Main before the command line is parsed.

  @Option(names = "--quiet", description = "No progress.")
  boolean quiet;

  @Option(names = "--verbose", description = "Stack traces with errors.")
  boolean verbose;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Shows this and exits.")
  boolean help;

  /** The display of progress for this process. */
  Display display() {
    return Display.of(quiet);
  }
}
