package pbb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;

/**
 * A command that was run in this process.
 *
 * @param code its exit code
 * @param out what it wrote to standard output
 * @param err what it wrote to standard error, but for progress
 */
record Ran(int code, String out, String err) {

  static final List<String> TINY_MODEL =
      List.of("--hidden-size", "16", "--intermediate-size", "32", "--layers", "1", "--heads", "2");

  /** Runs {@code pbb} with these arguments, any of which may be a path. */
  static Ran pbb(Object... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine =
        Main.commandLine(new Interruption(System.err))
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err));
    int code =
        Main.run(commandLine, Stream.of(arguments).map(Object::toString).toArray(String[]::new));
    return new Ran(code, out.toString(), err.toString());
  }

  /** Writes a task's data, small. */
  static Path programs(Path folder) {
    pbb(
            "generate",
            "--task",
            "random-arithmetic",
            "--profile",
            "smoke",
            "--seed",
            5,
            "--out",
            folder)
        .succeeds();
    return folder;
  }

  /** The arguments of a training of a second. */
  static String[] training(Path data, Path out, Object... more) {
    return training(6, 2, data, out, more);
  }

  /** The arguments of a training of so many steps. */
  static String[] training(int steps, int checkpointEvery, Path data, Path out, Object... more) {
    List<String> arguments = new ArrayList<>(List.of("train", "--quiet"));
    arguments.addAll(List.of("--data", data.toString(), "--out", out.toString(), "--threads", "1"));
    arguments.addAll(TINY_MODEL);
    arguments.addAll(
        List.of("--steps", "" + steps, "--batch-size", "2", "--sequence-length", "128"));
    arguments.addAll(
        List.of(
            "--checkpoint-every", "" + checkpointEvery, "--validate-every", "2", "--seed", "9"));
    Arrays.stream(more).map(Object::toString).forEach(arguments::add);
    return arguments.toArray(String[]::new);
  }

  Ran succeeds() {
    assertEquals(0, code, err);
    return this;
  }

  /** That it failed as it should: with this code and one line that holds all of these. */
  void fails(int expected, String... inMessage) {
    assertEquals(expected, code, out + err);
    assertEquals(1, err.lines().count(), () -> "one sentence, not: " + err);
    for (String part : inMessage) {
      assertTrue(err.contains(part), () -> "\"" + part + "\" is not in: " + err);
    }
  }
}
