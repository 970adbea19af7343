package pbb.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What this machine can do at most, which no program exceeds: fused multiply-adds on registers, and
 * STREAM's triad {@code a = b + s·c} over arrays far larger than the caches.
 *
 * @param threads how many threads worked at once
 * @param fmaGflops 10⁹ floating-point operations a second, two for each multiply-add
 * @param triadGbs 10⁹ bytes a second, counted as STREAM does: two arrays read and one written
 * @param chains the accumulators that gave {@code fmaGflops}
 */
record Limit(int threads, Rates fmaGflops, Rates triadGbs, Chains chains) {

  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int REPEATS = 9;
  private static final double REPEAT_SECONDS = 0.05;
  private static final double WARM_UP_SECONDS = 0.5;
  private static final long SMALLEST_ARRAY = 128L << 20;

  /** Measures both on {@code threads} threads, in about three seconds. */
  static Limit measure(int threads) {
    try (Crew crew = new Crew(threads)) {
      Rates twelve = fmaWarm(crew, threads, Chains.TWELVE);
      Rates sixteen = fmaWarm(crew, threads, Chains.SIXTEEN);
      Rates triad = triad(crew, threads);
      return sixteen.median() > twelve.median()
          ? new Limit(threads, sixteen, triad, Chains.SIXTEEN)
          : new Limit(threads, twelve, triad, Chains.TWELVE);
    }
  }

  /** GFLOP/s of the multiply-adds once more, as the machine is now; in about half a second. */
  double fmaAgain() {
    return fmaAgain(REPEATS);
  }

  /** Likewise, as the machine is at this moment; in about 50 ms. */
  double fmaNow() {
    return fmaAgain(1);
  }

  private double fmaAgain(int repeats) {
    double seconds = flops(chains, threads) / (fmaGflops.median() * 1e9); // of an iteration
    int iterations = (int) (REPEAT_SECONDS / seconds);
    try (Crew crew = new Crew(threads)) {
      return fma(crew, threads, chains, iterations, repeats).median();
    }
  }

  /** As a line of {@code scripts/bench compare}. */
  Line line() {
    return Line.of("limit")
        .with("threads", threads)
        .with("fma_gflops", Line.round(fmaGflops.median(), 1))
        .with("fma_low", Line.round(fmaGflops.low(), 1))
        .with("fma_high", Line.round(fmaGflops.high(), 1))
        .with("triad_gbs", Line.round(triadGbs.median(), 1))
        .with("triad_low", Line.round(triadGbs.low(), 1))
        .with("triad_high", Line.round(triadGbs.high(), 1));
  }

  /** How many accumulators fill the pipelines without spilling depends on the processor. */
  enum Chains {
    TWELVE(12) {
      @Override
      double multiplyAdd(int iterations) {
        return multiplyAdd12(iterations);
      }
    },
    SIXTEEN(16) {
      @Override
      double multiplyAdd(int iterations) {
        return multiplyAdd16(iterations);
      }
    };

    private final int accumulators;

    Chains(int accumulators) {
      this.accumulators = accumulators;
    }

    abstract double multiplyAdd(int iterations);
  }

  /** After compiled code has run for a while; then as many iterations as fill a repeat. */
  private static Rates fmaWarm(Crew crew, int threads, Chains chains) {
    int iterations = 1 << 16;
    double seconds = 0;
    for (double spent = 0; spent < WARM_UP_SECONDS; spent += seconds) {
      int count = iterations;
      seconds = Rates.seconds(() -> fma(crew, threads, chains, count, 1));
      if (seconds < REPEAT_SECONDS / 2) {
        iterations *= 2;
      }
    }
    return fma(crew, threads, chains, iterations, REPEATS);
  }

  private static Rates fma(Crew crew, int threads, Chains chains, int iterations, int repeats) {
    double[] sums = new double[threads];
    double[] rates = new double[repeats];
    for (int i = 0; i < repeats; i++) {
      double seconds = crew.seconds(thread -> sums[thread] += chains.multiplyAdd(iterations));
      rates[i] = flops(chains, threads) * iterations / seconds / 1e9;
    }
    for (double sum : sums) {
      if (!(sum > 0)) { // so that the sums are used; each step keeps its accumulator above 0
        throw new IllegalStateException("the multiply-adds of the FMA measurement gave " + sum);
      }
    }
    return Rates.of(rates);
  }

  /** Of one iteration in all threads: two for each multiply-add. */
  private static double flops(Chains chains, int threads) {
    return 2.0 * SPECIES.length() * chains.accumulators * threads;
  }

  private static double multiplyAdd12(int iterations) {
    FloatVector factor = FloatVector.broadcast(SPECIES, 0.999f);
    FloatVector term = FloatVector.broadcast(SPECIES, 0.001f);
    FloatVector start =
        FloatVector.broadcast(SPECIES, 0.1f); // no two alike, or a compiler may merge them
    FloatVector s0 = start.mul(1);
    FloatVector s1 = start.mul(2);
    FloatVector s2 = start.mul(3);
    FloatVector s3 = start.mul(4);
    FloatVector s4 = start.mul(5);
    FloatVector s5 = start.mul(6);
    FloatVector s6 = start.mul(7);
    FloatVector s7 = start.mul(8);
    FloatVector s8 = start.mul(9);
    FloatVector s9 = start.mul(10);
    FloatVector s10 = start.mul(11);
    FloatVector s11 = start.mul(12);
    for (int i = 0; i < iterations; i++) {
      s0 = s0.fma(factor, term);
      s1 = s1.fma(factor, term);
      s2 = s2.fma(factor, term);
      s3 = s3.fma(factor, term);
      s4 = s4.fma(factor, term);
      s5 = s5.fma(factor, term);
      s6 = s6.fma(factor, term);
      s7 = s7.fma(factor, term);
      s8 = s8.fma(factor, term);
      s9 = s9.fma(factor, term);
      s10 = s10.fma(factor, term);
      s11 = s11.fma(factor, term);
    }
    FloatVector low = s0.add(s1).add(s2).add(s3).add(s4).add(s5);
    FloatVector high = s6.add(s7).add(s8).add(s9).add(s10).add(s11);
    return low.add(high).lane(0);
  }

