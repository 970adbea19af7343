package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;

/**
 * How a matrix product is cut up: {@code C = op(A) · op(B)} with C (m, n), op(A) (m, k), op(B) (k,
 * n).
 *
 * <p>C is cut into blocks, which the workers claim. A block is computed by one worker from
 * beginning to end in its own caches:
 *
 * <pre>
 * for each piece of k:
 *   pack the block's columns of B         into panels of {@link MatMulTile#COLUMNS} columns, each (depth, COLUMNS)
 *   for each few rows of the block:
 *     pack these rows of op(A)            if A is stored transposed; else a tile's rows may be copied
 *     for the rows of each tile, for each panel of B:
 *       tile = rows · panel               in registers
 *       C's tile = or += tile
 * </pre>
 *
 * <p>The numbers: {@link MatMulTile#TALL_ROWS} rows of A, 512 deep, take at most 24 KiB and stay in
 * the first-level cache while the panels of B pass by, 128 bytes for 24 multiplications of 512
 * bits, from the second level, where the block of B and the rows of A (192 KiB) lie. Shallower
 * pieces would mean that C is read and written more often, and that the beginning and the end of a
 * tile weigh more. A block has as many columns as {@link SecondLevelCache#packedBytes} holds of B,
 * since A is read from beyond that cache for each block of them.
 *
 * <p>Where A is stored transposed, the pieces are shallower and their blocks larger: see {@link
 * #TRANSPOSED}.
 *
 * <p>The bits of the result depend on how k is cut, which follows from k and from how A is stored
 * alone; how C is cut follows from the shape, the second-level cache, the number of workers and
 * what else they compute, and changes nothing: each element of C is a sum of the same terms in the
 * same order, wherever it lies in a tile.
 */
final class MatMulPlan {

  /**
   * How much is packed and worked on at once.
   *
   * @param depth the longest piece of k
   * @param rows of op(A): a multiple of every tile's rows
   * @param balancedRows blocks are made smaller for the sake of balance as long as their rows are
   *     at least so many
   */
  private record Limits(int depth, int rows, int balancedRows) {}

  private static final Limits AS_STORED = new Limits(MicroKernel12x2.MAX_TERMS, 96, 96);

  /**
   * Where A is stored transposed: less deep, and more of each of A's stored rows. 3 KiB of them one
   * after the other are read ahead by processors; with 384 bytes they waited for memory. What is
   * packed (768 KiB of A, 512 KiB of B) is then more than a second-level cache of 1 MiB; half as
   * many rows were slower nevertheless.
   */
  private static final Limits TRANSPOSED = new Limits(256, 768, 192);

  /**
   * What {@link MatMulScratch} holds for a worker; panels of tall tiles are fewer and take less.
   */
  static final long PACKED_A_BYTES =
      Math.max(
          MatMulTile.COPY_BYTES,
          Math.ceilDiv(TRANSPOSED.rows, MatMulTile.ROWS)
              * Packing.rowPanelBytes(MatMulTile.ROWS, TRANSPOSED.depth));

  /**
   * The most rows of a block: with so many, packing the columns of B again for each block of rows
   * costs less than 2%, and where k has several pieces, a block of C (1.5 to 6 MiB, 12 with the
   * shortest pieces) does not go as far as main memory and back for each piece.
   */
  private static final int MAX_BLOCK_ROWS = 1536;

  /** With several blocks for each worker, one whose core is slow or busy takes fewer. */
  private static final int BLOCKS_PER_WORKER = 4;

  /**
   * For the sake of balance, blocks have no fewer columns than this: A is read for each of them.
   */
  private static final int BALANCED_COLUMNS = 256;

  /**
   * Beside other products, a block of so many rows may still be halved. Fewer cost more than they
   * balance: the columns of B are packed for each block.
   */
  private static final int DIVISIBLE_ROWS = 64;

  private final MatMulShape shape;
  private final Workers workers;
  private final MatMulScratch scratch;
  private final int depth;
  private final int packedRows;
  private final int blockRows;
  private final int blockColumns;
  private final int rowBlocks;
  private final int columnBlocks;

  private MatMulPlan(
      MatMulShape shape, Workers workers, MatMulScratch scratch, int rows, int columns) {
    this.shape = shape;
    this.workers = workers;
    this.scratch = scratch;
    Limits limits = limits(shape);
    this.depth = depth(shape.k(), limits);
    this.packedRows = limits.rows;
    this.blockRows = rows;
    this.blockColumns = columns;
    this.rowBlocks = Math.ceilDiv(shape.m(), rows);
    this.columnBlocks = Math.ceilDiv(shape.n(), columns);
  }

  private static Limits limits(MatMulShape shape) {
    return shape.transposeA() ? TRANSPOSED : AS_STORED;
  }

  private static int mostRows(MatMulShape shape) {
    return evenly(shape.m(), MAX_BLOCK_ROWS, MatMulTile.ROWS);
  }

  private static int mostColumns(MatMulShape shape, MatMulScratch scratch) {
    long panelBytes = MatMulTile.panelBytes(depth(shape.k(), limits(shape)));
    int panels = (int) (scratch.packedBytes() / panelBytes);
    return evenly(shape.n(), panels * MatMulTile.COLUMNS, MatMulTile.COLUMNS);
  }

