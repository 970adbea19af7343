package pbb.engine.backend.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MatMulGroupTest {

  /**
   * Products of several sizes, in no order: rows that are packed at once and more of them, rests of
   * tiles, products too small to be cut, one that is added, a batch, and operands that are read in
   * place.
   */
  private static final List<MatMulShape> SHAPES =
      List.of(
          MatMulShape.dense(1, 3, 5, 300, true, false, false),
          MatMulShape.dense(1, 64, 96, 300, true, false, true),
          MatMulShape.dense(3, 17, 40, 300, true, false, false),
          MatMulShape.dense(1, 130, 96, 300, false, true, false),
          MatMulShape.dense(1, 801, 33, 300, true, false, true),
          MatMulShape.dense(1, 1, 900, 300, true, false, false),
          MatMulShape.dense(1, 1601, 33, 300, true, false, false),
          MatMulShape.dense(1, 900, 930, 300, true, false, false));

  @ParameterizedTest(name = "{0} threads")
  @ValueSource(ints = {1, 2, 3, 5, 16})
  void hasTheBitsOfEachProductByItself(int threads) {
    try (Workers workers = Workers.of(threads);
        Arena arena = Arena.ofShared()) {
      MatMulScratch scratch = MatMulScratch.allocate(arena, workers, SecondLevelCache.SMALL);
      List<MemorySegment> expected = new ArrayList<>();
      List<MemorySegment> results = new ArrayList<>();
      List<MatMulKernel> products = new ArrayList<>();
      for (MatMulShape shape : SHAPES) {
        expected.add(MatMulCases.product(arena, shape, workers, scratch));
        MemorySegment a = MatMulCases.random(arena, "a", shape.bytesA());
        MemorySegment b = MatMulCases.random(arena, "b", shape.bytesB());
        MemorySegment c = MatMulCases.random(arena, "c", shape.bytesC());
        products.add(MatMulPlan.of(shape, workers, scratch).bind(a, b, c));
        results.add(c);
      }
      MatMulGroup group = new MatMulGroup(products);
      assertTrue(group.blocks() >= threads, () -> "blocks for all: " + group.blocks());
      group.run();
      for (int i = 0; i < SHAPES.size(); i++) {
        MatMulShape shape = SHAPES.get(i);
        assertEquals(
            -1, expected.get(i).mismatch(results.get(i)), () -> "the byte of C of " + shape);
      }
    }
  }

  @Test
  void leavesProductsWholeForOneWorkerAndGivesEachOfManyABlock() {
    // A product that could have two blocks by its columns, and is not cut by its rows.
    MatMulShape small = MatMulShape.dense(1, 32, 1536, 300, true, false, false);
    List<MatMulShape> shapes = List.of(small, small);
    assertEquals(4, blocks(shapes, 1));
    assertTrue(blocks(shapes, 16) >= 16, () -> "blocks: " + blocks(shapes, 16));
  }

  private static int blocks(List<MatMulShape> shapes, int threads) {
    try (Workers workers = Workers.of(threads);
        Arena arena = Arena.ofShared()) {
      MatMulScratch scratch = MatMulScratch.allocate(arena, workers, SecondLevelCache.SMALL);
      List<MatMulKernel> products =
          shapes.stream()
              .map(
                  shape ->
                      MatMulPlan.of(shape, workers, scratch)
                          .bind(
                              arena.allocate(shape.bytesA(), Float.BYTES),
                              arena.allocate(shape.bytesB(), Float.BYTES),
                              arena.allocate(shape.bytesC(), Float.BYTES)))
              .toList();
      return new MatMulGroup(products).blocks();
    }
  }
}
