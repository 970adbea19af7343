package pbb.engine.backend.vector;

import static pbb.engine.backend.vector.Lanes.FLOAT;

import jdk.incubator.vector.FloatVector;

/**
 * The tile of C that stays in registers: its sizes on this processor, its product, and how it gets
 * into C.
 */
final class MatMulTile {

  /** Rows of a tile, unless it is a tall one. */
  static final int ROWS = Lanes.THIRTY_TWO_REGISTERS ? MicroKernel8x2.ROWS : MicroKernel4x2.ROWS;

  /** Rows of a tall tile, as many of which as {@link #inTallTiles} says; or {@link #ROWS}. */
  static final int TALL_ROWS = Lanes.THIRTY_TWO_REGISTERS ? MicroKernel12x2.ROWS : ROWS;

  private static final long COPIED_ROW_BYTES = MicroKernel12x2.ROW_BYTES;

  /** The room that {@link #rows} needs for a tile's rows. */
  static final long COPY_BYTES = TALL_ROWS * COPIED_ROW_BYTES;

  /** Columns of a tile, which are those of a packed panel of B. */
  static final int COLUMNS = 2 * FLOAT.length();

  private static final long VECTOR_BYTES = 4L * FLOAT.length();

  /** Bytes from one row to the next of a tile by itself, and of a packed panel of B. */
  static final long ROW_BYTES = 2 * VECTOR_BYTES;

  private MatMulTile() {}

  /** The bytes of a packed panel of B with so many rows, without gaps. */
  static long panelBytes(int rows) {
    return ROW_BYTES * rows;
  }

  /**
   * How many of so many rows are computed by tall tiles, the first ones. The rest takes tiles of
   * {@link #ROWS}: at most two, of which the last may lack rows.
   */
  static int inTallTiles(int rows) {
    int rest = rows % TALL_ROWS;
    int tall = rows - rest;
    // With tall tiles of 12: 8 and 8 for 13 to 16 rows, rather than 12 and 8.
    boolean fitTwo = TALL_ROWS > ROWS && rest > 0 && TALL_ROWS + rest <= 2 * ROWS;
    return fitTwo ? Math.max(0, tall - TALL_ROWS) : tall;
  }

  /**
   * How many rows the tile at {@code row} has.
   *
   * @param row the first row of a tile
   * @param tallRows how many rows are {@linkplain #inTallTiles in tall tiles}
   * @param rows how many there are in all
   */
  static int height(int row, int tallRows, int rows) {
    return row < tallRows ? TALL_ROWS : Math.min(ROWS, rows - row);
  }

  /**
   * Where a tile reads its rows of A. With {@link #ROWS} of them, where they are; but a tall tile
   * wants them at a distance that its kernel knows, and one that lacks rows wants to have them all:
   * both read a copy, which this makes.
   *
   * @param rows the address of the first
   * @param rowBytes bytes from one to the next
   * @param height how many of the tile's rows C has
   * @param terms how many elements of each
   * @param room where a copy may be made: {@link #COPY_BYTES}
   */
  static long rows(long rows, long rowBytes, int height, int terms, long room) {
    if (height == ROWS) {
      return rows;
    }
    Packing.copy(rows, rowBytes, height, terms, room, COPIED_ROW_BYTES);
    return room;
  }

  /** Bytes from one to the next of the {@link #rows} that a tile of this height reads. */
  static long rowBytes(int height, long rowBytes) {
    return height == ROWS ? rowBytes : COPIED_ROW_BYTES;
  }

  /**
   * Computes a tile as {@link MicroKernel8x2#multiply} says, with as many rows as it has.
   *
   * @param rows its rows: {@link #TALL_ROWS}, or any number up to {@link #ROWS}, which it then has
   */
  private static void multiply(
      long a,
      long aRowBytes,
      int aStepBytes,
      long b,
      int k,
      long target,
      long targetRowBytes,
      int rows) {
    if (!Lanes.THIRTY_TWO_REGISTERS) {
      MicroKernel4x2.multiply(a, aRowBytes, aStepBytes, b, k, target, targetRowBytes);
    } else if (rows <= ROWS) {
      MicroKernel8x2.multiply(a, aRowBytes, aStepBytes, b, k, target, targetRowBytes);
    } else if (aStepBytes == Float.BYTES) {
      MicroKernel12x2.rows(a, b, k, target, targetRowBytes);
    } else {
      MicroKernel12x2.panel(a, b, k, target, targetRowBytes);
    }
  }