  /**
   * How long the pieces are that a sum of {@code k} terms is cut into where A is stored as (m, k).
   */
  static int depth(int k) {
    return depth(k, AS_STORED);
  }

  private static int depth(int k, Limits limits) {
    return evenly(k, limits.depth, 1);
  }

  /**
   * Plans a product.
   *
   * @param shape what it looks like
   * @param workers who will compute it
   * @param scratch the memory to pack into, allocated for these workers
   */
  static MatMulPlan of(MatMulShape shape, Workers workers, MatMulScratch scratch) {
    int rows = mostRows(shape);
    int columns = mostColumns(shape, scratch);
    if (workers.count() > 1) {
      long wanted = (long) workers.count() * BLOCKS_PER_WORKER;
      while (blocks(shape, rows, columns) < wanted && rows >= 2 * limits(shape).balancedRows) {
        rows = half(rows, MatMulTile.ROWS);
      }
      while (blocks(shape, rows, columns) < wanted && columns >= 2 * BALANCED_COLUMNS) {
        columns = half(columns, MatMulTile.COLUMNS);
      }
      while (blocks(shape, rows, columns) < workers.count()
          && (rows > MatMulTile.ROWS || columns > MatMulTile.COLUMNS)) {
        if (rows > MatMulTile.ROWS && (rows >= columns || columns == MatMulTile.COLUMNS)) {
          rows = half(rows, MatMulTile.ROWS);
        } else {
          columns = half(columns, MatMulTile.COLUMNS);
        }
      }
    }
    return new MatMulPlan(shape, workers, scratch, rows, columns);
  }

  /**
   * The same product in larger blocks, for workers who have other products to compute as well, so
   * that it need not have some for each of them.
   *
   * @param multiplications the most of a block, unless it would have less than half of {@value
   *     #DIVISIBLE_ROWS} rows
   */
  MatMulPlan inBlocksOf(long multiplications) {
    int rows = mostRows(shape);
    int columns = mostColumns(shape, scratch);
    long perRow = (long) Math.min(columns, shape.n()) * shape.k();
    while (Math.min(rows, shape.m()) * perRow > multiplications && rows >= DIVISIBLE_ROWS) {
      rows = half(rows, MatMulTile.ROWS);
    }
    return new MatMulPlan(shape, workers, scratch, rows, columns);
  }

  Workers workers() {
    return workers;
  }

  /** How much of B a block packs at once, at most {@link MatMulScratch#packedBytes}. */
  long packedBytes() {
    return MatMulTile.panelBytes(depth) * Math.ceilDiv(blockColumns, MatMulTile.COLUMNS);
  }

  /** How many blocks there are, in all of the batch. */
  int blocks() {
    return Math.toIntExact(blocks(shape, blockRows, blockColumns));
  }

  /** How many multiplications the product takes. */
  long multiplications() {
    return (long) shape.batch() * shape.m() * shape.n() * shape.k();
  }

  /**
   * The product of these matrices, to be run as often as wanted without allocating. C must not
   * overlap A or B.
   *
   * @param a A, from its first element; off-heap
   * @param b B, likewise
   * @param c C, likewise
   * @throws IllegalArgumentException if a segment is on the heap, is not aligned to floats, or is
   *     too small
   */
  MatMulKernel bind(MemorySegment a, MemorySegment b, MemorySegment c) {
    check("A", a, shape.bytesA());
    check("B", b, shape.bytesB());
    check("C", c, shape.bytesC());
    return new MatMulKernel(this, a, b, c);
  }

  private static void check(String name, MemorySegment segment, long bytes) {
    if (!segment.isNative() || segment.address() % Float.BYTES != 0 || segment.byteSize() < bytes) {
      throw new IllegalArgumentException(
          name
              + " must be off-heap, aligned to floats, of at least "
              + bytes
              + " bytes, not "
              + segment);
    }
  }

  /** Computes one block of C. */
  void compute(int block, int worker, MemorySegment a, MemorySegment b, MemorySegment c) {
    int item = block / columnBlocks / rowBlocks;
    int firstRow = block / columnBlocks % rowBlocks * blockRows;
    int firstColumn = block % columnBlocks * blockColumns;
    int endRow = Math.min(shape.m(), firstRow + blockRows);
    int columns = Math.min(blockColumns, shape.n() - firstColumn);
    long itemA = Memory.address(a, 4L * item * shape.strideA(), shape.matrixBytesA());
    long itemB = Memory.address(b, 4L * item * shape.strideB(), shape.matrixBytesB());
    long itemC = Memory.address(c, 4L * item * shape.strideC(), shape.matrixBytesC());
    MatMulScratch.OfWorker own = scratch.of(worker);
    for (int p = 0; p < shape.k(); p += depth) {
      int terms = Math.min(depth, shape.k() - p);
      packB(itemB, p, terms, firstColumn, columns, own);
      for (int row = firstRow; row < endRow; row += packedRows) {
        int rows = Math.min(packedRows, endRow - row);
        long targets = itemC + 4L * ((long) row * shape.ldc() + firstColumn);
        boolean add = shape.accumulate() || p > 0;
        if (shape.transposeA()) {
          multiplyPackedRows(itemA, row, rows, p, terms, columns, targets, add, own);
        } else {
          multiplyRows(itemA, row, rows, p, terms, columns, targets, add, own);
        }
      }
    }
  }

