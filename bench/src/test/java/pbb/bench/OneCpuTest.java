package pbb.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class OneCpuTest {

  private static final String FIELD = "Cpus_allowed_list:";

  private final String before = allowed();

  /** As Linux writes it, such as {@code 0-3}. */
  private static String allowed() {
    try {
      return value(Files.readString(Path.of("/proc/thread-self/status")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String allowedInChild() throws IOException {
    Process child = new ProcessBuilder("cat", "/proc/self/status").start();
    return value(new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
  }

  private static String value(String status) {
    String line = status.lines().filter(each -> each.startsWith(FIELD)).findFirst().get();
    return line.substring(FIELD.length()).strip();
  }

  @BeforeEach
  void someToChooseFrom() {
    assumeTrue(before.contains("-") || before.contains(","), "there is only CPU " + before);
  }

  @Test
  void theFastestIsTheOnlyOneUntilItIsClosed() throws Exception {
    List<String> tried = new ArrayList<>();
    try (OneCpu cpu =
        OneCpu.fastest(
            () -> {
              tried.add(allowed());
              return 1000 - tried.size(); // each is slower than the one before
            })) {
      String first = tried.getFirst();
      assertEquals(first, allowed());
      assertEquals(first, allowedInChild(), "what it starts runs there too");
      Line line = cpu.line();
      assertEquals(first, line.get("cpu").asText());
      assertEquals(tried.stream().distinct().count(), line.get("of").asInt());
      assertEquals(2 * line.get("of").asInt(), tried.size(), "two looks at each");
      assertEquals(999, line.get("fastest_gflops").asDouble());
      assertEquals(1000 - line.get("of").asInt(), line.get("slowest_gflops").asDouble());
    }
    assertEquals(before, allowed());
  }

  @Test
  void aMeasurementThatFailsLeavesTheThreadAsItWas() {
    assertThrows(
        IllegalStateException.class,
        () ->
            OneCpu.fastest(
                () -> {
                  throw new IllegalStateException("measured nothing");
                }));
    assertEquals(before, allowed());
  }
}
