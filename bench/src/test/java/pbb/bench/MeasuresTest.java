package pbb.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** That what measures does what it says; not how long anything takes. */
class MeasuresTest {

  private static final ModelShape TINY = new ModelShape("tiny", 16, 2, 2, 32, 32, 2, 8);

  @Test
  @EnabledOnOs(OS.LINUX)
  void aTrainingInAJvmOfItsOwnSaysWhatItTook() {
    Line line = TrainingProcess.run("scalar", TINY, 1, 10);
    assertEquals("scalar", line.get("backend").asText());
    assertEquals("tiny", line.get("shape").asText());
    double seconds = line.get("first_step_s").asDouble();
    assertTrue(seconds > 0 && seconds < 60, line.json());
    double base = line.get("base_mb").asDouble();
    assertTrue(base > 0 && base <= line.get("peak_mb").asDouble(), line.json());
    assertTrue(line.get("loss_10").asDouble() < line.get("loss_first").asDouble(), line.json());
    Line memory = line.only(What.MEMORY, List.of("peak_mb", "absent"));
    assertEquals("memory", memory.get("what").asText());
    assertTrue(memory.has("peak_mb"));
    assertFalse(memory.has("absent") || memory.has("shape"), memory.json());
  }

  @Test
  void allocationIsWhatTheWorkAllocates() {
    byte[][] kept = new byte[1][];
    Allocation.Result result =
        Allocation.measure(
            () -> {
              for (int i = 0; i < 100; i++) {
                kept[0] = new byte[10_000];
              }
            });
    assertTrue(result.steady());
    assertTrue(result.bytes() >= 1_000_000 && result.bytes() < 1_100_000, result.toString());
  }

  @Test
  void readingIsTimedOnAnyNumberOfThreads() {
    Rates rates = ReadBandwidth.measure(1 << 20, 2);
    assertTrue(rates.low() > 0 && rates.low() <= rates.high(), rates.toString());
  }
}
