package pbb.engine.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class SamplerTest {

  private static final int DRAWS = 20_000;

  /** Probabilities 0.5, 0.05, 0.3, 0.15 at temperature 1. */
  private static final double[] PROBABILITIES = {0.5, 0.05, 0.3, 0.15};

  private static final float[] LOGITS = {
    (float) Math.log(0.5), (float) Math.log(0.05), (float) Math.log(0.3), (float) Math.log(0.15)
  };

  @Test
  void greedyTakesTheLargestAndOfEqualsTheFirst() {
    Sampler greedy = new Sampler(new Sampling.Greedy(), 4);
    assertEquals(2, greedy.next(row(1, 2, 4, 3), 0, 0, 0));
    assertEquals(1, greedy.next(row(1, 4, 4, 4), 0, 7, 9));
    assertEquals(0, greedy.next(row(-0f, 0f, -0f, 0f), 0, 0, 0));
    assertEquals(3, greedy.next(row(0, 0, 0, 0, 1, 2, 3, 4), 1, 0, 0), "of the second row");
  }

  @Test
  void temperatureOneDrawsTheDistribution() {
    expect(PROBABILITIES, new Sampling.Random(1, Integer.MAX_VALUE, 1, 1));
  }

  @Test
  void temperatureSharpensAndFlattens() {
    for (double temperature : new double[] {0.5, 2}) {
      double[] expected = new double[4];
      double sum = 0;
      for (int i = 0; i < 4; i++) {
        expected[i] = Math.pow(PROBABILITIES[i], 1 / temperature);
        sum += expected[i];
      }
      for (int i = 0; i < 4; i++) {
        expected[i] /= sum;
      }
      expect(expected, new Sampling.Random(temperature, Integer.MAX_VALUE, 1, 2));
    }
  }

  @Test
  void topKLeavesTheLikeliest() {
    expect(new double[] {0.5 / 0.8, 0, 0.3 / 0.8, 0}, new Sampling.Random(1, 2, 1, 3));
    expect(new double[] {1, 0, 0, 0}, new Sampling.Random(1, 1, 1, 3));
    expect(PROBABILITIES, new Sampling.Random(1, 4, 1, 3));
  }

  @Test
  void topPLeavesTheSmallestSetThatReachesIt() {
    expect(
        new double[] {0.5 / 0.8, 0, 0.3 / 0.8, 0},
        new Sampling.Random(1, Integer.MAX_VALUE, 0.7, 4));
    expect(new double[] {1, 0, 0, 0}, new Sampling.Random(1, Integer.MAX_VALUE, 0.01, 4));
    // After topK = 3 the probabilities are 10/19, 6/19 and 3/19: two of them reach 0.8.
    expect(new double[] {0.5 / 0.8, 0, 0.3 / 0.8, 0}, new Sampling.Random(1, 3, 0.8, 4));
  }

  @Test
  void ofEqualLogitsFiltersKeepTheSmallestIds() {
    Sampler sampler = new Sampler(new Sampling.Random(1, 2, 1, 5), 4);
    MemorySegment equal = row(1, 1, 1, 1);
    for (int position = 0; position < 100; position++) {
      assertTrue(sampler.next(equal, 0, 0, position) < 2, "at position " + position);
    }
  }

  @Test
  void drawsAreAFunctionOfSeedPromptAndPosition() {
    Sampling.Random random = Sampling.Random.of(1, 6);
    assertEquals(draws(random, 0), draws(random, 0));
    assertNotEquals(draws(random, 0), draws(random, 1));
    assertNotEquals(draws(random, 0), draws(Sampling.Random.of(1, 7), 0));
  }

  @Test
  void logitsThatAreNoNumbersFailLoudly() {
    MemorySegment broken = row(1, Float.NaN, 2, 3);
    for (Sampling sampling :
        new Sampling[] {
          new Sampling.Greedy(), Sampling.Random.of(1, 1), new Sampling.Random(1, 2, 1, 1)
        }) {
      Sampler sampler = new Sampler(sampling, 4);
      assertThrows(IllegalStateException.class, () -> sampler.next(broken, 0, 0, 0));
    }
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Sampling.Random(0, 1, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new Sampling.Random(1, 0, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new Sampling.Random(1, 1, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new Sampling.Random(1, 1, 1.1, 0));
    assertThrows(IllegalArgumentException.class, () -> GenerationConfig.greedy(0, 1));
  }

  private static void expect(double[] probabilities, Sampling.Random random) {
    Sampler sampler = new Sampler(random, 4);
    MemorySegment logits = row(LOGITS);
    int[] counts = new int[4];
    for (int draw = 0; draw < DRAWS; draw++) {
      counts[sampler.next(logits, 0, draw / 100, draw % 100)]++;
    }
    for (int id = 0; id < 4; id++) {
      double p = probabilities[id];
      // Five standard deviations; exactly none of what a filter takes away.
      double tolerance = 5 * Math.sqrt(p * (1 - p) / DRAWS);
      assertEquals(p, (double) counts[id] / DRAWS, tolerance, "token " + id + " of " + random);
    }
  }

  private static String draws(Sampling.Random random, int prompt) {
    Sampler sampler = new Sampler(random, 4);
    StringBuilder draws = new StringBuilder();
    for (int position = 0; position < 50; position++) {
      draws.append(sampler.next(row(LOGITS), 0, prompt, position));
    }
    return draws.toString();
  }

  private static MemorySegment row(float... logits) {
    return MemorySegment.ofArray(logits);
  }
}
