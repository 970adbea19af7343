package pbb.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The root command, {@code pbb}. */
@Command(
    name = "pbb",
    description =
        "Trains compact transformers on program source and measures what they learn about running"
            + " the programs.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.Provider.class,
    subcommands = {
      SuiteCommand.class,
      GenerateCommand.class,
      TrainCommand.class,
      EvalCommand.class,
      SampleCommand.class,
      ReportCommand.class,
      DoctorCommand.class
    })
public final class Main implements Runnable {

  @Spec private CommandSpec spec;

  private final Interruption interruption;

  private Main(Interruption interruption) {
    this.interruption = interruption;
  }

  /** What signals do in this process. */
  Interruption interruption() {
    return interruption;
  }

  /** Runs {@code pbb} and exits with its code. */
  public static void main(String[] args) {
    Interruption interruption = new Interruption(System.err);
    interruption.listen();
    int code = run(commandLine(interruption), args);
    System.out.flush();
    System.err.flush();
    interruption.end(code);
    System.exit(code);
  }

  /** Runs {@code pbb} in this process and returns its exit code. */
  static int run(CommandLine commandLine, String... args) {
    try {
      Optional<Path> file = TomlDefaults.named(args);
      if (file.isPresent()) {
        commandLine.setDefaultValueProvider(TomlDefaults.read(file.get(), commandLine));
      }
      return commandLine.execute(args);
    } catch (IOException
        | RuntimeException
        | Error e) { // Errors, as a full heap, come through execute.
      return fail(commandLine, e, List.of(args).contains("--verbose"));
    }
  }

  static CommandLine commandLine(Interruption interruption) {
    CommandLine commandLine = new CommandLine(new Main(interruption));
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.setParameterExceptionHandler((e, args) -> misuse(e));
    commandLine.setExecutionExceptionHandler((e, used, result) -> fail(used, e, verbose(result)));
    return commandLine;
  }

  private static boolean verbose(ParseResult result) {
    ParseResult innermost = result;
    while (innermost.hasSubcommand()) {
      innermost = innermost.subcommand();
    }
    OptionSpec option = innermost.commandSpec().findOption("--verbose");
    return option != null && Boolean.TRUE.equals(option.getValue());
  }

  /** What cannot be parsed: one sentence, and where to read more. */
  private static int misuse(ParameterException e) {
    CommandLine used = e.getCommandLine();
    String name = used.getCommandSpec().qualifiedName();
    used.getErr().println("pbb: " + sentence(e) + "; see " + name + " --help");
    used.getErr().flush();
    return ExitCode.USAGE.code();
  }

  private static String sentence(ParameterException e) {
    if (e instanceof UnmatchedArgumentException unmatched && !unmatched.getUnmatched().isEmpty()) {
      String first = unmatched.getUnmatched().getFirst();
      boolean option = first.startsWith("-");
      List<String> close = option ? List.of() : unmatched.getSuggestions();
      return (option ? "unknown option " : "unknown argument ")
          + first
          + (close.isEmpty() ? "" : " (did you mean " + String.join(" or ", close) + "?)");
    }
    String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    return message.endsWith(".") ? message.substring(0, message.length() - 1) : message;
  }

  private static int fail(CommandLine used, Throwable failure, boolean verbose) {
    PrintWriter err = used.getErr();
    String sentence = ExitCode.sentence(failure).strip();
    err.println(
        "pbb: "
            + (sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence));
    if (verbose) {
      failure.printStackTrace(err);
    }
    err.flush();
    return ExitCode.of(failure).code();
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "name a command");
  }
}
