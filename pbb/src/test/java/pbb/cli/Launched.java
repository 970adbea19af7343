package pbb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** {@code pbb} in a process of its own, so that it can be sent signals. */
final class Launched implements AutoCloseable {

  private final Process process;
  private final Path output;

  private Launched(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /** Starts it as the launcher does, but for the options that only save time and memory. */
  static Launched pbb(Path output, Object... arguments) throws IOException, InterruptedException {
    return start(output, Path.of("."), "exec \"$@\"", arguments);
  }

  /**
   * Starts it through a line of shell.
   *
   * @param output a file that gets all that it says
   * @param directory where it is started
   * @param shell how: {@code "$@"} stands for its command
   */
  static Launched start(Path output, Path directory, String shell, Object... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(hearingSignals());
    command.addAll(List.of("bash", "-c", shell, "bash"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Without the file that it keeps for jps, which a limit on the size of files would hit.
    command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:-UsePerfData"));
    command.addAll(
        List.of("--add-modules", "jdk.incubator.vector", "--enable-native-access=pbb.engine"));
    command.addAll(List.of("-p", modulePath()));
    command.addAll(List.of("-m", "pbb/pbb.cli.Main"));
    Stream.of(arguments).map(Object::toString).forEach(command::add);
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    return new Launched(process, output);
  }

  /** The modules of this process, and the backend that only runs find. */
  private static String modulePath() {
    return Stream.concat(
            Stream.of(Objects.requireNonNull(System.getProperty("jdk.module.path"))),
            Stream.of(System.getProperty("java.class.path", "").split(File.pathSeparator, -1))
                .filter(
                    entry -> entry.contains("tornado-kernels") || entry.contains("pbb-tornado")))
        .collect(Collectors.joining(File.pathSeparator));
  }

  /**
   * What makes a process hear SIGINT where this one does not: whoever is started in the background
   * of a script inherits that it is ignored.
   */
  private static List<String> hearingSignals() throws IOException, InterruptedException {
    List<String> prefix = List.of("env", "--default-signal=INT");
    List<String> probe = new ArrayList<>(prefix);
    probe.add("true");
    Process process =
        new ProcessBuilder(probe)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    return process.waitFor() == 0 ? prefix : List.of();
  }

  /** Sends a signal such as {@code INT}. */
  void signal(String name) throws IOException, InterruptedException {
    Process kill =
        new ProcessBuilder("kill", "-s", name, Long.toString(process.pid())).inheritIO().start();
    assertEquals(0, kill.waitFor(), "kill failed; its message stands above");
  }

  /** Waits until something is so, and fails if the process ends before. */
  void await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (!condition.getAsBoolean()) {
      assertTrue(process.isAlive(), () -> "it ended before " + what + ": " + said());
      assertTrue(System.nanoTime() < deadline, () -> "it has not come to " + what + ": " + said());
      Thread.sleep(5);
    }
  }

  /** Waits until it ends, and returns what it said. */
  String exits(int expected) throws InterruptedException {
    boolean ended = process.waitFor(2, TimeUnit.MINUTES);
    assertTrue(ended, () -> "it has not come to an end: " + said());
    assertEquals(expected, process.exitValue(), said());
    return said();
  }

  /** What it said, but for the virtual machine's own line. */
  String said() {
    try {
      return Files.readString(output).replaceAll("(?m)^WARNING: Using incubator modules.*\\R", "");
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
