package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import pbb.engine.backend.host.Kernel;

/**
 * How a matrix product is cut up: {@code C = op(A) · op(B)} with C (m, n), op(A) (m, k), op(B) (k, n).
 *
 * <p>C is cut into blocks, which the workers claim. A block is computed by one worker from beginning to end in its own
 * caches:
 *
 * <pre>
 * for each piece of k, of at most {@value #MAX_DEPTH}:
 *   pack the block's columns of B       into panels of {@link MatMulTile#COLUMNS} columns, each (depth, COLUMNS)
 *   for each {@value #PACKED_ROWS} rows of the block:
 *     pack these rows of A              as they are, (rows, depth)
 *     for each {@link MatMulTile#ROWS} rows of A, for each panel of B:
 *       tile = rows · panel             in registers
 *       C's tile = or += tile
 * </pre>
 *
 * <p>The numbers: {@link MatMulTile#ROWS} rows of A, {@value #MAX_DEPTH} deep, take at most 16 KiB and stay in the first-level
 * cache while the panels of B pass by, 128 bytes for 16 multiplications of 512 bits, from the second level, where the block
 * of B (512 KiB) and that of A (200 KiB) lie. Shallower pieces would mean that C is read and written more often.
 *
 * <p>The bits of the result depend on how k is cut, which follows from k alone; how C is cut follows from the shape and the
 * number of workers, and changes nothing: each element of C is a sum of the same terms in the same order, wherever it
 * lies in a tile.
 */
public final class MatMulPlan {

  /** The longest piece of k that is packed at once. */
  static final int MAX_DEPTH = 512;

  /** Rows of A that are packed at once: a multiple of 8 and 6. */
  static final int PACKED_ROWS = 96;

  /** The most columns of B that are packed at once: a multiple of every tile's columns. */
  static final int PACKED_COLUMNS = 256;

  /** Floats that keep the packed rows of A from falling on the same few sets of the cache: one cache line. */
  private static final int ROW_PADDING = 16;

  static final long PACKED_A_BYTES = 4L * PACKED_ROWS * (MAX_DEPTH + ROW_PADDING);
  static final long PACKED_B_BYTES = 4L * PACKED_COLUMNS * MAX_DEPTH;

  private static final int MAX_BLOCK_ROWS = 1536;
  private static final int MIN_SHARED_ROWS = 96;
  private static final int BLOCKS_PER_WORKER = 4;

  private final MatMulShape shape;
  private final Workers workers;
  private final MatMulScratch scratch;
  private final int depth;
  private final int blockRows;
  private final int blockColumns;
  private final int rowBlocks;
  private final int columnBlocks;

  private MatMulPlan(MatMulShape shape, Workers workers, MatMulScratch scratch) {
    this.shape = shape;
    this.workers = workers;
    this.scratch = scratch;
    this.depth = evenly(shape.k(), MAX_DEPTH, 1);
    int columns = evenly(shape.n(), PACKED_COLUMNS, MatMulTile.COLUMNS);
    int rows = evenly(shape.m(), MAX_BLOCK_ROWS, MatMulTile.ROWS);
    if (workers.count() > 1) {
      int wanted = workers.count() * BLOCKS_PER_WORKER;
      while (blocks(shape, rows, columns) < wanted && rows >= 2 * MIN_SHARED_ROWS) {
        rows = evenly(rows, Math.ceilDiv(rows, 2), MatMulTile.ROWS);
      }
      while (blocks(shape, rows, columns) < workers.count()
          && (rows > MatMulTile.ROWS || columns > MatMulTile.COLUMNS)) {
        if (rows >= columns || columns == MatMulTile.COLUMNS) {
          rows = evenly(rows, Math.ceilDiv(rows, 2), MatMulTile.ROWS);
        } else {
          columns = evenly(columns, Math.ceilDiv(columns, 2), MatMulTile.COLUMNS);
        }
      }
    }
    this.blockRows = rows;
    this.blockColumns = columns;
    this.rowBlocks = Math.ceilDiv(shape.m(), rows);
    this.columnBlocks = Math.ceilDiv(shape.n(), columns);
  }

  /**
   * Plans a product.
   *
   * @param shape what it looks like
   * @param workers who will compute it
   * @param scratch the memory to pack into, allocated for these workers
   */
  public static MatMulPlan of(MatMulShape shape, Workers workers, MatMulScratch scratch) {
    return new MatMulPlan(shape, workers, scratch);
  }

  /**
   * The product of these matrices, to be run as often as wanted without allocating. C must not overlap A or B.
   *
   * @param a A, from its first element; off-heap
   * @param b B, likewise
   * @param c C, likewise
   * @throws IllegalArgumentException if a segment is on the heap, is not aligned to floats, or is too small
   */
  public Kernel bind(MemorySegment a, MemorySegment b, MemorySegment c) {
    check("A", a, shape.bytesA());
    check("B", b, shape.bytesB());
    check("C", c, shape.bytesC());
    int blocks = Math.multiplyExact(shape.batch(), Math.multiplyExact(rowBlocks, columnBlocks));
    Workers.Task task = (block, worker) -> compute(block, worker, a, b, c);
    return () -> workers.run(task, blocks);
  }

