package pbb.engine.backend.vector;

import pbb.engine.graph.Attention;
import pbb.engine.graph.AttentionGradient;
import pbb.engine.graph.CachedAttention;
import pbb.engine.graph.Graph;
import pbb.engine.graph.Op;

/**
 * How the rows of a batch are cut, rows of tokens that is, for the kernels that compute each row
 * from itself. It depends on shapes alone, and so do the partial sums that some of them keep a
 * strip.
 *
 * @param rows the rows in all
 * @param height the rows of a strip; the last may lack some
 */
record Strips(int rows, int height) {

  /**
   * What one kernel hands to the next of so many rows fits a second-level cache of 1 MiB at widths
   * of some hundred, and weights that come from farther away serve 22 tiles of rows.
   */
  static final int TALLEST = 256;

  /**
   * Few rows are cut into at least so many strips, for the sake of two threads; of more strips each
   * would read all weights.
   */
  private static final int FEWEST = 2;

  /** A multiple of {@link MatMulTile#ROWS} on every processor. */
  private static final int UNIT = 8;

  /**
   * Cuts rows.
   *
   * @param rows how many there are
   * @param sequenceLength rows that lie in one strip wherever that makes it no taller than {@link
   *     #TALLEST}
   */
  static Strips of(int rows, int sequenceLength) {
    int height = Math.clamp(HeadScratch.roundUp(Math.ceilDiv(rows, FEWEST), UNIT), UNIT, TALLEST);
    if (sequenceLength <= TALLEST && rows % sequenceLength == 0) {
      height = Math.max(1, height / sequenceLength) * sequenceLength;
    }
    return new Strips(rows, height);
  }

  /** The rows of a sequence in a graph: what attention reads together, or 1 without attention. */
  static int sequenceLength(Graph graph) {
    return graph.sections().stream()
        .flatMap(section -> section.ops().stream())
        .mapToInt(Strips::sequenceLength)
        .max()
        .orElse(1);
  }

  private static int sequenceLength(Op op) {
    return switch (op) {
      case Attention a -> a.length();
      case AttentionGradient a -> a.length();
      case CachedAttention c -> c.length();
      default -> 1;
    };
  }

  int count() {
    return Math.ceilDiv(rows, height);
  }

  int first(int strip) {
    return strip * height;
  }

  int end(int strip) {
    return Math.min(rows, (strip + 1) * height);
  }

  /** Whether no strip ends within a group of {@code unit} rows. */
  boolean keepTogether(int unit) {
    return height % unit == 0;
  }

  /** Whether there are enough of them for every worker to have its share. */
  boolean suffice(Workers workers) {
    return workers.count() == 1 || count() >= workers.count();
  }
}
