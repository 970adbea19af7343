package pbb.engine.backend.vector;

import static pbb.engine.backend.vector.Lanes.FLOAT;
import static pbb.engine.backend.vector.Lanes.ORDER;
import static pbb.engine.backend.vector.Memory.ADDRESS_BITS;
import static pbb.engine.backend.vector.Memory.ALL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Copies blocks of matrices of floats into the layouts that {@link MatMulTile#multiply} reads in
 * one direction.
 */
final class Packing {

  private static final int LANES = FLOAT.length();
  private static final long LAST_FOUR = 4L * (MatMulTile.ROWS - 4);
  private static final VectorSpecies<Float> FOUR = FloatVector.SPECIES_128;
  private static final VectorShuffle<Float> LOW_HALVES = VectorShuffle.fromValues(FOUR, 0, 4, 1, 5);
  private static final VectorShuffle<Float> HIGH_HALVES =
      VectorShuffle.fromValues(FOUR, 2, 6, 3, 7);

  private Packing() {}

  /**
   * Packs rows into panels of {@link MatMulTile#COLUMNS} columns, each (rows, COLUMNS): {@code
   * panel[p][j] = source[p][j]}. The last panel may lack columns on its right; what stands there is
   * left as it is.
   *
   * @param source the address of the block
   * @param stride bytes from row to row
   * @param rows the rows of the block
   * @param columns the columns of the block
   * @param target the address of the first panel
   */
  static void panelsOfColumns(long source, long stride, int rows, int columns, long target) {
    long panelBytes = 4L * MatMulTile.COLUMNS * rows;
    int whole = columns / MatMulTile.COLUMNS;
    for (int p = 0; p < rows; p++) {
      long from = source + p * stride;
      long to = target + p * (4L * MatMulTile.COLUMNS);
      for (int panel = 0; panel < whole; panel++) {
        FloatVector left = Memory.load(from);
        FloatVector right = Memory.load(from + 4L * LANES);
        Memory.store(to, left);
        Memory.store(to + 4L * LANES, right);
        from += 4L * MatMulTile.COLUMNS;
        to += panelBytes;
      }
      for (int j = whole * MatMulTile.COLUMNS; j < columns; j++) {
        Memory.set(to, Memory.get(from));
        from += 4;
        to += 4;
      }
    }
  }

  /**
   * Packs columns into panels of {@link MatMulTile#ROWS} of them, each (rows, ROWS), for the rows
   * of a transposed matrix: {@code panel[p][i] = source[p][i]}. The last panel may lack columns on
   * its right; what stands there is left as it is.
   *
   * @param source the address of the block
   * @param stride bytes from row to row
   * @param rows the rows of the block
   * @param columns the columns of the block
   * @param target the address of the first panel
   */
  static void panelsOfRows(long source, long stride, int rows, int columns, long target) {
    long panelBytes = 4L * MatMulTile.ROWS * rows;
    int whole = columns / MatMulTile.ROWS;
    for (int p = 0; p < rows; p++) {
      long from = source + p * stride;
      long to = target + p * (4L * MatMulTile.ROWS);
      for (int panel = 0; panel < whole; panel++) {
        // Two vectors of four floats make 8; or 6, where they overlap.
        FloatVector first = loadFour(from);
        FloatVector last = loadFour(from + LAST_FOUR);
        storeFour(to, first);
        storeFour(to + LAST_FOUR, last);
        from += 4L * MatMulTile.ROWS;
        to += panelBytes;
      }
      for (int i = whole * MatMulTile.ROWS; i < columns; i++) {
        Memory.set(to, Memory.get(from));
        from += 4;
        to += 4;
      }
    }
  }

  /** {@code target[i][j] = source[i][j]}; strides in bytes. */
  static void copy(
      long source, long sourceStride, int rows, int columns, long target, long targetStride) {
    int whole = FLOAT.loopBound(columns);
    for (int i = 0; i < rows; i++) {
      long from = source + i * sourceStride;
      long to = target + i * targetStride;
      int j = 0;
      for (; j < whole; j += LANES) {
        Memory.store(to + 4L * j, Memory.load(from + 4L * j));
      }
      for (; j < columns; j++) {
        Memory.set(to + 4L * j, Memory.get(from + 4L * j));
      }
    }
  }

  /**
   * {@code target[j][i] = source[i][j]}; strides in bytes. Blocks of 4 × 4 are turned in registers,
   * in two rounds of four shuffles each; what remains at the edges goes float by float.
   *
   * @param rows the rows of the source block
   * @param columns the columns of the source block
   */
  static void transpose(
      long source, long sourceStride, int rows, int columns, long target, long targetStride) {
    int wholeRows = rows & -4;
    int wholeColumns = columns & -4;
    for (int j = 0; j < wholeColumns; j += 4) {
      for (int i = 0; i < wholeRows; i += 4) {
        transpose4x4(
            source + i * sourceStride + 4L * j,
            sourceStride,
            target + j * targetStride + 4L * i,
            targetStride);
      }
    }
    for (int i = 0; i < rows; i++) {
      for (int j = i < wholeRows ? wholeColumns : 0; j < columns; j++) {
        Memory.set(
            target + j * targetStride + 4L * i, Memory.get(source + i * sourceStride + 4L * j));
      }
    }
  }

  private static void transpose4x4(long from, long sourceStride, long to, long targetStride) {
    FloatVector a = loadFour(from);
    FloatVector b = loadFour(from + sourceStride);
    FloatVector c = loadFour(from + 2 * sourceStride);
    FloatVector d = loadFour(from + 3 * sourceStride);
    FloatVector acLow = a.rearrange(LOW_HALVES, c); // a0 c0 a1 c1
    FloatVector acHigh = a.rearrange(HIGH_HALVES, c); // a2 c2 a3 c3
    FloatVector bdLow = b.rearrange(LOW_HALVES, d); // b0 d0 b1 d1
    FloatVector bdHigh = b.rearrange(HIGH_HALVES, d); // b2 d2 b3 d3
    storeFour(to, acLow.rearrange(LOW_HALVES, bdLow)); // a0 b0 c0 d0
    storeFour(to + targetStride, acLow.rearrange(HIGH_HALVES, bdLow));
    storeFour(to + 2 * targetStride, acHigh.rearrange(LOW_HALVES, bdHigh));
    storeFour(to + 3 * targetStride, acHigh.rearrange(HIGH_HALVES, bdHigh));
  }

  private static FloatVector loadFour(long address) {
    return FloatVector.fromMemorySegment(FOUR, ALL, address & ADDRESS_BITS, ORDER);
  }

  private static void storeFour(long address, FloatVector vector) {
    vector.intoMemorySegment(ALL, address & ADDRESS_BITS, ORDER);
  }
}
