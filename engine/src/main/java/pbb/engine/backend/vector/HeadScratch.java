package pbb.engine.backend.vector;

import static pbb.engine.backend.vector.MatMulTile.COLUMNS;
import static pbb.engine.backend.vector.MatMulTile.ROWS;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Room for one worker to work on one head of one sequence, by addresses, and the products that
 * attention consists of. One set serves all layers, forward and backward.
 *
 * <p>Matrices come in three layouts, each as {@link MatMulTile#multiply} reads one: <i>rows</i> are
 * dense; <i>panels</i> are (terms, {@link MatMulTile#COLUMNS}) each; and scores have a row a key
 * and a column a query of a {@link QueryTile}, which is a panel and can as well be read as rows of
 * queries, transposed in place.
 */
final class HeadScratch {

  /**
   * Something that is done for each {@link QueryTile} of a head. The steps of a kernel are called
   * from one place and are of more classes than the compiler inlines there, so that it compiles
   * each by itself. All of them in one exceed the size to which it inlines; what is left out then
   * gets its vectors boxed.
   */
  @FunctionalInterface
  interface Step {
    void run(HeadScratch scratch, int sequence, int head);
  }

  /** From one row of a panel, or of scores, to the next. */
  static final long PANEL_ROW_BYTES = MatMulTile.ROW_BYTES;

  /** Terms of a product at a time: what the micro-kernel can count, and a panel in L2. */
  private static final int MAX_TERMS = 512;

  private static final long ALIGNMENT = 64; // a cache line, and the widest vector

  private final MemorySegment memory;
  private long used;

  /** Bytes from one row of {@link #keyRows} or {@link #valueRows} to the next. */
  final long rowBytes;

  final long keyRows; // rows (T, D)
  final long keyPanels; // panels of (T, D)
  final long valueRows; // rows (T, D)
  final long valuePanels; // panels of (T, D)
  final long transposedQueries; // a panel (D, COLUMNS)
  final long transposedGradients; // a panel (D, COLUMNS)
  final long queryPanels; // panels of (COLUMNS, D)
  final long gradientPanels; // panels of (COLUMNS, D)
  final long probabilities; // scores (T, COLUMNS)
  final long scoreGradients; // scores (T, COLUMNS)
  private final long tile; // (ROWS, COLUMNS)

  final QueryTile queries = new QueryTile();

  // A float for each query of the tile.
  final float[] maxima = new float[COLUMNS]; // of its scaled scores
  final float[] sums = new float[COLUMNS]; // of exponentials
  final float[] logSumExp = new float[COLUMNS];

  private HeadScratch(int length, int headDim) {
    int paddedLength = roundUp(length, ROWS); // rows that are missing stay zero
    rowBytes = 4L * headDim;
    long rows = paddedLength * rowBytes;
    long panels = panel(headDim + COLUMNS - 1, length);
    long queryPanel = panel(headDim + COLUMNS - 1, COLUMNS);
    long scores = paddedLength * PANEL_ROW_BYTES;
    memory =
        Arena.ofAuto()
            .allocate(
                2 * (rows + panels + queryPanel + headDim * PANEL_ROW_BYTES + scores)
                    + ROWS * PANEL_ROW_BYTES
                    + 11 * ALIGNMENT,
                ALIGNMENT);
    keyRows = take(rows);
    keyPanels = take(panels);
    valueRows = take(rows);
    valuePanels = take(panels);
    transposedQueries = take(headDim * PANEL_ROW_BYTES);
    transposedGradients = take(headDim * PANEL_ROW_BYTES);
    queryPanels = take(queryPanel);
    gradientPanels = take(queryPanel);
    probabilities = take(scores);
    scoreGradients = take(scores);
    tile = take(ROWS * PANEL_ROW_BYTES);
  }

  private long take(long bytes) {
    long address = Memory.address(memory, used, bytes);
    used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return address;
  }

  static HeadScratch[] perWorker(Workers workers, int length, int headDim) {
    HeadScratch[] scratch = new HeadScratch[workers.count()];
    for (int i = 0; i < scratch.length; i++) {
      scratch[i] = new HeadScratch(length, headDim);
    }
    return scratch;
  }

  static int roundUp(int value, int multiple) {
    return (value + multiple - 1) / multiple * multiple;
  }

  /** Where the panel with a column begins, in panels of {@code terms} rows. */
  static long panel(int column, int terms) {
    return column / COLUMNS * (terms * PANEL_ROW_BYTES);
  }

  /**
   * A tile of a product: {@code target[i][j] (+)= Σ over p of a[i][p] · b[p][j]}.
   *
   * @param a the address of the rows of A
   * @param aRowBytes bytes from one row of A to the next
   * @param aStepBytes bytes from one element of a row to the next
   * @param b the address of a panel
   * @param terms the length of the sums
   * @param target the address of the tile in the result
   * @param targetRowBytes bytes from one row of the result to the next
   * @param rows how many rows of the tile the result has
   * @param columns how many columns, if less than a tile's
   * @param add whether to add to what is there
   */
  void product(
      long a,
      long aRowBytes,
      int aStepBytes,
      long b,
      int terms,
      long target,
      long targetRowBytes,
      int rows,
      int columns,
      boolean add) {
    for (int p = 0; p < terms; p += MAX_TERMS) {
      MatMulTile.multiply(
          a + (long) p * aStepBytes,
          aRowBytes,
          aStepBytes,
          b + p * PANEL_ROW_BYTES,
          Math.min(MAX_TERMS, terms - p),
          target,
          targetRowBytes,
          Math.min(rows, ROWS),
          Math.min(columns, COLUMNS),
          add || p > 0,
          tile);
    }
  }

  /**
   * Products of keys (or values) and queries (or gradients by the output) for all keys that {@link
   * #queries} see: {@code scores[j][i] = Σ over d of rows[j][d] · transposed[d][i]}.
   */
  void scores(long rows, long transposed, long scores) {
    int headDim = (int) (rowBytes / 4);
    for (int j = queries.from(); j < queries.to(); j += ROWS) {
      product(
          rows + j * rowBytes,
          rowBytes,
          4,
          transposed,
          headDim,
          scores + j * PANEL_ROW_BYTES,
          PANEL_ROW_BYTES,
          ROWS,
          COLUMNS,
          false);
    }
  }

  /**
   * Sums over the keys, weighted by scores, for each of {@link #queries}: {@code target[i][d] (+)=
   * Σ over j of scores[j][i] · panels[j][d]}. A tile of them leaves out the keys after it.
   *
   * @param length the rows T of the panels
   */
  void weightedSums(
      long scores, long panels, int length, long target, long targetRowBytes, boolean add) {
    int headDim = (int) (rowBytes / 4);
    int from = queries.from();
    for (int d = 0; d < headDim; d += COLUMNS) {
      long panel = panels + panel(d, length) + from * PANEL_ROW_BYTES;
      for (int i = 0; i < queries.count(); i += ROWS) {
        int to = Math.min(queries.first() + i + ROWS, length);
        product(
            scores + from * PANEL_ROW_BYTES + 4L * i,
            4,
            (int) PANEL_ROW_BYTES,
            panel,
            to - from,
            target + i * targetRowBytes + 4L * d,
            targetRowBytes,
            queries.count() - i,
            headDim - d,
            add);
      }
    }
  }
}
