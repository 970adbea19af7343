package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import pbb.engine.graph.MemoryPlan;

/**
 * A matrix of weights as the right operand of products, op(B) (k, n), packed once for all products
 * that read it until it changes: for each piece of k ({@link MatMulPlan#depth}), panels of {@link
 * MatMulTile#COLUMNS} columns, each (depth, COLUMNS) without gaps. What stands in columns that the
 * last panel lacks is computed with and never stored.
 */
final class PackedWeight {

  private final MemorySegment source; // (k, n), or (n, k) if transposed
  private final MemorySegment packed;
  private final boolean transposed;
  private final int k;
  private final int n;
  private final int depth;

  /**
   * @param source B, dense
   * @param transposed whether it is stored as (n, k)
   */
  PackedWeight(MemorySegment source, boolean transposed, int k, int n, SegmentAllocator allocator) {
    this.source = source;
    this.transposed = transposed;
    this.k = k;
    this.n = n;
    this.depth = MatMulPlan.depth(k);
    this.packed = allocator.allocate(4L * k * paddedColumns(), MemoryPlan.ALIGNMENT);
  }

  int depth() {
    return depth;
  }

  /** How many panels lie side by side. */
  int panels() {
    return Math.ceilDiv(n, MatMulTile.COLUMNS);
  }

  private int paddedColumns() {
    return panels() * MatMulTile.COLUMNS;
  }

  /** The address of a panel of the piece of k that begins at {@code p}. */
  long panel(int p, int panel) {
    return panels(p, panel, 1);
  }

  /** The same of some panels one after the other. */
  long panels(int p, int first, int count) {
    long panelBytes = MatMulTile.panelBytes(Math.min(depth, k - p));
    return Memory.address(
        packed, 4L * p * paddedColumns() + panelBytes * first, panelBytes * count);
  }

  /** Packs a panel's columns of all pieces anew. */
  void pack(int panel) {
    int column = panel * MatMulTile.COLUMNS;
    int columns = Math.min(MatMulTile.COLUMNS, n - column);
    for (int p = 0; p < k; p += depth) {
      int terms = Math.min(depth, k - p);
      long target = panel(p, panel);
      if (transposed) {
        long stride = 4L * k;
        Packing.transpose(
            Memory.address(source, column * stride + 4L * p, (columns - 1) * stride + 4L * terms),
            stride,
            columns,
            terms,
            target,
            MatMulTile.ROW_BYTES);
      } else {
        long stride = 4L * n;
        Packing.panelsOfColumns(
            Memory.address(source, p * stride + 4L * column, (terms - 1) * stride + 4L * columns),
            stride,
            terms,
            columns,
            target);
      }
    }
  }
}
