package pbb.engine.backend.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import pbb.engine.random.RandomStream;

/**
 * Matrix products to test with, their operands, and a checksum of the bits of their results. {@link
 * #main} prints that checksum, so that a test can compare virtual machines with different options.
 */
final class MatMulCases {

  /**
   * (batch, m, n, k): sizes that are no multiple of any tile, one that is, more than one piece of
   * k, long sums, more rows than are packed at once, more columns than that, with a small
   * second-level cache or a large one.
   */
  private static final int[][] EXTENTS = {
    {1, 1, 1, 1},
    {1, 1, 207, 13},
    {1, 207, 1, 13},
    {1, 13, 13, 207},
    {1, 64, 96, 32},
    {1, 29, 37, 29},
    {1, 5, 13, 513},
    {1, 207, 207, 207},
    {1, 200, 300, 40},
    {1, 13, 31, 4098},
    {3, 13, 7, 5},
    {2, 33, 70, 520},
    {1, 801, 9, 260},
    {1, 9, 2100, 260},
    {1, 29, 9, 512},
  };

  /**
   * The most terms that an interpreter sums up in reasonable time; the larger of such products have
   * two pieces of k.
   */
  static final long INTERPRETABLE = 40_000;

  private MatMulCases() {}

  /**
   * Every combination of extents, transposes and accumulation, densely stored and with gaps between
   * rows and matrices.
   */
  static List<MatMulShape> shapes() {
    List<MatMulShape> shapes = new ArrayList<>();
    for (int[] extents : EXTENTS) {
      for (int bits = 0; bits < 8; bits++) {
        shapes.add(
            shape(
                extents, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, bits % 3 == 1 ? 3 : 0));
      }
    }
    return shapes;
  }

  private static MatMulShape shape(
      int[] extents, boolean transposeA, boolean transposeB, boolean accumulate, int gap) {
    int m = extents[1];
    int n = extents[2];
    int k = extents[3];
    int lda = (transposeA ? m : k) + gap;
    int ldb = (transposeB ? k : n) + gap;
    int ldc = n + gap;
    return new MatMulShape(
        extents[0],
        m,
        n,
        k,
        transposeA,
        transposeB,
        lda,
        ldb,
        ldc,
        (long) (transposeA ? k : m) * lda + gap,
        (long) (transposeB ? n : k) * ldb + gap,
        (long) m * ldc + gap,
        accumulate);
  }

  /** Standard normal floats in as many bytes as {@code bytes}, the same for the same name. */
  static MemorySegment random(Arena arena, String name, long bytes) {
    MemorySegment segment = arena.allocate(bytes, Float.BYTES);
    RandomStream random = RandomStream.of(0, name, bytes);
    for (long i = 0; i < bytes / Float.BYTES; i++) {
      segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
    }
    return segment;
  }

  /** C after the product of random matrices, which are the same whenever the shape is. */
  static MemorySegment product(
      Arena arena, MatMulShape shape, Workers workers, MatMulScratch scratch) {
    MemorySegment a = random(arena, "a", shape.bytesA());
    MemorySegment b = random(arena, "b", shape.bytesB());
    MemorySegment c = random(arena, "c", shape.bytesC());
    MatMulPlan.of(shape, workers, scratch).bind(a, b, c).run();
    return c;
  }

  /** A checksum of the bits of all products of at most {@code most} terms, gaps included. */
  static long checksum(int threads, SecondLevelCache cache, long most) {
    CRC32 crc = new CRC32();
    try (Workers workers = Workers.of(threads);
        Arena owner = Arena.ofShared()) {
      MatMulScratch scratch = MatMulScratch.allocate(owner, workers, cache);
      for (MatMulShape shape : shapes()) {
        if ((long) shape.m() * shape.n() * shape.k() > most) {
          continue;
        }
        try (Arena arena = Arena.ofShared()) {
          crc.update(product(arena, shape, workers, scratch).asByteBuffer());
        }
      }
    }
    return crc.getValue();
  }

  /**
   * Prints the vectors' width and the checksum, after {@code args[0]} rounds that let the compiler
   * see hot code.
   */
  public static void main(String[] args) {
    for (int round = 1; round < Integer.parseInt(args[0]); round++) {
      checksum(1, SecondLevelCache.SMALL, INTERPRETABLE);
    }
    long checksum = checksum(1, SecondLevelCache.SMALL, INTERPRETABLE);
    System.out.println(Lanes.FLOAT.vectorBitSize() + " " + checksum);
  }
}
