package pbb.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class CompareTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int compare(String... arguments) {
    CommandLine command = Compare.commandLine();
    command.setOut(new PrintWriter(out));
    command.setErr(new PrintWriter(err, true));
    return command.execute(arguments);
  }

  @Test
  void aBackendThatIsNamedMustWork() {
    assertEquals(3, compare("--backend", "vector", "--device", "gpu:7"));
    assertTrue(err.toString().contains("no device gpu:7"), err.toString());
    assertEquals(1, err.toString().lines().count(), err.toString());
    assertEquals("", out.toString(), "nothing is measured before");
  }

  /** On plain loops, which nothing but their name has measured. */
  @Test
  void aStepByKernelAddsUp() throws Exception {
    assertEquals(
        0,
        compare(
            "--json",
            "--backend",
            "scalar",
            "--threads",
            "1",
            "--what",
            "kernels",
            "--shapes",
            "tiny=16,2,2,32,32,2,8"),
        err::toString);
    List<Line> lines = new ArrayList<>();
    for (String line : out.toString().lines().toList()) {
      lines.add(Line.parse(line));
    }
    Line cpu = lines.removeFirst();
    assertEquals("cpu", cpu.get("what").asText());
    assertEquals("kernels", cpu.get("for").asText());
    Line step = lines.removeLast();
    assertEquals("scalar", step.get("backend").asText());
    assertEquals(1, step.get("threads").asInt());
    double sum = lines.stream().mapToDouble(line -> line.get("ms").asDouble()).sum();
    assertEquals(step.get("kernels_ms").asDouble(), sum, 0.02, out.toString());
    assertEquals(
        step.get("profiled_ms").asDouble(),
        step.get("kernels_ms").asDouble()
            + step.get("transfers_ms").asDouble()
            + step.get("host_ms").asDouble(),
        0.03,
        out.toString());
    // Query, key, value and output, gate, up and down in two layers, and the head; forward, and
    // twice as many backward.
    Line products =
        lines.stream()
            .filter(line -> line.get("kernel").asText().equals("MatMul"))
            .findFirst()
            .get();
    assertEquals(3 * (2 * 7 + 1), products.get("launches").asInt());
    assertTrue(products.get("gflops").isNumber());
    assertTrue(
        lines.stream()
            .map(line -> line.get("kernel").asText())
            .collect(Collectors.toSet())
            .containsAll(List.of("Attention", "AttentionGradient", "AdamW", "ClipFactor")),
        out.toString());
  }
}
