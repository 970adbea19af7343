package pbb.engine.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class RandomStreamTest {

  private static final long SEED = 20250101;

  private static long[] draws(RandomStream stream, int count) {
    return LongStream.generate(stream::nextLong).limit(count).toArray();
  }

  /**
   * The expected values come from a second implementation of SplitMix64, in Python's unbounded
   * integers.
   */
  @Test
  void drawsAreThoseOfSplitMix64() {
    assertArrayEquals(
        new long[] {0xEEFF388E88CFE9E8L, 0x48B344EC8BA8B0C0L, 0xFEB22EEF30F6845CL},
        draws(RandomStream.of(0, "initialisation", 0), 3));
    assertArrayEquals(
        new long[] {0x293FA111E772C006L, 0x7AF0AB92B2125DF9L, 0x167AE74E51ECE4B8L},
        draws(RandomStream.of(42, "données", 7), 3));
    assertArrayEquals(
        new long[] {0x9C33907FF87F3910L, 0xFDF0F8F684D8F526L, 0xD41D92E5A1338254L},
        draws(RandomStream.of(-1, "", 1L << 40), 3));
  }

  @Test
  void derivedDrawsUseTheHighBits() {
    RandomStream integers = RandomStream.of(0, "initialisation", 0);
    assertArrayEquals(
        new int[] {9, 2, 9, 6, 0, 6, 3, 8, 1, 4},
        IntStream.generate(() -> integers.nextInt(10)).limit(10).toArray());
    assertEquals(0.9335818622574262, RandomStream.of(0, "initialisation", 0).nextDouble());
    assertEquals(
        -0.49352569427977333, RandomStream.of(0, "initialisation", 0).nextGaussian(), 1e-15);
  }

  @Test
  void isAPureFunctionOfSeedNameAndStep() {
    long[] alone = draws(RandomStream.of(SEED, "data", 3), 100);
    RandomStream other = RandomStream.of(SEED, "other", 3);
    RandomStream stream = RandomStream.of(SEED, "data", 3);
    long[] interleaved = new long[100];
    for (int i = 0; i < interleaved.length; i++) {
      other.nextGaussian();
      interleaved[i] = stream.nextLong();
    }
    assertArrayEquals(alone, interleaved);
  }

  @Test
  void anotherSeedNameOrStepIsAnotherStream() {
    Set<Long> firsts = new HashSet<>();
    int streams = 0;
    for (long seed = 0; seed < 20; seed++) {
      for (String name : List.of("a", "b", "ab", "ba", "")) {
        for (long step = 0; step < 20; step++) {
          firsts.add(RandomStream.of(seed, name, step).nextLong());
          streams++;
        }
      }
    }
    assertEquals(streams, firsts.size(), "two streams begin alike");
  }

  /** Chi-squared over 7 values, 6 degrees of freedom: 22.46 is exceeded once in 1,000 seeds. */
  @Test
  void boundedIntegersAreUniform() {
    RandomStream stream = RandomStream.of(SEED, "uniform", 0);
    int draws = 70_000;
    int[] counts = new int[7];
    for (int i = 0; i < draws; i++) {
      counts[stream.nextInt(7)]++;
    }
    double expected = draws / 7.0;
    double chiSquared = 0;
    for (int count : counts) {
      chiSquared += (count - expected) * (count - expected) / expected;
    }
    assertTrue(chiSquared < 22.46, "chi-squared " + chiSquared + " for seed " + SEED);
  }

  @Test
  void doublesFillTheUnitIntervalEvenly() {
    RandomStream stream = RandomStream.of(SEED, "doubles", 0);
    int draws = 100_000;
    double sum = 0;
    double min = 1;
    double max = 0;
    for (int i = 0; i < draws; i++) {
      double x = stream.nextDouble();
      sum += x;
      min = Math.min(min, x);
      max = Math.max(max, x);
    }
    assertTrue(min >= 0 && min < 1e-3, "minimum " + min);
    assertTrue(max < 1 && max > 1 - 1e-3, "maximum " + max);
    // The mean's standard error is 1 / sqrt(12 n) = 0.0009; 4 of them.
    assertEquals(0.5, sum / draws, 0.0037, "mean for seed " + SEED);
  }

  @Test
  void gaussiansHaveMeanZeroAndVarianceOne() {
    RandomStream stream = RandomStream.of(SEED, "gaussians", 0);
    int draws = 100_000;
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < draws; i++) {
      double x = stream.nextGaussian();
      sum += x;
      squares += x * x;
    }
    // Standard errors: 1 / sqrt(n) = 0.0032 and sqrt(2 / n) = 0.0045; 4 of them.
    assertEquals(0, sum / draws, 0.0127, "mean for seed " + SEED);
    assertEquals(1, squares / draws, 0.0179, "variance for seed " + SEED);
  }

  @Test
  void shuffleGivesEveryPermutationAlike() {
    RandomStream stream = RandomStream.of(SEED, "shuffle", 0);
    int shuffles = 24_000;
    int[] counts = new int[256];
    for (int i = 0; i < shuffles; i++) {
      List<Integer> list = new ArrayList<>(List.of(0, 1, 2, 3));
      stream.shuffle(list);
      assertEquals(Set.of(0, 1, 2, 3), new HashSet<>(list), "not a permutation");
      counts[((list.get(0) * 4 + list.get(1)) * 4 + list.get(2)) * 4 + list.get(3)]++;
    }
    int[] seen = IntStream.of(counts).filter(count -> count > 0).toArray();
    assertEquals(24, seen.length, "permutations of four elements");
    double expected = shuffles / 24.0;
    double chiSquared =
        IntStream.of(seen).mapToDouble(n -> (n - expected) * (n - expected) / expected).sum();
    // 23 degrees of freedom: 49.73 is exceeded once in 1,000 seeds.
    assertTrue(chiSquared < 49.73, "chi-squared " + chiSquared + " for seed " + SEED);
  }

  @Test
  void boundMustBePositive() {
    RandomStream stream = RandomStream.of(SEED, "bound", 0);
    assertThrows(IllegalArgumentException.class, () -> stream.nextInt(0));
  }
}