  /**
   * Packs {@code terms} × {@code columns} of op(B), panel by panel. What lies right of the last
   * column is left as it is.
   */
  private void packB(
      long b, int p, int terms, int column, int columns, MatMulScratch.OfWorker own) {
    long stride = 4L * shape.ldb();
    long target = own.b().address();
    if (shape.transposeB()) {
      long source = b + column * stride + 4L * p;
      for (int j = 0; j < columns; j += MatMulTile.COLUMNS) {
        int width = Math.min(MatMulTile.COLUMNS, columns - j);
        long panel = target + 4L * j * terms;
        Packing.transpose(source + j * stride, stride, width, terms, panel, MatMulTile.ROW_BYTES);
      }
    } else {
      Packing.panelsOfColumns(b + p * stride + 4L * column, stride, terms, columns, target);
    }
  }

  /** C's rows from {@code row} on, of an A that is stored as (k, m). */
  private void multiplyPackedRows(
      long a,
      int row,
      int rows,
      int p,
      int terms,
      int columns,
      long targets,
      boolean add,
      MatMulScratch.OfWorker own) {
    int tallRows = MatMulTile.inTallTiles(rows);
    multiplyPanels(a, row, tallRows, MatMulTile.TALL_ROWS, p, terms, columns, targets, add, own);
    multiplyPanels(
        a,
        row + tallRows,
        rows - tallRows,
        MatMulTile.ROWS,
        p,
        terms,
        columns,
        targets + 4L * tallRows * shape.ldc(),
        add,
        own);
  }

  /** The same of rows that are all in tiles of {@code height}. */
  private void multiplyPanels(
      long a,
      int row,
      int rows,
      int height,
      int p,
      int terms,
      int columns,
      long targets,
      boolean add,
      MatMulScratch.OfWorker own) {
    long stride = 4L * shape.lda();
    long panel = own.a().address();
    Packing.panelsOfRows(a + p * stride + 4L * row, stride, terms, rows, height, panel);
    for (int i = 0; i < rows; i += height) {
      long target = targets + 4L * i * shape.ldc();
      int present = Math.min(height, rows - i);
      multiplyTiles(panel, 4, 4 * height, present, terms, columns, target, add, own);
      panel += Packing.rowPanelBytes(height, terms);
    }
  }

  /**
   * C's rows from {@code row} on, of an A that is stored as (m, k): read where it is, or a tile's
   * rows at a time from a copy.
   */
  private void multiplyRows(
      long a,
      int row,
      int rows,
      int p,
      int terms,
      int columns,
      long targets,
      boolean add,
      MatMulScratch.OfWorker own) {
    long stride = 4L * shape.lda();
    int tallRows = MatMulTile.inTallTiles(rows);
    for (int i = 0, height; i < rows; i += height) {
      height = MatMulTile.height(i, tallRows, rows);
      long stored = a + (row + i) * stride + 4L * p;
      long source = MatMulTile.rows(stored, stride, height, terms, own.a().address());
      long sourceStride = MatMulTile.rowBytes(height, stride);
      long target = targets + 4L * i * shape.ldc();
      multiplyTiles(source, sourceStride, 4, height, terms, columns, target, add, own);
    }
  }

  /** One row of tiles: the rows of a tile of op(A) and all packed panels of B. */
  private void multiplyTiles(
      long a,
      long aRowBytes,
      int aStepBytes,
      int rows,
      int terms,
      int columns,
      long c,
      boolean add,
      MatMulScratch.OfWorker own) {
    long packedB = own.b().address();
    long tile = own.tile().address();
    long cRowBytes = 4L * shape.ldc();
    for (int j = 0; j < columns; j += MatMulTile.COLUMNS) {
      int width = Math.min(MatMulTile.COLUMNS, columns - j);
      long panel = packedB + 4L * j * terms;
      MatMulTile.multiply(
          a, aRowBytes, aStepBytes, panel, terms, c + 4L * j, cRowBytes, rows, width, add, tile);
    }
  }

  private static long blocks(MatMulShape shape, int rows, int columns) {
    return (long) shape.batch() * Math.ceilDiv(shape.m(), rows) * Math.ceilDiv(shape.n(), columns);
  }

  /**
   * The size of equal pieces of {@code extent} that are at most {@code most} long, rounded up to a
   * multiple of {@code unit}.
   */
  private static int evenly(int extent, int most, int unit) {
    int pieces = Math.ceilDiv(extent, most);
    return Math.ceilDiv(Math.ceilDiv(extent, pieces), unit) * unit;
  }

  /** Half of {@code extent}, rounded up to a multiple of {@code unit}. */
  private static int half(int extent, int unit) {
    return Math.ceilDiv(Math.ceilDiv(extent, 2), unit) * unit;
  }
}