  /**
   * Computes a tile, or the part of it that C has, and puts it in its place in C or adds it to what
   * is there.
   *
   * @param a the address of A's first element: of a panel of {@link Packing#panelsOfRows} for tiles
   *     of this height, or of its {@link #rows}
   * @param aRowBytes bytes from one row of A to the next
   * @param aStepBytes bytes from one element of a row to the next: that of a float if they are rows
   * @param b the address of a packed panel of B
   * @param k the length of the sums
   * @param c the address of the tile's place in C
   * @param cRowBytes bytes from one row of C to the next
   * @param rows how many rows of the tile C has: {@link #TALL_ROWS} for a tall one, or up to {@link
   *     #ROWS}; a has all of them
   * @param columns how many columns of the tile C has
   * @param accumulate whether to add
   * @param tile the address of a tile for what does not go to C at once
   */
  static void multiply(
      long a,
      long aRowBytes,
      int aStepBytes,
      long b,
      int k,
      long c,
      long cRowBytes,
      int rows,
      int columns,
      boolean accumulate,
      long tile) {
    if (!accumulate && rows >= ROWS && columns == COLUMNS) {
      multiply(a, aRowBytes, aStepBytes, b, k, c, cRowBytes, rows);
    } else {
      multiply(a, aRowBytes, aStepBytes, b, k, tile, ROW_BYTES, rows);
      store(tile, c, cRowBytes, rows, columns, accumulate);
    }
  }

  /**
   * Computes one row of C, by panels of B that lie one after the other: what a tile would, without
   * the rows that there are not.
   *
   * @param a the address of the row of A, its elements without gaps
   * @param b the address of the first panel
   * @param panels how many there are
   * @param c the address of the first panel's place in C
   * @param columns how many columns of all panels C has
   * @param accumulate whether to add
   * @param tile the address of a tile; it has a row for each panel that is computed at once
   */
  static void multiplyRow(
      long a, long b, int panels, int k, long c, int columns, boolean accumulate, long tile) {
    long panelBytes = panelBytes(k);
    for (int panel = 0; panel < panels; panel += MicroKernel1x8.PANELS) {
      int last = Math.min(MicroKernel1x8.PANELS, panels - panel) - 1;
      MicroKernel1x8.multiply(a, b + panel * panelBytes, panelBytes, last, k, tile);
      for (int i = 0; i <= last; i++) {
        int column = (panel + i) * COLUMNS;
        int width = Math.min(COLUMNS, columns - column);
        store(tile + i * ROW_BYTES, c + 4L * column, 0, 1, width, accumulate);
      }
    }
  }

  /**
   * Puts a tile, or the part of it that C has, in its place, or adds it to what is there. It comes
   * from the first-level cache, so this costs little beside the product, and tiles at C's edges
   * need no kernel of their own.
   *
   * @param tile the address of a tile, as {@link #multiply} leaves it
   * @param c the address of its place in C
   * @param cRowBytes bytes from one row of C to the next
   * @param rows how many rows of the tile C has
   * @param columns how many columns of the tile C has
   * @param accumulate whether to add
   */
  private static void store(
      long tile, long c, long cRowBytes, int rows, int columns, boolean accumulate) {
    if (columns == COLUMNS) {
      storeWide(tile, c, cRowBytes, rows, accumulate);
    } else {
      storeNarrow(tile, c, cRowBytes, rows, columns, accumulate);
    }
  }

  private static void storeWide(long tile, long c, long cRowBytes, int rows, boolean accumulate) {
    for (int i = 0; i < rows; i++) {
      long source = tile + i * ROW_BYTES;
      long target = c + i * cRowBytes;
      FloatVector left = Memory.load(source);
      FloatVector right = Memory.load(source + VECTOR_BYTES);
      if (accumulate) {
        left = Memory.load(target).add(left);
        right = Memory.load(target + VECTOR_BYTES).add(right);
      }
      Memory.store(target, left);
      Memory.store(target + VECTOR_BYTES, right);
    }
  }

  private static void storeNarrow(
      long tile, long c, long cRowBytes, int rows, int columns, boolean accumulate) {
    for (int i = 0; i < rows; i++) {
      long source = tile + i * ROW_BYTES;
      long target = c + i * cRowBytes;
      for (int j = 0; j < columns; j++) {
        float value = Memory.get(source + 4L * j);
        Memory.set(target + 4L * j, accumulate ? Memory.get(target + 4L * j) + value : value);
      }
    }
  }
}
