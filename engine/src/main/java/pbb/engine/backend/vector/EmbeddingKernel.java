package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@link pbb.engine.graph.Embedding} and {@link pbb.engine.graph.TakeRows}: {@code out[n] =
 * table[rows[n]]}.
 */
final class EmbeddingKernel extends RowKernel {

  private final MemorySegment out; // (N, C)
  private final MemorySegment table; // (V, C)
  private final MemorySegment rows; // (N)
  private final long rowBytes;
  private final long tableRows;
  private final boolean independent;

  /**
   * @param independent whether the table is there before any row is computed
   */
  EmbeddingKernel(
      Workers workers,
      Strips strips,
      MemorySegment out,
      MemorySegment table,
      MemorySegment rows,
      boolean independent) {
    super(workers, strips);
    this.out = out;
    this.table = table;
    this.independent = independent;
    this.rows = rows;
    this.rowBytes = out.byteSize() / strips.rows();
    this.tableRows = table.byteSize() / rowBytes;
  }

  @Override
  void rows(int first, int end, int worker) {
    for (int i = first; i < end; i++) {
      int row = checked(rows.getAtIndex(ValueLayout.JAVA_INT, i), tableRows, i);
      MemorySegment.copy(table, row * rowBytes, out, i * rowBytes, rowBytes);
    }
  }

  @Override
  boolean independent() {
    return independent;
  }

  static int checked(int row, long limit, int position) {
    if (row < 0 || row >= limit) {
      throw new IllegalArgumentException(
          "row " + row + " at position " + position + " is not one of the table's " + limit);
    }
    return row;
  }
}
