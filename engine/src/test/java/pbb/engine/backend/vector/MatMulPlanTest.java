package pbb.engine.backend.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MatMulPlanTest {

  static List<MatMulShape> shapes() {
    return MatMulCases.shapes();
  }

  /**
   * Against sums in double. A sum of k terms in float is off by at most (k + 1) · 2⁻²⁴ times the
   * sum of the terms' magnitudes; a term too many, missing or misplaced shows as about 1/k of that
   * sum, which is far more for k up to 4098 = 2¹².
   */
  @ParameterizedTest
  @MethodSource("shapes")
  void agreesWithTheTripleLoop(MatMulShape shape) {
    for (int threads = 1; threads <= 3; threads++) {
      try (Workers workers = Workers.of(threads);
          Arena arena = Arena.ofShared()) {
        MatMulScratch scratch = MatMulScratch.allocate(arena, workers, SecondLevelCache.SMALL);
        MemorySegment a = MatMulCases.random(arena, "a", shape.bytesA());
        MemorySegment b = MatMulCases.random(arena, "b", shape.bytesB());
        MemorySegment before = MatMulCases.random(arena, "c", shape.bytesC());
        MemorySegment c = MatMulCases.product(arena, shape, workers, scratch);
        boolean[] written = new boolean[(int) (shape.bytesC() / Float.BYTES)];
        for (int item = 0; item < shape.batch(); item++) {
          for (int i = 0; i < shape.m(); i++) {
            for (int j = 0; j < shape.n(); j++) {
              int at = (int) (item * shape.strideC()) + i * shape.ldc() + j;
              written[at] = true;
              double sum = shape.accumulate() ? before.getAtIndex(JAVA_FLOAT, at) : 0;
              double magnitude = Math.abs(sum);
              for (int p = 0; p < shape.k(); p++) {
                double term =
                    (double) a.getAtIndex(JAVA_FLOAT, atA(shape, item, i, p))
                        * b.getAtIndex(JAVA_FLOAT, atB(shape, item, p, j));
                sum += term;
                magnitude += Math.abs(term);
              }
              float actual = c.getAtIndex(JAVA_FLOAT, at);
              double tolerance = (shape.k() + 1) * 0x1p-24 * magnitude;
              assertTrue(
                  Math.abs(actual - sum) <= tolerance,
                  () ->
                      "item, row and column of C that are wrong, with "
                          + workers.count()
                          + " threads: "
                          + at / shape.strideC()
                          + ", "
                          + at % shape.strideC() / shape.ldc()
                          + ", "
                          + at % shape.strideC() % shape.ldc()
                          + ": "
                          + actual);
            }
          }
        }
        for (int at = 0; at < written.length; at++) {
          if (!written[at]) {
            assertEquals(
                before.getAtIndex(JAVA_FLOAT, at),
                c.getAtIndex(JAVA_FLOAT, at),
                "float " + at + " lies between the rows of C and was written");
          }
        }
      }
    }
  }

  private static long atA(MatMulShape shape, int item, int i, int p) {
    return item * shape.strideA()
        + (shape.transposeA() ? p * shape.lda() + i : i * shape.lda() + p);
  }

  private static long atB(MatMulShape shape, int item, int p, int j) {
    return item * shape.strideB()
        + (shape.transposeB() ? j * shape.ldb() + p : p * shape.ldb() + j);
  }

  /** Tall tiles come first, and what they leave takes two tiles at most. */
  @Test
  void tallTilesLeaveTwoTilesAtMost() {
    for (int rows = 1; rows <= 256; rows++) {
      int tall = MatMulTile.inTallTiles(rows);
      int rest = rows - tall;
      int tiles = Math.ceilDiv(rest, MatMulTile.ROWS);
      String message = rows + " rows, " + tall + " of them in tall tiles";
      assertEquals(0, tall % MatMulTile.TALL_ROWS, message);
      assertTrue(rest >= 0 && tiles <= 2, message);
    }
    if (MatMulTile.TALL_ROWS == 12) {
      assertEquals(0, MatMulTile.inTallTiles(8));
      assertEquals(12, MatMulTile.inTallTiles(12));
      assertEquals(0, MatMulTile.inTallTiles(16));
      assertEquals(12, MatMulTile.inTallTiles(17));
      assertEquals(240, MatMulTile.inTallTiles(256));
    }
  }

  /** However rows are cut into tall tiles, tiles and rests of them, each has the same bits. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRowHasTheSameBitsAmongAnyNumberOfRows(boolean transposeA) {
    int most = 60;
    int n = 37;
    int k = 29;
    try (Workers workers = Workers.of(1);
        Arena arena = Arena.ofConfined()) {
      MatMulScratch scratch = MatMulScratch.allocate(arena, workers, SecondLevelCache.SMALL);
      MatMulShape whole = MatMulShape.dense(1, most, n, k, transposeA, false, false);
      MemorySegment a = MatMulCases.random(arena, "a", whole.bytesA());
      MemorySegment b = MatMulCases.random(arena, "b", whole.bytesB());
      MemorySegment expected = arena.allocate(whole.bytesC(), Float.BYTES);
      MatMulPlan.of(whole, workers, scratch).bind(a, b, expected).run();
      for (int m = 1; m < most; m++) {
        MatMulShape part =
            new MatMulShape(1, m, n, k, transposeA, false, whole.lda(), n, n, 0, 0, 0, false);
        MemorySegment c = arena.allocate(whole.bytesC(), Float.BYTES);
        MemorySegment wanted = arena.allocate(whole.bytesC(), Float.BYTES);
        MemorySegment.copy(expected, 0, wanted, 0, part.bytesC());
        MatMulPlan.of(part, workers, scratch).bind(a, b, c).run();
        assertEquals(-1, wanted.mismatch(c), "the byte of C that differs, of " + m + " rows");
      }
    }
  }

  @ParameterizedTest(name = "{0} threads, {1}")
  @CsvSource({"2, SMALL", "3, LARGE", "7, SMALL", "1, LARGE"})
  void threadsAndCachesChangeNoBits(int threads, SecondLevelCache cache) {
    assertEquals(
        MatMulCases.checksum(1, SecondLevelCache.SMALL, Long.MAX_VALUE),
        MatMulCases.checksum(threads, cache, Long.MAX_VALUE));
  }

  /**
   * Interpreted or compiled, with the registers of AVX2 or with vectors of 128 bits: each element
   * is the same chain of fused multiply-adds, so the bits are the same.
   */
  @Test
  void theInterpreterAndEveryVectorWidthGiveTheSameBits() throws Exception {
    String compiled = checksumOf(20, List.of());
    String here = compiled.substring(compiled.indexOf(' '));
    assertEquals(
        " " + MatMulCases.checksum(2, SecondLevelCache.SMALL, MatMulCases.INTERPRETABLE), here);
    assertEquals(compiled, checksumOf(1, List.of("-Xint")));
    assertTrue(checksumOf(20, List.of("-XX:UseAVX=2")).endsWith(here), "-XX:UseAVX=2");
    assertEquals("128" + here, checksumOf(20, List.of("-XX:MaxVectorSize=16")));
  }

  /** What {@link MatMulCases#main} prints in a virtual machine of its own. */
  private static String checksumOf(int rounds, List<String> options)
      throws IOException, InterruptedException, URISyntaxException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(
        List.of(
            "-XX:+IgnoreUnrecognizedVMOptions",
            "-XX:CompileThresholdScaling=0.1",
            "--add-modules",
            "jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            classes(MatMulPlan.class) + File.pathSeparator + classes(MatMulCases.class),
            MatMulCases.class.getName(),
            Integer.toString(rounds)));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), () -> command + " failed");
    return output.strip();
  }

  private static Path classes(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  @Test
  void oneMatrixCanServeTheWholeBatch() {
    try (Workers workers = Workers.of(2);
        Arena arena = Arena.ofShared()) {
      MatMulScratch scratch = MatMulScratch.allocate(arena, workers, SecondLevelCache.SMALL);
      MatMulShape dense = MatMulShape.dense(3, 9, 5, 4, false, true, false);
      MatMulShape shared = new MatMulShape(3, 9, 5, 4, false, true, 4, 4, 5, 36, 0, 45, false);
      MemorySegment a = MatMulCases.random(arena, "a", shared.bytesA());
      MemorySegment b = MatMulCases.random(arena, "b", shared.bytesB());
      MemorySegment repeated = arena.allocate(dense.bytesB(), Float.BYTES);
      for (int item = 0; item < 3; item++) {
        MemorySegment.copy(b, 0, repeated, item * b.byteSize(), b.byteSize());
      }
      MemorySegment expected = arena.allocate(dense.bytesC(), Float.BYTES);
      MemorySegment actual = arena.allocate(shared.bytesC(), Float.BYTES);
      MatMulPlan.of(dense, workers, scratch).bind(a, repeated, expected).run();
      MatMulPlan.of(shared, workers, scratch).bind(a, b, actual).run();
      assertEquals(-1, expected.mismatch(actual));
    }
  }

  /** Kernels check no bounds: what a block packs of B must fit. */
  @ParameterizedTest
  @EnumSource(SecondLevelCache.class)
  void aBlockOfPackedColumnsFitsItsRoom(SecondLevelCache cache) {
    try (Workers one = Workers.of(1);
        Workers three = Workers.of(3);
        Arena arena = Arena.ofShared()) {
      for (Workers workers : List.of(one, three)) {
        MatMulScratch scratch = MatMulScratch.allocate(arena, workers, cache);
        for (int k : new int[] {1, 2, 100, 128, 256, 257, 300, 512, 513, 768, 1408, 4098}) {
          int full = (int) (scratch.packedBytes() / (4L * k));
          for (int n : new int[] {1, 31, 512, 1408, full - 1, full, full + 1, 100_003}) {
            for (boolean transposeA : new boolean[] {false, true}) {
              MatMulShape shape = MatMulShape.dense(1, 100, n, k, transposeA, false, false);
              MatMulPlan plan = MatMulPlan.of(shape, workers, scratch);
              for (MatMulPlan each : List.of(plan, plan.inBlocksOf(1), plan.inBlocksOf(1L << 40))) {
                assertTrue(
                    each.packedBytes() <= scratch.packedBytes(),
                    () -> each.packedBytes() + " bytes are packed for " + shape);
              }
            }
          }
        }
      }
    }
  }

  @Test
  void refusesMatricesThatDoNotFit() {
    try (Workers workers = Workers.of(1);
        Arena arena = Arena.ofConfined()) {
      MatMulScratch scratch = MatMulScratch.allocate(arena, workers, SecondLevelCache.SMALL);
      MatMulPlan plan =
          MatMulPlan.of(MatMulShape.dense(1, 3, 4, 5, false, false, false), workers, scratch);
      MemorySegment a = arena.allocate(60, 4);
      MemorySegment b = arena.allocate(80, 4);
      MemorySegment c = arena.allocate(48, 4);
      plan.bind(a, b, c).run();
      assertThrows(IllegalArgumentException.class, () -> plan.bind(a.asSlice(0, 56), b, c));
      assertThrows(IllegalArgumentException.class, () -> plan.bind(a, b.asSlice(0, 76), c));
      assertThrows(IllegalArgumentException.class, () -> plan.bind(a, b, c.asSlice(0, 44)));
      assertThrows(
          IllegalArgumentException.class,
          () -> plan.bind(MemorySegment.ofArray(new float[15]), b, c));
      assertThrows(
          IllegalArgumentException.class, () -> plan.bind(arena.allocate(64, 4).asSlice(1), b, c));
    }
  }

  @Test
  void refusesShapesThatAreNone() {
    assertThrows(
        IllegalArgumentException.class, () -> MatMulShape.dense(1, 0, 1, 1, false, false, false));
    assertThrows(
        IllegalArgumentException.class,
        () -> new MatMulShape(1, 2, 3, 4, true, false, 1, 3, 3, 0, 0, 0, false));
    assertThrows(
        IllegalArgumentException.class,
        () -> new MatMulShape(2, 2, 3, 4, false, false, 4, 3, 3, 8, 12, 5, false));
  }
}
