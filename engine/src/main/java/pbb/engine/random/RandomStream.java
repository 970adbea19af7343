package pbb.engine.random;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;

/**
 * A stream of random numbers that is a pure function of (seed, name, step): resuming a run needs no
 * generator state, and what one stream draws never shifts what another draws.
 *
 * <p>Counter-based: the n-th draw mixes a 64-bit key with n by the finaliser of SplitMix64 (Steele,
 * Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014). Not for cryptography.
 * Not thread-safe.
 */
public final class RandomStream {

  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private final long key;
  private long counter;

  private RandomStream(long key) {
    this.key = key;
  }

  /**
   * The stream of draws that belongs to {@code (seed, name, step)}.
   *
   * @param seed the run's seed
   * @param name what the draws are for, such as {@code "initialisation"}
   * @param step which batch, document or tensor they are for; 0 where there is just one
   */
  public static RandomStream of(long seed, String name, long step) {
    long key = mix(seed + GOLDEN_GAMMA);
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      key = mix(key ^ (b & 0xFF));
    }
    return new RandomStream(mix(key + GOLDEN_GAMMA * (step + 1)));
  }

  /** The next 64 uniform bits. */
  public long nextLong() {
    counter++;
    return mix(key + counter * GOLDEN_GAMMA);
  }

  /**
   * A uniform integer in [0, bound).
   *
   * @throws IllegalArgumentException if {@code bound < 1}
   */
  public int nextInt(int bound) {
    if (bound < 1) {
      throw new IllegalArgumentException("bound must be at least 1, not " + bound);
    }
    // Lemire's multiply-shift on 32 bits; draws that would favour small results are thrown away.
    long limit = (1L << 32) % bound;
    while (true) {
      long product = (nextLong() >>> 32) * bound;
      if ((product & 0xFFFFFFFFL) >= limit) {
        return (int) (product >>> 32);
      }
    }
  }

  /** A uniform double in [0, 1) with 53 random bits. */
  public double nextDouble() {
    return (nextLong() >>> 11) * 0x1.0p-53;
  }

  /**
   * A draw from the standard normal distribution, by the Box-Muller transform in {@link
   * StrictMath}.
   */
  public double nextGaussian() {
    double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - nextDouble()));
    return radius * StrictMath.cos(2 * StrictMath.PI * nextDouble());
  }

  /** Shuffles {@code list} in place (Fisher-Yates). */
  public <T> void shuffle(List<T> list) {
    for (int i = list.size() - 1; i > 0; i--) {
      Collections.swap(list, i, nextInt(i + 1));
    }
  }

  static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