  private static void check(String name, MemorySegment segment, long bytes) {
    if (!segment.isNative() || segment.address() % Float.BYTES != 0 || segment.byteSize() < bytes) {
      throw new IllegalArgumentException(
          name + " must be off-heap, aligned to floats, of at least " + bytes + " bytes, not " + segment);
    }
  }

  private void compute(int block, int worker, MemorySegment a, MemorySegment b, MemorySegment c) {
    int columnBlock = block % columnBlocks;
    int rowBlock = block / columnBlocks % rowBlocks;
    int item = block / columnBlocks / rowBlocks;
    int firstRow = rowBlock * blockRows;
    int firstColumn = columnBlock * blockColumns;
    int endRow = Math.min(shape.m(), firstRow + blockRows);
    int columns = Math.min(blockColumns, shape.n() - firstColumn);
    MemorySegment packedA = scratch.a(worker);
    MemorySegment packedB = scratch.b(worker);
    MemorySegment tile = scratch.tile(worker);
    for (int p = 0; p < shape.k(); p += depth) {
      int terms = Math.min(depth, shape.k() - p);
      packB(b, item, p, terms, firstColumn, columns, packedB);
      for (int row = firstRow; row < endRow; row += PACKED_ROWS) {
        int rows = Math.min(PACKED_ROWS, endRow - row);
        long rowBytes = 4L * (terms + ROW_PADDING);
        packA(a, item, row, rows, p, terms, packedA, rowBytes);
        long cOffset = 4L * (item * shape.strideC() + (long) row * shape.ldc() + firstColumn);
        multiply(
            packedA, rowBytes, rows, packedB, columns, terms, tile, c, cOffset,
            shape.accumulate() || p > 0);
      }
    }
  }

  /** Packs {@code rows} × {@code terms} of op(A), row by row. */
  private void packA(
      MemorySegment a, int item, int row, int rows, int p, int terms, MemorySegment packed, long rowBytes) {
    long stride = 4L * shape.lda();
    long offset = 4L * item * shape.strideA();
    if (shape.transposeA()) {
      Packing.transpose(a, offset + p * stride + 4L * row, stride, terms, rows, packed, 0, rowBytes);
    } else {
      Packing.copy(a, offset + row * stride + 4L * p, stride, rows, terms, packed, 0, rowBytes);
    }
  }

  /** Packs {@code terms} × {@code columns} of op(B), panel by panel. What lies right of the last column is left as it is. */
  private void packB(
      MemorySegment b, int item, int p, int terms, int column, int columns, MemorySegment packed) {
    long stride = 4L * shape.ldb();
    long offset = 4L * item * shape.strideB();
    long panelRowBytes = 4L * MatMulTile.COLUMNS;
    for (int j = 0; j < columns; j += MatMulTile.COLUMNS) {
      int width = Math.min(MatMulTile.COLUMNS, columns - j);
      long target = 4L * j * terms;
      if (shape.transposeB()) {
        long source = offset + (column + j) * stride + 4L * p;
        Packing.transpose(b, source, stride, width, terms, packed, target, panelRowBytes);
      } else {
        long source = offset + p * stride + 4L * (column + j);
        Packing.copy(b, source, stride, terms, width, packed, target, panelRowBytes);
      }
    }
  }

  /** The product of packed rows of A and packed panels of B, tile by tile. */
  private void multiply(
      MemorySegment packedA,
      long rowBytes,
      int rows,
      MemorySegment packedB,
      int columns,
      int terms,
      MemorySegment tile,
      MemorySegment c,
      long cOffset,
      boolean accumulate) {
    long cRowBytes = 4L * shape.ldc();
    for (int i = 0; i < rows; i += MatMulTile.ROWS) {
      int height = Math.min(MatMulTile.ROWS, rows - i);
      for (int j = 0; j < columns; j += MatMulTile.COLUMNS) {
        int width = Math.min(MatMulTile.COLUMNS, columns - j);
        MatMulTile.multiply(packedA, i * rowBytes, rowBytes, packedB, 4L * j * terms, terms, tile);
        MatMulTile.store(
            tile, c, cOffset + i * cRowBytes + 4L * j, cRowBytes, height, width, accumulate);
      }
    }
  }

  private static int blocks(MatMulShape shape, int rows, int columns) {
    return shape.batch() * Math.ceilDiv(shape.m(), rows) * Math.ceilDiv(shape.n(), columns);
  }

  /** The size of equal pieces of {@code extent} that are at most {@code most} long, rounded up to {@code unit}. */
  private static int evenly(int extent, int most, int unit) {
    int pieces = Math.ceilDiv(extent, Math.max(most, unit));
    return Math.ceilDiv(Math.ceilDiv(extent, pieces), unit) * unit;
  }
}
