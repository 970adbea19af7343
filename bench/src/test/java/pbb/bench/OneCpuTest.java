package pbb.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class OneCpuTest {

  /** As Linux writes it, such as {@code 0-3}. */
  private static String allowed() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/thread-self/status"))) {
        if (line.startsWith("Cpus_allowed_list:")) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    throw new AssertionError("Linux does not say which CPUs are allowed");
  }

  private static String allowedInChild() throws IOException {
    Process child =
        new ProcessBuilder("grep", "Cpus_allowed_list", "/proc/self/status")
            .inheritIO()
            .redirectOutput(ProcessBuilder.Redirect.PIPE)
            .start();
    String line = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return line.substring(line.indexOf(':') + 1).strip();
  }

  @Test
  void theFastestIsTheOnlyOneUntilItIsClosed() throws Exception {
    String before = allowed();
    List<String> tried = new ArrayList<>();
    try (OneCpu cpu =
        OneCpu.fastest(
                () -> {
                  tried.add(allowed());
                  return tried.size(); // each is faster than the one before
                })
            .orElseThrow()) {
      assertEquals(tried.getLast(), allowed());
      assertEquals(tried.getLast(), cpu.line().get("cpu").asText());
      assertEquals(tried.size(), cpu.line().get("of").asInt());
      assertEquals(tried.getLast(), allowedInChild(), "what it starts runs there too");
    }
    assertEquals(before, allowed());
    assertEquals(tried.size(), tried.stream().distinct().count(), tried.toString());
  }
}
