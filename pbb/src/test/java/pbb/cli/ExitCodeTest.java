package pbb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import pbb.engine.backend.BackendUnavailableException;
import pbb.engine.io.InvalidFileException;
import pbb.run.StopRequestedException;
import pbb.run.UsageException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Which failures are whose fault. */
class ExitCodeTest {

  static Stream<Throwable> faultsOfTheProgram() {
    return Stream.of(
        new IllegalArgumentException("rows must be positive"),
        new NumberFormatException("For input string"),
        new IllegalStateException("closed\nalready"),
        new NullPointerException(),
        new IndexOutOfBoundsException(7),
        new AssertionError("impossible"));
  }

  @ParameterizedTest
  @MethodSource("faultsOfTheProgram")
  void aFaultOfTheProgramIsNotTheUsers(Throwable fault) {
    assertEquals(ExitCode.FAILED, ExitCode.of(fault));
    String sentence = ExitCode.sentence(fault);
    assertTrue(sentence.contains("a fault of pbb"), sentence);
    assertTrue(sentence.contains(fault.getClass().getSimpleName()), sentence);
    assertTrue(sentence.contains("--verbose"), sentence);
    assertEquals(1, sentence.lines().count(), sentence);
  }

  @Test
  void everyOtherFailureHasItsCodeAndSentence() {
    assertEquals(ExitCode.USAGE, ExitCode.of(new UsageException("--steps must be …")));
    assertEquals(
        ExitCode.USAGE, ExitCode.of(new InvalidFileException(Path.of("a"), "is truncated")));
    assertEquals(
        ExitCode.USAGE, ExitCode.of(new UncheckedIOException(new NoSuchFileException("a"))));
    assertEquals(ExitCode.FAILED, ExitCode.of(new IOException("No space left on device")));
    assertEquals(ExitCode.NO_BACKEND, ExitCode.of(new BackendUnavailableException("no GPU")));
    assertEquals(ExitCode.INTERRUPTED, ExitCode.of(new StopRequestedException()));
    assertEquals("--steps must be …", ExitCode.sentence(new UsageException("--steps must be …")));
  }

  /** A command with a fault. */
  @Command(name = "faulty")
  static final class Faulty implements Runnable {
    private final RuntimeException fault;

    Faulty(RuntimeException fault) {
      this.fault = fault;
    }

    @CommandLine.Option(names = "--verbose")
    boolean verbose;

    @Override
    public void run() {
      throw fault;
    }
  }

  @Test
  void theTraceOfAFaultIsShownWhenAskedFor() {
    for (boolean verbose : new boolean[] {false, true}) {
      StringWriter err = new StringWriter();
      CommandLine main =
          Main.commandLine(new Interruption(System.err)).setErr(new PrintWriter(err));
      CommandLine faulty = new CommandLine(new Faulty(new IllegalArgumentException("rows")));
      faulty.setErr(new PrintWriter(err));
      faulty.setExecutionExceptionHandler(main.getExecutionExceptionHandler());
      assertEquals(1, verbose ? faulty.execute("--verbose") : faulty.execute());
      assertTrue(err.toString().startsWith("pbb: this is a fault of pbb"), err.toString());
      assertEquals(verbose, err.toString().contains("at pbb"), err.toString());
      assertFalse(!verbose && err.toString().lines().count() > 1, err.toString());
    }
  }
}
