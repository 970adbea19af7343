package pbb.engine.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ScheduleTest {

  @Test
  void allWarmUpLinearlyToThePeak() {
    for (Schedule schedule :
        List.of(
            new Schedule.Constant(4),
            new Schedule.Cosine(4, 0.1),
            new Schedule.WarmupStableDecay(4, 0.5, 0))) {
      assertEquals(0.25, schedule.factor(0, 100), schedule.toString());
      assertEquals(0.75, schedule.factor(2, 100), schedule.toString());
      assertEquals(1, schedule.factor(3, 100), schedule.toString());
      assertEquals(1, schedule.factor(4, 100), schedule.toString());
    }
  }

  @Test
  void cosineFallsToItsFinalFraction() {
    Schedule schedule = new Schedule.Cosine(10, 0.1);
    assertEquals(0.55, schedule.factor(60, 110), 1e-12, "half-way");
    assertEquals(0.1, schedule.factor(110, 110), 1e-12, "at the end");
    for (int step = 10; step < 110; step++) {
      assertTrue(
          schedule.factor(step, 110) > schedule.factor(step + 1, 110), "falls at step " + step);
    }
  }

  @Test
  void stableThenDecayFallsLinearly() {
    Schedule schedule = new Schedule.WarmupStableDecay(10, 0.4, 0.2);
    assertEquals(1, schedule.factor(59, 100));
    assertEquals(1, schedule.factor(60, 100));
    assertEquals(0.6, schedule.factor(80, 100), 1e-12);
    assertEquals(0.22, schedule.factor(99, 100), 1e-12);
    assertEquals(0.2, schedule.factor(100, 100), 1e-12);
  }

  @Test
  void constantStays() {
    Schedule schedule = new Schedule.Constant(0);
    assertEquals(1, schedule.factor(0, 10));
    assertEquals(1, schedule.factor(9, 10));
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Schedule.Constant(-1));
    assertThrows(IllegalArgumentException.class, () -> new Schedule.Cosine(0, 1.5));
    assertThrows(IllegalArgumentException.class, () -> new Schedule.WarmupStableDecay(0, -0.1, 0));
    assertThrows(IllegalArgumentException.class, () -> OptimizerConfig.of(0));
    assertThrows(IllegalArgumentException.class, () -> OptimizerConfig.of(Double.NaN));
    assertThrows(
        IllegalArgumentException.class,
        () -> new TrainerConfig(0, 8, 1, 10, OptimizerConfig.of(1e-3), new Schedule.Constant(0)));
  }
}
