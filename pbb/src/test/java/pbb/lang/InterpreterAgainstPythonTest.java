package pbb.lang;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pbb.engine.random.RandomStream;

/**
 * Runs random programs here and in CPython: results, kinds of error, failing lines and steps must
 * be the same.
 */
final class InterpreterAgainstPythonTest {

  private static final long SEED = 20_250_101;
  private static final int PROGRAMS = 10_000;

  /** Of each tenth program; of the others one. */
  private static final int INPUTS = 6;

  private static final int RUNS = PROGRAMS + PROGRAMS / 10 * (INPUTS - 1);

  /** Tight, so that every limit is hit often. */
  private static final Limits LIMITS = new Limits(400, 256, 200, 12);

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  /** A program and its inputs. */
  private record Job(Program program, String source, List<List<Value>> inputs) {}

  @Test
  void randomProgramsRunAsInPython() throws IOException, InterruptedException {
    assumeTrue(pythonRuns(), "skipped: no python3 (3.8 or later) on the path to compare with");
    List<Job> jobs = jobs();
    long start = System.nanoTime();
    Path answers = runInPython(jobs);
    double seconds = (System.nanoTime() - start) / 1e9;

    Map<ErrorKind, Integer> failures = new EnumMap<>(ErrorKind.class);
    int returned = 0;
    int skipped = 0;
    List<String> differences = new ArrayList<>();
    try (BufferedReader lines = Files.newBufferedReader(answers)) {
      for (Job job : jobs) {
        PreparedProgram prepared = new Interpreter(LIMITS).prepare(job.program());
        for (List<Value> input : job.inputs()) {
          JsonNode python = JSON.readTree(Objects.requireNonNull(lines.readLine()));
          Outcome outcome = prepared.run(input);
          switch (outcome) {
            case Outcome.Returned _ -> returned++;
            case Outcome.Failed failed -> failures.merge(failed.kind(), 1, Integer::sum);
          }
          if (python.has("skipped")) {
            skipped++;
          } else if (!describe(python).equals(describe(outcome))) {
            differences.add(
                "input "
                    + input
                    + "\nhere:   "
                    + describe(outcome)
                    + "\npython: "
                    + describe(python)
                    + "\n"
                    + job.source());
          }
        }
      }
    }
    System.out.printf(
        "%d programs, %d runs compared with python3 (%.1f s): %d returned, failed %s; %d not"
            + " comparable%n",
        PROGRAMS, RUNS - skipped, seconds, returned, failures, skipped);
    if (!differences.isEmpty()) {
      fail(
          differences.size()
              + " runs differ from python3 (seed "
              + SEED
              + "); the first ones:\n"
              + String.join("\n", differences.subList(0, Math.min(3, differences.size()))));
    }
    assertTrue(RUNS - skipped >= 10_000, "too few comparable runs: " + skipped + " skipped");
    assertTrue(skipped <= RUNS / 100, skipped + " runs were not comparable");
    assertTrue(returned >= RUNS / 3, "only " + returned + " runs returned");
    for (ErrorKind kind : ErrorKind.values()) {
      assertTrue(
          failures.getOrDefault(kind, 0) >= 10,
          () -> "the random programs hardly ever fail with " + kind + ": " + failures);
    }
  }

  private static List<Job> jobs() {
    List<Job> jobs = new ArrayList<>();
    for (int i = 0; i < PROGRAMS; i++) {
      RandomPrograms random = new RandomPrograms(RandomStream.of(SEED, "programs", i));
      Program built = random.program();
      String source = PythonRenderer.render(built);
      Program parsed = Parser.parse(source);
      assertEquals(built, parsed, "parsing the rendered program gives another one:\n" + source);
      List<List<Value>> inputs = new ArrayList<>();
      for (int j = 0; j < (i % 10 == 0 ? INPUTS : 1); j++) {
        inputs.add(random.arguments());
      }
      jobs.add(new Job(parsed, source, inputs));
    }
    return jobs;
  }

  private static boolean pythonRuns() throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder("python3", "-c", "import sys; sys.exit(sys.version_info < (3, 8))")
              .inheritIO()
              .start();
      return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException missing) {
      return false;
    }
  }

  /** The file with one line of JSON per input. */
  private Path runInPython(List<Job> jobs) throws IOException, InterruptedException {
    Path script = folder.resolve("run_programs.py");
    try (InputStream resource =
        Objects.requireNonNull(getClass().getResourceAsStream("run_programs.py"))) {
      Files.copy(resource, script);
    }
    Path questions = folder.resolve("questions.jsonl");
    try (BufferedWriter out = Files.newBufferedWriter(questions)) {
      out.write(
          JSON.writeValueAsString(
              Map.of(
                  "steps", LIMITS.steps(),
                  "bits", LIMITS.bits(),
                  "size", LIMITS.size(),
                  "depth", LIMITS.depth())));
      out.newLine();
      for (Job job : jobs) {
        List<List<Object>> inputs =
            job.inputs().stream()
                .map(input -> input.stream().map(v -> Objects.requireNonNull(v.toJson())).toList())
                .toList();
        out.write(
            JSON.writeValueAsString(
                Map.of("source", job.source(), "function", "main", "inputs", inputs)));
        out.newLine();
      }
    }
    Path answers = folder.resolve("answers.jsonl");
    Process python =
        new ProcessBuilder("python3", script.toString())
            .redirectInput(questions.toFile())
            .redirectOutput(answers.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (!python.waitFor(120, TimeUnit.SECONDS)) {
      python.destroyForcibly();
      fail("python3 took more than 120 s for " + jobs.size() + " programs");
    }
    assertEquals(0, python.exitValue(), "python3 failed; its message stands above");
    return answers;
  }

  private static String describe(JsonNode python) {
    return python.has("error")
        ? python.get("error").asText()
            + " at line "
            + python.get("line").asInt()
            + " after "
            + python.get("steps").asLong()
            + " steps"
        : "returned "
            + python.get("str").asText()
            + " / "
            + python.get("repr").asText()
            + " after "
            + python.get("steps").asLong()
            + " steps";
  }

  private static String describe(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Failed failed ->
          failed.kind() + " at line " + failed.line() + " after " + failed.steps() + " steps";
      case Outcome.Returned result ->
          "returned "
              + result.value()
              + " / "
              + result.value().repr()
              + " after "
              + result.steps()
              + " steps";
    };
  }
}
