package pbb.engine.backend.vector;

import static pbb.engine.backend.vector.Lanes.FLOAT;
import static pbb.engine.backend.vector.Lanes.ORDER;
import static pbb.engine.backend.vector.Memory.ADDRESS_BITS;
import static pbb.engine.backend.vector.Memory.ALL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Copies blocks of matrices of floats into the layouts that {@link MatMulTile#multiply} reads in
 * one direction.
 */
final class Packing {

  private static final int LANES = FLOAT.length();
  private static final VectorSpecies<Float> FOUR = FloatVector.SPECIES_128;

  /**
   * The lanes of two vectors that interleave their lower and their upper halves. {@code selectFrom}
   * takes them as one instruction; {@code rearrange} of two vectors takes three, and left one of
   * them boxed.
   */
  private static final FloatVector LOW_HALVES =
      FloatVector.fromArray(FOUR, new float[] {0, 4, 1, 5}, 0);

  private static final FloatVector HIGH_HALVES =
      FloatVector.fromArray(FOUR, new float[] {2, 6, 3, 7}, 0);

  /** The same within each quarter of vectors of 16 lanes; unused where vectors are shorter. */
  private static final FloatVector LOW_HALVES_OF_QUARTERS = interleaving(1, 0);

  private static final FloatVector HIGH_HALVES_OF_QUARTERS = interleaving(1, 1);

  /** The same with whole quarters of vectors of 16 lanes in place of lanes; unused likewise. */
  private static final FloatVector QUARTERS_OF_LOW_HALVES = interleaving(4, 0);

  private static final FloatVector QUARTERS_OF_HIGH_HALVES = interleaving(4, 1);

  private static final VectorSpecies<Float> EIGHT = FloatVector.SPECIES_256;

  /**
   * Rows that are transposed together: they fill a cache line of the target, and take few enough
   * lines of the source. Vectors of so many lanes are transposed as many at a time.
   */
  private static final int STRIP = 16;

  /** Of panels of so many floats a row, each row can be written as one vector of 16. */
  private static final int WIDE_ROW = MicroKernel12x2.ROWS;

  /** Of panels of so many floats a row, four rows fill a cache line. */
  private static final int NARROW_ROW = MicroKernel4x2.ROWS;

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
    long panelBytes = MatMulTile.panelBytes(rows);
    int whole = columns / MatMulTile.COLUMNS;
    for (int p = 0; p < rows; p++) {
      long from = source + p * stride;
      long to = target + p * MatMulTile.ROW_BYTES;
      for (int panel = 0; panel < whole; panel++) {
        FloatVector left = Memory.load(from);
        FloatVector right = Memory.load(from + 4L * LANES);
        Memory.store(to, left);
        Memory.store(to + 4L * LANES, right);
        from += MatMulTile.ROW_BYTES;
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
   * Packs columns into panels of {@code height} of them, each (rows, height), for the rows of a
   * transposed matrix: {@code panel[p][i] = source[p][i]}. The last panel may lack columns on its
   * right; what stands there is left as it is.
   *
   * @param source the address of the block
   * @param stride bytes from row to row
   * @param rows the rows of the block
   * @param columns the columns of the block
   * @param height the rows of a tile: 4, 8 or 12
   * @param target the address of the first panel
   */
  static void panelsOfRows(
      long source, long stride, int rows, int columns, int height, long target) {
    long panelBytes = rowPanelBytes(height, rows);
    int whole = columns / height;
    int fourRows = rows & -4;
    int byFourRows = panelsByFourRows(columns, height);
    for (int p = 0; byFourRows > 0 && p < fourRows; p += 4) {
      long from = source + p * stride;
      long to = target + p * (4L * height);
      if (height == WIDE_ROW) {
        fourWideRows(from, stride, byFourRows, to, panelBytes);
      } else {
        fourNarrowRows(from, stride, byFourRows, to, panelBytes);
      }
    }
    for (int p = 0; p < rows; p++) {
      int first = p < fourRows ? byFourRows : 0;
      long from = source + p * stride + first * (4L * height);
      long to = target + p * (4L * height) + first * panelBytes;
      for (int panel = first; panel < whole; panel++) {
        if (height >= 8) {
          copyEight(from, to);
        }
        if ((height & 4) != 0) {
          long last = 4L * (height - 4);
          storeFour(to + last, loadFour(from + last));
        }
        from += 4L * height;
        to += panelBytes;
      }
      for (int i = whole * height; i < columns; i++) {
        Memory.set(to, Memory.get(from));
        from += 4;
        to += 4;
      }
    }
  }

  /** Of how many panels four rows at a time are packed: they wait for memory together. */
  private static int panelsByFourRows(int columns, int height) {
    if (height == NARROW_ROW) {
      return columns / NARROW_ROW;
    }
    // So many vectors of 16 lie within a row.
    return height == WIDE_ROW && LANES == 16 ? Math.max(0, columns - 16 + WIDE_ROW) / WIDE_ROW : 0;
  }

  /**
   * Four rows of panels of {@link #NARROW_ROW}: a cache line of the target. The loop is that of
   * {@link #fourWideRows}, with vectors of another length, which must be a constant of the code.
   */
  private static void fourNarrowRows(
      long source, long stride, int panels, long target, long panelBytes) {
    long rowBytes = 4L * NARROW_ROW;
    long from = source;
    long to = target;
    for (int panel = 0; panel < panels; panel++) {
      FloatVector first = loadFour(from);
      FloatVector second = loadFour(from + stride);
      FloatVector third = loadFour(from + 2 * stride);
      FloatVector fourth = loadFour(from + 3 * stride);
      storeFour(to, first);
      storeFour(to + rowBytes, second);
      storeFour(to + 2 * rowBytes, third);
      storeFour(to + 3 * rowBytes, fourth);
      from += rowBytes;
      to += panelBytes;
    }
  }

  /**
   * Four rows of panels of {@link #WIDE_ROW}, by vectors of 16: the floats too many are written
   * over by the next row of the panel, those of its last row lie in the gap behind it.
   */
  private static void fourWideRows(
      long source, long stride, int panels, long target, long panelBytes) {
    long rowBytes = 4L * WIDE_ROW;
    long from = source;
    long to = target;
    for (int panel = 0; panel < panels; panel++) {
      FloatVector first = Memory.load(from);
      FloatVector second = Memory.load(from + stride);
      FloatVector third = Memory.load(from + 2 * stride);
      FloatVector fourth = Memory.load(from + 3 * stride);
      Memory.store(to, first);
      Memory.store(to + rowBytes, second);
      Memory.store(to + 2 * rowBytes, third);
      Memory.store(to + 3 * rowBytes, fourth);
      from += rowBytes;
      to += panelBytes;
    }
  }

  /**
   * Bytes from one panel of {@link #panelsOfRows} to the next. A cache line lies between them:
   * without it, as rows are often a power of two, all panels would be written through the same few
   * lines of the first-level cache. {@link #fourWideRows} writes into it too.
   */
  static long rowPanelBytes(int height, int rows) {
    return 4L * height * rows + 64;
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
   * {@code target[j][i] = source[i][j]}; strides in bytes. Blocks of 16 × 16, where a vector has as
   * many lanes, or of 4 × 4 are transposed in registers; what remains at the edges goes float by
   * float.
   *
   * @param rows the rows of the source block
   * @param columns the columns of the source block
   */
  static void transpose(
      long source, long sourceStride, int rows, int columns, long target, long targetStride) {
    int wholeRows = rows & -4;
    int wholeColumns = columns & -4;
    for (int strip = 0; strip < wholeRows; strip += STRIP) {
      int end = Math.min(strip + STRIP, wholeRows);
      long from = source + strip * sourceStride;
      long to = target + 4L * strip;
      int j = 0;
      if (LANES == STRIP && end == strip + STRIP) {
        for (; j <= columns - STRIP; j += STRIP) {
          transpose16x16(from + 4L * j, sourceStride, to + j * targetStride, targetStride);
        }
      }
      for (; j < wholeColumns; j += 4) {
        for (int i = 0; i < end - strip; i += 4) {
          transpose4x4(
              from + i * sourceStride + 4L * j,
              sourceStride,
              to + j * targetStride + 4L * i,
              targetStride);
        }
      }
    }
    for (int i = 0; i < rows; i++) {
      for (int j = i < wholeRows ? wholeColumns : 0; j < columns; j++) {
        Memory.set(
            target + j * targetStride + 4L * i, Memory.get(source + i * sourceStride + 4L * j));
      }
    }
  }

  /**
   * First each 4 × 4 block by itself, where the target's rows serve as room; then the blocks among
   * each other. Each of the two takes a quarter of the shuffles that {@link #transpose4x4} takes
   * for as many floats, and reads and writes 64 bytes at a time rather than 16.
   */
  private static void transpose16x16(long from, long sourceStride, long to, long targetStride) {
    for (int i = 0; i < STRIP; i += 4) {
      transposeFour(
          from + i * sourceStride,
          sourceStride,
          to + i * targetStride,
          targetStride,
          LOW_HALVES_OF_QUARTERS,
          HIGH_HALVES_OF_QUARTERS);
    }
    for (int i = 0; i < 4; i++) {
      long rows = to + i * targetStride;
      transposeFour(
          rows,
          4 * targetStride,
          rows,
          4 * targetStride,
          QUARTERS_OF_LOW_HALVES,
          QUARTERS_OF_HIGH_HALVES);
    }
  }

  /**
   * What {@link #transpose4x4} does, with vectors of 16: to the 4 × 4 floats in each quarter of the
   * four, or to the 4 × 4 quarters.
   *
   * @param low the lanes that interleave lower halves: of each quarter, or of the vectors
   * @param high those of upper halves
   */
  private static void transposeFour(
      long from, long sourceStride, long to, long targetStride, FloatVector low, FloatVector high) {
    FloatVector a = Memory.load(from);
    FloatVector b = Memory.load(from + sourceStride);
    FloatVector c = Memory.load(from + 2 * sourceStride);
    FloatVector d = Memory.load(from + 3 * sourceStride);
    FloatVector acLow = low.selectFrom(a, c);
    FloatVector acHigh = high.selectFrom(a, c);
    FloatVector bdLow = low.selectFrom(b, d);
    FloatVector bdHigh = high.selectFrom(b, d);
    Memory.store(to, low.selectFrom(acLow, bdLow)); // a0 b0 c0 d0, in each quarter or of quarters
    Memory.store(to + targetStride, high.selectFrom(acLow, bdLow));
    Memory.store(to + 2 * targetStride, low.selectFrom(acHigh, bdHigh));
    Memory.store(to + 3 * targetStride, high.selectFrom(acHigh, bdHigh));
  }

  private static void transpose4x4(long from, long sourceStride, long to, long targetStride) {
    FloatVector a = loadFour(from);
    FloatVector b = loadFour(from + sourceStride);
    FloatVector c = loadFour(from + 2 * sourceStride);
    FloatVector d = loadFour(from + 3 * sourceStride);
    FloatVector acLow = LOW_HALVES.selectFrom(a, c); // a0 c0 a1 c1
    FloatVector acHigh = HIGH_HALVES.selectFrom(a, c); // a2 c2 a3 c3
    FloatVector bdLow = LOW_HALVES.selectFrom(b, d); // b0 d0 b1 d1
    FloatVector bdHigh = HIGH_HALVES.selectFrom(b, d); // b2 d2 b3 d3
    storeFour(to, LOW_HALVES.selectFrom(acLow, bdLow)); // a0 b0 c0 d0
    storeFour(to + targetStride, HIGH_HALVES.selectFrom(acLow, bdLow));
    storeFour(to + 2 * targetStride, LOW_HALVES.selectFrom(acHigh, bdHigh));
    storeFour(to + 3 * targetStride, HIGH_HALVES.selectFrom(acHigh, bdHigh));
  }

  /**
   * The lanes of two vectors of 16 that interleave, in each run of four groups of lanes, two groups
   * of the first vector with the same two of the second: {@code a0 b0 a1 b1}.
   *
   * @param group how many lanes stay together
   * @param half 0 for the first two groups of each run, 1 for the others
   */
  private static FloatVector interleaving(int group, int half) {
    float[] lanes = new float[LANES];
    for (int i = 0; i < LANES; i++) {
      int run = i / (4 * group) * (4 * group);
      int target = i % (4 * group) / group;
      int vector = target % 2;
      lanes[i] = vector * LANES + run + (2 * half + target / 2) * group + i % group;
    }
    return FloatVector.fromArray(FLOAT, lanes, 0);
  }

  private static FloatVector loadFour(long address) {
    return FloatVector.fromMemorySegment(FOUR, ALL, address & ADDRESS_BITS, ORDER);
  }

  private static void storeFour(long address, FloatVector vector) {
    vector.intoMemorySegment(ALL, address & ADDRESS_BITS, ORDER);
  }

  private static void copyEight(long from, long to) {
    if (LANES >= 8) {
      FloatVector.fromMemorySegment(EIGHT, ALL, from & ADDRESS_BITS, ORDER)
          .intoMemorySegment(ALL, to & ADDRESS_BITS, ORDER);
    } else {
      storeFour(to, loadFour(from));
      storeFour(to + 16, loadFour(from + 16));
    }
  }
}
