package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import pbb.engine.graph.MatMul;

/**
 * {@link MatMul} of rows by a matrix of weights that is packed already, {@code C = A · op(B)} with
 * A (m, k), C (m, n): the products of the forward pass and those that give the gradients of their
 * inputs.
 *
 * <pre>
 * for each piece of k:
 *   for each few panels of B:               from the third-level cache or beyond, once a strip;
 *                                           read ahead where that is faster
 *     for the rows of each tile:            of A, most of them copied to the first-level cache
 *       for each of these panels:           from the second-level cache
 *         tile = rows · panel               in registers
 * </pre>
 *
 * <p>So a row of C is written from left to right, which processors foresee, rather than 128 bytes
 * of each row after the other.
 *
 * <p>The bits are those of {@link MatMulPlan}.
 */
final class WeightProductKernel extends RowKernel {

  /** Multiplications that one worker has done before several have met, some microseconds. */
  private static final long SHARED_FROM = 1 << 17;

  private final MemorySegment a; // (m, k)
  private final MemorySegment c; // (m, n)
  private final PackedWeight b;
  private final MatMulScratch scratch;
  private final boolean accumulate;
  private final long groupBytes;
  private final boolean readAhead;
  private final int n;
  private final int k;
  private final Workers.Task byColumns = this::columns;
  private final int columnBlocks;

  WeightProductKernel(
      Workers workers,
      Strips strips,
      MatMulScratch scratch,
      SecondLevelCache cache,
      MatMul op,
      MemorySegment a,
      PackedWeight b,
      MemorySegment c) {
    super(workers, strips);
    this.scratch = scratch;
    this.a = a;
    this.b = b;
    this.c = c;
    this.accumulate = op.out().accumulate();
    this.n = op.n();
    this.k = op.k();
    this.groupBytes = cache.groupBytes;
    this.readAhead = 4L * n * k >= cache.readAheadFrom;
    long products = (long) strips.rows() * n * k;
    this.columnBlocks = products < SHARED_FROM ? 1 : Math.min(b.panels(), 4 * workers.count());
  }

  /** By itself, a product of few rows is cut into columns, so that each worker has some. */
  @Override
  public void run() {
    if (strips.suffice(workers)) {
      super.run();
    } else {
      workers.run(byColumns, columnBlocks);
    }
  }

  private void columns(int block, int worker) {
    int first = (int) ((long) b.panels() * block / columnBlocks);
    int end = (int) ((long) b.panels() * (block + 1) / columnBlocks);
    multiply(0, strips.rows(), first, end, worker);
  }

  @Override
  void rows(int first, int end, int worker) {
    multiply(first, end, 0, b.panels(), worker);
  }

  private void multiply(int firstRow, int endRow, int firstPanel, int endPanel, int worker) {
    MatMulScratch.OfWorker own = scratch.of(worker);
    long tile = own.tile().address();
    int rows = endRow - firstRow;
    long rowBytes = 4L * k;
    long toRowBytes = 4L * n;
    long from = Memory.address(a, firstRow * rowBytes, rows * rowBytes);
    long to = Memory.address(c, firstRow * toRowBytes, rows * toRowBytes);
    int tallRows = MatMulTile.inTallTiles(rows);
    for (int p = 0; p < k; p += b.depth()) {
      int terms = Math.min(b.depth(), k - p);
      int group = (int) Math.max(1, groupBytes / MatMulTile.panelBytes(terms));
      for (int panel = firstPanel; panel < endPanel; panel += group) {
        int endOfGroup = Math.min(endPanel, panel + group);
        if (readAhead && rows > 1) { // a single row reads them once, and was a fifth slower so
          long bytes = MatMulTile.panelBytes(terms) * (endOfGroup - panel);
          Memory.set(tile, Memory.readAhead(b.panels(p, panel, endOfGroup - panel), bytes));
        }
        for (int i = 0, height; i < rows; i += height) {
          height = MatMulTile.height(i, tallRows, rows);
          long stored = from + i * rowBytes + 4L * p;
          rowOfTiles(
              MatMulTile.rows(stored, rowBytes, height, terms, own.a().address()),
              MatMulTile.rowBytes(height, rowBytes),
              p,
              terms,
              panel,
              endOfGroup,
              to + i * toRowBytes,
              height,
              tile);
        }
      }
    }
  }

  /** The rows of a tile, and the panels from {@code first} to {@code end}. */
  private void rowOfTiles(
      long rows,
      long rowBytes,
      int p,
      int terms,
      int first,
      int end,
      long target,
      int height,
      long tile) {
    boolean add = accumulate || p > 0;
    if (height == 1) {
      int column = first * MatMulTile.COLUMNS;
      MatMulTile.multiplyRow(
          rows, b.panel(p, first), end - first, terms, target + 4L * column, n - column, add, tile);
      return;
    }
    for (int panel = first; panel < end; panel++) {
      int column = panel * MatMulTile.COLUMNS;
      MatMulTile.multiply(
          rows,
          rowBytes,
          4,
          b.panel(p, panel),
          terms,
          target + 4L * column,
          4L * n,
          height,
          Math.min(MatMulTile.COLUMNS, n - column),
          add,
          tile);
    }
  }
}
