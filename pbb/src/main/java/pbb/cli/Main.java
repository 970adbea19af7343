package pbb.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The root command, {@code pbb}. */
@Command(
    name = "pbb",
    description =
        "Trains compact transformers on program source and measures what they learn about running"
            + " the programs.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.Provider.class)
public final class Main implements Runnable {

  @Spec private CommandSpec spec;

  private Main() {}

  /** Runs {@code pbb} and exits with its code. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main());
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "name a command, see pbb --help");
  }
}
