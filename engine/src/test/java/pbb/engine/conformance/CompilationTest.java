package pbb.engine.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pbb.engine.backend.BackendProvider;
import pbb.engine.backend.DeviceStatus;

/**
 * An op gives the same bits whether it is interpreted or compiled, so that results do not depend on
 * when the compiler kicks in. Two JVMs run the small rows of the op table: one never compiles, the
 * other compiles all that has run a hundred times, by the optimising compiler and before it goes
 * on.
 */
class CompilationTest {

  private static final Pattern COMPILED =
      Pattern.compile("pbb\\.engine\\.backend\\.vector\\.(\\w+)");

  @TempDir Path folder;

  private Process start(String backend, String device, int warmUps, Path output, String... options)
      throws IOException, URISyntaxException {
    URL here = Objects.requireNonNull(OpBits.class.getResource("OpBits.class"));
    Path testClasses = Path.of(here.toURI());
    for (int i = 0; i < OpBits.class.getName().split("\\.", -1).length; i++) {
      testClasses = Objects.requireNonNull(testClasses.getParent());
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.addAll(
        List.of(
            "-Xmx256m",
            "--module-path",
            System.getProperty("jdk.module.path"),
            "--patch-module",
            "pbb.engine=" + testClasses,
            "--add-modules",
            "jdk.incubator.vector",
            "--module",
            "pbb.engine/" + OpBits.class.getName(),
            backend,
            device,
            Integer.toString(warmUps)));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .start();
  }

  private static Map<String, String> checksums(Process process, Path output)
      throws IOException, InterruptedException {
    assertTrue(process.waitFor(5, TimeUnit.MINUTES), "a JVM has not come to an end");
    List<String> lines = Files.readAllLines(output);
    assertEquals(0, process.exitValue(), () -> String.join("\n", lines));
    Map<String, String> checksums = new TreeMap<>();
    for (String line : lines) {
      String[] fields = line.split("\t", -1);
      if (fields.length == 2) {
        checksums.put(fields[0], fields[1]);
      }
    }
    return checksums;
  }

  @Test
  void interpretedAndCompiledOpsGiveTheSameBits() throws Exception {
    Assumptions.assumeTrue(
        ModuleFinder.ofSystem().find("jdk.incubator.vector").isPresent(),
        "skipped: this JDK has no module jdk.incubator.vector");
    DeviceStatus vector =
        ServiceLoader.load(BackendProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(provider -> provider.name().equals("vector"))
            .flatMap(provider -> provider.devices().stream())
            .findFirst()
            .orElseThrow(() -> new AssertionError("no provider offers the vector backend"));
    assertEquals(
        Optional.empty(), vector.refusal(), "the JDK has the Vector API, yet its backend refuses");
    String device = vector.id();
    Path interpretedOutput = folder.resolve("interpreted");
    Path compiledOutput = folder.resolve("compiled");
    Process interpreted = start("vector", device, 0, interpretedOutput, "-Xint");
    Process compiled =
        start(
            "vector",
            device,
            150,
            compiledOutput,
            "-XX:-TieredCompilation",
            "-XX:-BackgroundCompilation",
            "-XX:CompileThreshold=100",
            "-XX:+PrintCompilation");
    Map<String, String> expected;
    Map<String, String> actual;
    try {
      expected = checksums(interpreted, interpretedOutput);
      actual = checksums(compiled, compiledOutput);
    } finally {
      interpreted.destroyForcibly();
      compiled.destroyForcibly();
    }
    assertEquals(OpBits.rows().size(), expected.size(), "rows that were run");
    assertEquals(expected.keySet(), actual.keySet());
    List<String> different =
        expected.keySet().stream()
            .filter(row -> !Objects.equals(expected.get(row), actual.get(row)))
            .toList();
    assertEquals(List.of(), different, "rows whose bits change when they are compiled");

    Set<String> compiledClasses = new TreeSet<>();
    for (String line : Files.readAllLines(compiledOutput)) {
      Matcher matcher = COMPILED.matcher(line);
      if (matcher.find()) {
        compiledClasses.add(matcher.group(1));
      }
    }
    List<String> neverCompiled =
        OpBits.rows().stream()
            .map(row -> row.op().name())
            .distinct()
            // Rows are taken by the embedding's kernel.
            .filter(op -> !op.equals("TakeRows"))
            .filter(op -> compiledClasses.stream().noneMatch(name -> name.startsWith(op)))
            .toList();
    assertEquals(
        List.of(), neverCompiled, "ops of which no class was compiled, out of " + compiledClasses);
  }
}
