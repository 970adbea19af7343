package pbb.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Another program that prints lines as ours.
 *
 * @param command it and its arguments
 * @param folder where it runs
 * @param environment what is added to this process's environment
 */
record Program(List<String> command, Path folder, Map<String, String> environment) {

  private static final int KEPT_MESSAGES = 3;
  private static final String TURNS = "TURNS";

  /**
   * Runs it to its end.
   *
   * @return if it fails, how, with the end of what it wrote to standard error
   */
  Optional<String> run(Consumer<Line> out) {
    return run(out, Optional.empty());
  }

  /**
   * Likewise, with {@code TURNS=1}: it then prints <code>{"turn": true}</code> before each of its
   * repeats and waits for a line.
   *
   * @param turn what is done while it waits
   */
  Optional<String> runInTurns(Consumer<Line> out, Runnable turn) {
    return run(out, Optional.of(turn));
  }

  private Optional<String> run(Consumer<Line> out, Optional<Runnable> turn) {
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().putAll(environment);
    turn.ifPresent(_ -> builder.environment().put(TURNS, "1"));
    try {
      Process process = builder.start();
      OutputStream input = process.getOutputStream();
      if (turn.isEmpty()) {
        input.close();
      }
      Deque<String> messages = new ArrayDeque<>();
      Thread reader = Thread.ofVirtual().start(() -> keepLast(process, messages));
      try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          Line parsed = Line.parse(line);
          if (turn.isPresent() && parsed.has("turn")) {
            turn.get().run();
            goOn(input);
          } else {
            out.accept(parsed);
          }
        }
      } catch (JsonProcessingException e) {
        process.toHandle().destroyForcibly(); // leaves its streams open for the reader
        input.close(); // what it started and waits for a turn ends too
        process.waitFor(); // what is measured next is to have the machine for itself
        reader.join();
        return Optional.of("it printed something else than JSON: " + e.getOriginalMessage());
      }
      int code = process.waitFor();
      reader.join();
      return code == 0
          ? Optional.empty()
          : Optional.of("it ended with exit code " + code + ": " + String.join(" / ", messages));
    } catch (IOException e) {
      return Optional.of("it does not start: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while " + command + " ran", e);
    }
  }

  private static void goOn(OutputStream input) {
    try {
      input.write('\n');
      input.flush();
    } catch (IOException _) {
      // It has ended meanwhile; its exit code says how.
    }
  }

  private static void keepLast(Process process, Deque<String> messages) {
    try (BufferedReader lines = process.errorReader(StandardCharsets.UTF_8)) {
      lines
          .lines()
          .filter(line -> !line.isBlank())
          .forEach(
              line -> {
                messages.addLast(line.strip());
                if (messages.size() > KEPT_MESSAGES) {
                  messages.removeFirst();
                }
              });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
