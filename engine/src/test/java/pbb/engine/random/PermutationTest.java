package pbb.engine.random;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PermutationTest {

  @Test
  void everyNumberComesOnce() {
    for (int size : new int[] {1, 2, 3, 4, 5, 13, 64, 207, 1000, 4098}) {
      Permutation order = Permutation.of(7, "test", 0, size);
      BitSet seen = new BitSet(size);
      for (int place = 0; place < size; place++) {
        seen.set((int) order.get(place));
      }
      assertEquals(size, seen.cardinality(), "distinct numbers of size " + size);
      assertEquals(size, seen.length(), "all below the size " + size);
    }
  }

  @Test
  void ordersDifferBySeedNameAndStep() {
    long[] order = first(1, "a", 0);
    assertEquals(
        LongStream.of(order).boxed().toList(), LongStream.of(first(1, "a", 0)).boxed().toList());
    assertNotEquals(
        LongStream.of(order).boxed().toList(), LongStream.of(first(2, "a", 0)).boxed().toList());
    assertNotEquals(
        LongStream.of(order).boxed().toList(), LongStream.of(first(1, "b", 0)).boxed().toList());
    assertNotEquals(
        LongStream.of(order).boxed().toList(), LongStream.of(first(1, "a", 1)).boxed().toList());
  }

  @Test
  void placesAndNumbersAreNotRelated() {
    // Over many orders each number is about as often in each place: chi-squared over 8 × 8 cells,
    // 49 degrees of freedom.
    int size = 8;
    int orders = 8000;
    int[][] counts = new int[size][size];
    for (int step = 0; step < orders; step++) {
      Permutation order = Permutation.of(3, "uniform", step, size);
      for (int place = 0; place < size; place++) {
        counts[place][(int) order.get(place)]++;
      }
    }
    double expected = (double) orders / size;
    double chiSquared = 0;
    for (int[] row : counts) {
      for (int count : row) {
        chiSquared += (count - expected) * (count - expected) / expected;
      }
    }
    assertTrue(chiSquared < 100, "chi-squared " + chiSquared + " over 49 degrees of freedom");
  }

  @Test
  void placesOutsideAreRefused() {
    Permutation order = Permutation.of(1, "test", 0, 5);
    assertThrows(IndexOutOfBoundsException.class, () -> order.get(5));
    assertThrows(IndexOutOfBoundsException.class, () -> order.get(-1));
    assertThrows(IllegalArgumentException.class, () -> Permutation.of(1, "test", 0, 0));
  }

  private static long[] first(long seed, String name, long step) {
    Permutation order = Permutation.of(seed, name, step, 1000);
    return LongStream.range(0, 20).map(order::get).toArray();
  }
}