  private static double multiplyAdd16(int iterations) {
    FloatVector factor = FloatVector.broadcast(SPECIES, 0.999f);
    FloatVector term = FloatVector.broadcast(SPECIES, 0.001f);
    FloatVector start =
        FloatVector.broadcast(SPECIES, 0.1f); // no two alike, or a compiler may merge them
    FloatVector s0 = start.mul(1);
    FloatVector s1 = start.mul(2);
    FloatVector s2 = start.mul(3);
    FloatVector s3 = start.mul(4);
    FloatVector s4 = start.mul(5);
    FloatVector s5 = start.mul(6);
    FloatVector s6 = start.mul(7);
    FloatVector s7 = start.mul(8);
    FloatVector s8 = start.mul(9);
    FloatVector s9 = start.mul(10);
    FloatVector s10 = start.mul(11);
    FloatVector s11 = start.mul(12);
    FloatVector s12 = start.mul(13);
    FloatVector s13 = start.mul(14);
    FloatVector s14 = start.mul(15);
    FloatVector s15 = start.mul(16);
    for (int i = 0; i < iterations; i++) {
      s0 = s0.fma(factor, term);
      s1 = s1.fma(factor, term);
      s2 = s2.fma(factor, term);
      s3 = s3.fma(factor, term);
      s4 = s4.fma(factor, term);
      s5 = s5.fma(factor, term);
      s6 = s6.fma(factor, term);
      s7 = s7.fma(factor, term);
      s8 = s8.fma(factor, term);
      s9 = s9.fma(factor, term);
      s10 = s10.fma(factor, term);
      s11 = s11.fma(factor, term);
      s12 = s12.fma(factor, term);
      s13 = s13.fma(factor, term);
      s14 = s14.fma(factor, term);
      s15 = s15.fma(factor, term);
    }
    FloatVector low = s0.add(s1).add(s2).add(s3).add(s4).add(s5).add(s6).add(s7);
    FloatVector high = s8.add(s9).add(s10).add(s11).add(s12).add(s13).add(s14).add(s15);
    return low.add(high).lane(0);
  }

  private static Rates triad(Crew crew, int threads) {
    int step = SPECIES.vectorByteSize();
    long array = Math.max(SMALLEST_ARRAY, 2 * lastLevelCacheBytes());
    int share = Math.toIntExact(array / threads / step * step);
    try (Arena arena = Arena.ofShared()) {
      List<MemorySegment[]> shares = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        shares.add(
            IntStream.range(0, 3)
                .mapToObj(i -> arena.allocate(share, 64))
                .toArray(MemorySegment[]::new));
      }
      crew.seconds(thread -> fill(shares.get(thread))); // each thread touches its pages first
      double seconds = 0;
      for (double spent = 0; spent < WARM_UP_SECONDS; spent += seconds) {
        seconds = crew.seconds(thread -> triad(shares.get(thread), share));
      }
      int passes = Math.max(1, (int) (REPEAT_SECONDS / seconds));
      double[] rates = new double[REPEATS];
      for (int i = 0; i < REPEATS; i++) {
        seconds =
            crew.seconds(
                thread -> {
                  for (int pass = 0; pass < passes; pass++) {
                    triad(shares.get(thread), share);
                  }
                });
        rates[i] = 3.0 * share * threads * passes / seconds / 1e9;
      }
      for (MemorySegment[] abc : shares) {
        if (abc[0].get(ValueLayout.JAVA_FLOAT, share - Float.BYTES) != 1 + 3 * 2f) {
          throw new IllegalStateException("the triad measurement computed something else");
        }
      }
      return Rates.of(rates);
    }
  }

  private static void fill(MemorySegment[] abc) {
    for (int i = 0; i < abc.length; i++) {
      long floats = abc[i].byteSize() / Float.BYTES;
      for (long j = 0; j < floats; j++) {
        abc[i].setAtIndex(ValueLayout.JAVA_FLOAT, j, i); // a = 0, b = 1, c = 2
      }
    }
  }

  /** {@code a = b + 3c}. */
  private static void triad(MemorySegment[] abc, int bytes) {
    MemorySegment a = abc[0];
    MemorySegment b = abc[1];
    MemorySegment c = abc[2];
    ByteOrder order = ByteOrder.nativeOrder();
    FloatVector scale = FloatVector.broadcast(SPECIES, 3);
    int step = SPECIES.vectorByteSize();
    for (int offset = 0; offset < bytes; offset += step) {
      FloatVector.fromMemorySegment(SPECIES, c, offset, order)
          .fma(scale, FloatVector.fromMemorySegment(SPECIES, b, offset, order))
          .intoMemorySegment(a, offset, order);
    }
  }

  /** The largest cache that Linux lists for the first processor; 32 MiB where it lists none. */
  private static long lastLevelCacheBytes() {
    long largest = 32L << 20;
    for (int index = 0; index < 8; index++) {
      Path file = Path.of("/sys/devices/system/cpu/cpu0/cache/index" + index + "/size");
      try {
        String size = Files.readString(file).strip(); // such as 32768K
        largest = Math.max(largest, Long.parseLong(size.substring(0, size.length() - 1)) << 10);
      } catch (IOException _) {
        return largest; // no more caches, or another operating system
      }
    }
    return largest;
  }
}
