package pbb.engine.random;

/**
 * A random order of the numbers 0 to n − 1 in constant memory: any place of it can be asked for
 * without making the others, so a position in an epoch is one number.
 *
 * <p>A Feistel network of ten rounds, enough for small n too, permutes the numbers of an even
 * number of bits; what falls outside [0, n) is put through it again until it does not (cycle
 * walking; Black and Rogaway 2002), fewer than four times on average.
 */
public final class Permutation {

  private static final int ROUNDS = 10;

  private final long size;
  private final int halfBits;
  private final long[] keys = new long[ROUNDS];

  private Permutation(long size, RandomStream random) {
    this.size = size;
    int bits = Long.SIZE - Long.numberOfLeadingZeros(size - 1);
    this.halfBits = Math.max(1, (bits + 1) / 2);
    for (int round = 0; round < ROUNDS; round++) {
      keys[round] = random.nextLong();
    }
  }

  /**
   * The order that belongs to {@code (seed, name, step)}.
   *
   * @param seed the run's seed
   * @param name what is put in order
   * @param step which of its orders, such as the epoch
   * @param size how many numbers there are, at least 1
   */
  public static Permutation of(long seed, String name, long step, long size) {
    if (size < 1) {
      throw new IllegalArgumentException("a permutation must be of at least 1 number, not " + size);
    }
    return new Permutation(size, RandomStream.of(seed, "permutation." + name, step));
  }

  /** The number at {@code place}, both in [0, n). */
  public long get(long place) {
    if (place < 0 || place >= size) {
      throw new IndexOutOfBoundsException("place " + place + " of a permutation of " + size);
    }
    long value = place;
    do {
      value = encrypt(value);
    } while (value >= size);
    return value;
  }

  private long encrypt(long value) {
    long mask = (1L << halfBits) - 1;
    long left = value >>> halfBits;
    long right = value & mask;
    for (long key : keys) {
      long next = left ^ (RandomStream.mix(right + key) & mask);
      left = right;
      right = next;
    }
    return left << halfBits | right;
  }
}
