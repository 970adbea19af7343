package pbb.engine.backend.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static pbb.engine.backend.vector.Lanes.FLOAT;
import static pbb.engine.backend.vector.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** The tile of C that stays in registers: its size on this processor, its product, and how it gets into C. */
final class MatMulTile {

  /** Rows of a tile. */
  static final int ROWS =
      Lanes.THIRTY_TWO_REGISTERS ? MicroKernel8x2.ROWS : MicroKernel6x2.ROWS;

  /** Columns of a tile, which are those of a packed panel of B. */
  static final int COLUMNS = 2 * FLOAT.length();

  private static final int LANES = FLOAT.length();
  private static final long VECTOR_BYTES = 4L * LANES;

  private MatMulTile() {}

  /** Computes a tile as {@link MicroKernel8x2#multiply} says. */
  static void multiply(
      MemorySegment a,
      long aOffset,
      long aRowBytes,
      MemorySegment b,
      long bOffset,
      int k,
      MemorySegment tile) {
    if (Lanes.THIRTY_TWO_REGISTERS) {
      MicroKernel8x2.multiply(a, aOffset, aRowBytes, b, bOffset, k, tile);
    } else {
      MicroKernel6x2.multiply(a, aOffset, aRowBytes, b, bOffset, k, tile);
    }
  }

  /**
   * Puts a tile, or the part of it that C has, in its place, or adds it to what is there. It comes from the first-level
   * cache, so this costs little beside the product, and tiles at C's edges need no kernel of their own.
   *
   * @param tile a tile, as {@link #multiply} leaves it
   * @param c the matrix that it belongs to
   * @param cOffset where the tile begins, in bytes
   * @param cRowBytes bytes from one row of C to the next
   * @param rows how many rows of the tile C has
   * @param columns how many columns of the tile C has
   * @param accumulate whether to add
   */
  static void store(
      MemorySegment tile,
      MemorySegment c,
      long cOffset,
      long cRowBytes,
      int rows,
      int columns,
      boolean accumulate) {
    if (columns == COLUMNS) {
      storeWide(tile, c, cOffset, cRowBytes, rows, accumulate);
    } else {
      storeNarrow(tile, c, cOffset, cRowBytes, rows, columns, accumulate);
    }
  }

  private static void storeWide(
      MemorySegment tile, MemorySegment c, long cOffset, long cRowBytes, int rows, boolean accumulate) {
    for (int i = 0; i < rows; i++) {
      long source = i * (2 * VECTOR_BYTES);
      long target = cOffset + i * cRowBytes;
      FloatVector left = FloatVector.fromMemorySegment(FLOAT, tile, source, ORDER);
      FloatVector right = FloatVector.fromMemorySegment(FLOAT, tile, source + VECTOR_BYTES, ORDER);
      if (accumulate) {
        left = FloatVector.fromMemorySegment(FLOAT, c, target, ORDER).add(left);
        right = FloatVector.fromMemorySegment(FLOAT, c, target + VECTOR_BYTES, ORDER).add(right);
      }
      left.intoMemorySegment(c, target, ORDER);
      right.intoMemorySegment(c, target + VECTOR_BYTES, ORDER);
    }
  }

  private static void storeNarrow(
      MemorySegment tile,
      MemorySegment c,
      long cOffset,
      long cRowBytes,
      int rows,
      int columns,
      boolean accumulate) {
    for (int i = 0; i < rows; i++) {
      long source = i * (2 * VECTOR_BYTES);
      long target = cOffset + i * cRowBytes;
      for (int j = 0; j < columns; j++) {
        float value = tile.get(JAVA_FLOAT, source + 4L * j);
        float sum = accumulate ? c.get(JAVA_FLOAT, target + 4L * j) + value : value;
        c.set(JAVA_FLOAT, target + 4L * j, sum);
      }
    }
  }
}
