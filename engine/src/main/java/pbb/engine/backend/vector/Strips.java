package pbb.engine.backend.vector;

import java.util.List;
import pbb.engine.graph.Attention;
import pbb.engine.graph.AttentionGradient;
import pbb.engine.graph.CachedAttention;
import pbb.engine.graph.Graph;
import pbb.engine.graph.Op;
import pbb.engine.graph.RmsNormGradient;

/**
 * How the rows of a batch are cut, rows of tokens that is, for the kernels that compute each row
 * from itself.
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

  /** A multiple of {@link MatMulTile#ROWS} on every processor. */
  private static final int UNIT = 8;

  /**
   * How the rows of a whole graph are cut. Where a kernel keeps partial sums of each strip this
   * depends on the graph alone, not on the number of workers.
   *
   * @param sequenceLength rows that lie in one strip wherever that makes it no taller than {@link
   *     #TALLEST}
   * @param fewest how many strips few rows are cut into, as far as {@link #UNIT} and whole
   *     sequences allow: several workers need some each, but each strip reads all weights
   */
  record Cut(int sequenceLength, int fewest) {

    private static final int FOR_TWO_WORKERS = 2;

    /** For graphs that are not known: good for any number of workers. */
    static final Cut ANY_GRAPH = new Cut(1, FOR_TWO_WORKERS);

    /**
     * For the rows of a graph: a strip has what attention reads together, and few rows are one
     * strip for one worker, unless partial sums forbid it.
     */
    static Cut of(Graph graph, Workers workers) {
      List<Op> ops = graph.sections().stream().flatMap(section -> section.ops().stream()).toList();
      boolean partialSums = ops.stream().anyMatch(RmsNormGradient.class::isInstance);
      return new Cut(
          ops.stream().mapToInt(Cut::sequenceLength).max().orElse(1),
          partialSums ? FOR_TWO_WORKERS : Math.min(FOR_TWO_WORKERS, workers.count()));
    }

    private static int sequenceLength(Op op) {
      return switch (op) {
        case Attention a -> a.length();
        case AttentionGradient a -> a.length();
        case CachedAttention c -> c.length();
        default -> 1;
      };
    }

    /** The strips of so many rows. */
    Strips strips(int rows) {
      int share = HeadScratch.roundUp(Math.ceilDiv(rows, fewest), UNIT);
      int height = Math.clamp(share, UNIT, TALLEST);
      if (sequenceLength <= TALLEST && rows % sequenceLength == 0) {
        height = Math.max(1, height / sequenceLength) * sequenceLength;
      }
      return new Strips(rows, height);
    }
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
