package pbb.engine.backend.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import pbb.engine.graph.Destination;
import pbb.engine.graph.MatMul;
import pbb.engine.graph.Role;
import pbb.engine.graph.Tensor;

class WeightProductKernelTest {

  /**
   * Packed weights change no bit, nor does how many rows are computed together: single rows, which
   * have a kernel of their own, rests of tiles, several strips; columns that fill one panel, some
   * and a part of one, and several groups of panels; one piece of k, as long as one may be, and
   * two.
   */
  @ParameterizedTest(name = "{0} × {1} × {2}")
  @CsvSource({
    "1, 5, 13",
    "1, 32, 128",
    "1, 207, 600",
    "1, 416, 40",
    "1, 416, 600",
    "2, 70, 9",
    "9, 207, 600",
    "17, 96, 33",
    "28, 64, 33",
    "31, 40, 520",
    "25, 1100, 512",
    "257, 31, 20",
    "513, 64, 16"
  })
  void hasTheBitsOfTheUnpackedProduct(int m, int n, int k) {
    for (int bits = 0; bits < 4; bits++) {
      boolean transposed = (bits & 1) != 0;
      boolean accumulate = (bits & 2) != 0;
      for (int threads = 1; threads <= 3; threads++) {
        check(MatMulShape.dense(1, m, n, k, false, transposed, accumulate), threads);
      }
    }
  }

  /** Every way to cut rows into tall tiles, tiles and rests of them, in one strip. */
  @Test
  void hasTheBitsOfTheUnpackedProductForAnyNumberOfRows() {
    for (int m = 1; m <= 40; m++) {
      check(MatMulShape.dense(1, m, 37, 520, false, true, m % 2 == 0), 1, new Strips(m, m));
    }
  }

  private static void check(MatMulShape shape, int threads) {
    check(shape, threads, Strips.Cut.ANY_GRAPH.strips(shape.m()));
  }

  private static void check(MatMulShape shape, int threads, Strips strips) {
    try (Workers workers = Workers.of(threads);
        Arena arena = Arena.ofShared()) {
      MatMulScratch scratch = MatMulScratch.allocate(arena, workers, SecondLevelCache.SMALL);
      MemorySegment expected = MatMulCases.product(arena, shape, workers, scratch);
      MemorySegment a = MatMulCases.random(arena, "a", shape.bytesA());
      MemorySegment b = MatMulCases.random(arena, "b", shape.bytesB());
      MemorySegment before = MatMulCases.random(arena, "c", shape.bytesC());
      MemorySegment c = arena.allocate(shape.bytesC(), 4);
      PackedWeight weight = new PackedWeight(b, shape.transposeB(), shape.k(), shape.n(), arena);
      for (int panel = 0; panel < weight.panels(); panel++) {
        weight.pack(panel);
      }
      for (SecondLevelCache cache : SecondLevelCache.values()) {
        c.copyFrom(before);
        new WeightProductKernel(workers, strips, scratch, cache, op(shape), a, weight, c).run();
        assertEquals(
            -1,
            expected.mismatch(c),
            () ->
                "the byte of C that differs, with "
                    + threads
                    + " threads, "
                    + cache
                    + ", "
                    + shape);
      }
    }
  }

  private static MatMul op(MatMulShape shape) {
    int n = shape.n();
    int k = shape.k();
    Tensor a = Tensor.of("a", Role.INPUT, shape.m(), k);
    Tensor b =
        shape.transposeB()
            ? Tensor.of("b", Role.PARAMETER, n, k)
            : Tensor.of("b", Role.PARAMETER, k, n);
    Tensor c = Tensor.of("c", Role.OUTPUT, shape.m(), n);
    Destination out = new Destination(c.whole(), shape.accumulate());
    return new MatMul(out, a.whole(), b.whole(), false, shape.transposeB());
  }
}
