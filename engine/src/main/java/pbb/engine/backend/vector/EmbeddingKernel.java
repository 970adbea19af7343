package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@link pbb.engine.graph.Embedding} and {@link pbb.engine.graph.TakeRows}: {@code out[n] =
 * table[rows[n]]}.
 */
final class EmbeddingKernel extends BlockKernel {

  private static final int BLOCK_ROWS = 256;

  private final MemorySegment out; // (N, C)
  private final MemorySegment table; // (V, C)
  private final MemorySegment rows; // (N)
  private final int n;
  private final long rowBytes;
  private final long tableRows;

  EmbeddingKernel(Workers workers, MemorySegment out, MemorySegment table, MemorySegment rows) {
    super(workers, blocks(rows.byteSize() / Integer.BYTES, BLOCK_ROWS));
    this.out = out;
    this.table = table;
    this.rows = rows;
    this.n = (int) (rows.byteSize() / Integer.BYTES);
    this.rowBytes = out.byteSize() / n;
    this.tableRows = table.byteSize() / rowBytes;
  }

  @Override
  public void run(int block, int worker) {
    int end = Math.min(n, (block + 1) * BLOCK_ROWS);
    for (int i = block * BLOCK_ROWS; i < end; i++) {
      int row = checked(rows.getAtIndex(ValueLayout.JAVA_INT, i), tableRows, i);
      MemorySegment.copy(table, row * rowBytes, out, i * rowBytes, rowBytes);
    }
  }

  static int checked(int row, long limit, int position) {
    if (row < 0 || row >= limit) {
      throw new IllegalArgumentException(
          "row " + row + " at position " + position + " is not one of the table's " + limit);
    }
    return row;
  }
}
