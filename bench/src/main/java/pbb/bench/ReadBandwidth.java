package pbb.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.stream.Stream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * How fast a given number of bytes is read over and over: from memory, or from whatever cache they
 * fit into.
 */
final class ReadBandwidth {

  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int UNROLLED = 8;
  private static final int REPEATS = 9;
  private static final double REPEAT_SECONDS = 0.05;
  private static final double WARM_UP_SECONDS = 0.5;

  private ReadBandwidth() {}

  /**
   * 10⁹ bytes a second.
   *
   * @param bytes all threads together; each reads its own part of them
   */
  static Rates measure(long bytes, int threads) {
    int step = UNROLLED * SPECIES.vectorByteSize();
    int share = Math.toIntExact(Math.max(1, bytes / threads / step) * step);
    double[] sums = new double[threads];
    try (Arena arena = Arena.ofShared();
        Crew crew = new Crew(threads)) {
      MemorySegment[] shares =
          Stream.generate(() -> arena.allocate(share, 64))
              .limit(threads)
              .toArray(MemorySegment[]::new);
      crew.seconds(thread -> fill(shares[thread])); // each thread touches its pages first
      double seconds = 0;
      for (double spent = 0; spent < WARM_UP_SECONDS; spent += seconds) {
        seconds = crew.seconds(thread -> sums[thread] = sum(shares[thread], share));
      }
      int passes = (int) Math.max(1, REPEAT_SECONDS / seconds);
      double[] rates = new double[REPEATS];
      for (int i = 0; i < REPEATS; i++) {
        seconds =
            crew.seconds(
                thread -> {
                  for (int pass = 0; pass < passes; pass++) {
                    sums[thread] = sum(shares[thread], share);
                  }
                });
        rates[i] = (double) share * threads * passes / seconds / 1e9;
      }
      for (double sum : sums) {
        if (sum != UNROLLED) { // so that the sums are used
          throw new IllegalStateException("the bandwidth measurement read something else: " + sum);
        }
      }
      return Rates.of(rates);
    }
  }

  /** Zeros, but for a one at the end of each chain. */
  private static void fill(MemorySegment segment) {
    segment.fill((byte) 0);
    for (int i = 0; i < UNROLLED; i++) {
      long offset = segment.byteSize() - (long) (i + 1) * SPECIES.vectorByteSize();
      segment.set(ValueLayout.JAVA_FLOAT, offset, 1);
    }
  }

  /** Eight chains hide how long an addition takes. */
  private static double sum(MemorySegment values, int bytes) {
    ByteOrder order = ByteOrder.nativeOrder();
    int width = SPECIES.vectorByteSize();
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector s4 = s0;
    FloatVector s5 = s0;
    FloatVector s6 = s0;
    FloatVector s7 = s0;
    for (int i = 0; i < bytes; i += UNROLLED * width) {
      s0 = s0.add(FloatVector.fromMemorySegment(SPECIES, values, i, order));
      s1 = s1.add(FloatVector.fromMemorySegment(SPECIES, values, i + width, order));
      s2 = s2.add(FloatVector.fromMemorySegment(SPECIES, values, i + 2L * width, order));
      s3 = s3.add(FloatVector.fromMemorySegment(SPECIES, values, i + 3L * width, order));
      s4 = s4.add(FloatVector.fromMemorySegment(SPECIES, values, i + 4L * width, order));
      s5 = s5.add(FloatVector.fromMemorySegment(SPECIES, values, i + 5L * width, order));
      s6 = s6.add(FloatVector.fromMemorySegment(SPECIES, values, i + 6L * width, order));
      s7 = s7.add(FloatVector.fromMemorySegment(SPECIES, values, i + 7L * width, order));
    }
    FloatVector low = s0.add(s1).add(s2).add(s3);
    FloatVector high = s4.add(s5).add(s6).add(s7);
    return low.add(high).lane(0);
  }
}
