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
 * @param height the rows of a strip, one or two units; the last may lack some
 * @param unit rows whose sums are kept together where a kernel sums over rows
 */
record Strips(int rows, int height, int unit) {

  /**
   * The most rows of a unit. What one kernel hands to the next of so many fits a second-level cache
   * of 1 MiB at widths of some hundred, and weights that come from farther away serve 22 tiles of
   * rows. With a {@linkplain SecondLevelCache#LARGE large} cache strips of two units are faster:
   * weights come half as often.
   */
  static final int TALLEST_UNIT = 256;

  /** A multiple of {@link MatMulTile#ROWS} on every processor. */
  private static final int ROWS_AT_ONCE = 8;

  /** Strips of one unit each. */
  Strips(int rows, int height) {
    this(rows, height, height);
  }

  /**
   * How the rows of a whole graph are cut. Where a kernel keeps partial sums the units depend on
   * the graph alone, not on the number of workers or on caches.
   *
   * @param sequenceLength rows that lie in one unit wherever that makes it no taller than {@link
   *     #TALLEST_UNIT}
   * @param fewest how many units few rows are cut into, as far as {@link #ROWS_AT_ONCE} and whole
   *     sequences allow: several workers need some each, but each strip reads all weights
   * @param workersSharingPairs among how many workers strips of two units are shared, if each gets
   *     some and none more rows than with strips of one; or {@link #NO_PAIRS}
   */
  record Cut(int sequenceLength, int fewest, int workersSharingPairs) {

    private static final int FOR_TWO_WORKERS = 2;

    /** For {@link #workersSharingPairs}: strips have one unit. */
    static final int NO_PAIRS = 0;

    /** With so many pairs for each of several workers, one that is much slower can take fewer. */
    private static final int FEWEST_PAIRS = 2;

    /** For graphs that are not known: good for any number of workers. */
    static final Cut ANY_GRAPH = new Cut(1, FOR_TWO_WORKERS, NO_PAIRS);

    /**
     * For the rows of a graph: a unit has what attention reads together, and few rows are one unit
     * for one worker, unless partial sums forbid it.
     *
     * @param cache the second-level cache: strips may have two units if it is large
     */
    static Cut of(Graph graph, Workers workers, SecondLevelCache cache) {
      List<Op> ops = graph.sections().stream().flatMap(section -> section.ops().stream()).toList();
      boolean partialSums = ops.stream().anyMatch(RmsNormGradient.class::isInstance);
      return new Cut(
          ops.stream().mapToInt(Cut::sequenceLength).max().orElse(1),
          partialSums ? FOR_TWO_WORKERS : Math.min(FOR_TWO_WORKERS, workers.count()),
          cache == SecondLevelCache.LARGE ? workers.count() : NO_PAIRS);
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
      int share = HeadScratch.roundUp(Math.ceilDiv(rows, fewest), ROWS_AT_ONCE);
      int unit = Math.clamp(share, ROWS_AT_ONCE, TALLEST_UNIT);
      if (sequenceLength <= TALLEST_UNIT && rows % sequenceLength == 0) {
        unit = Math.max(1, unit / sequenceLength) * sequenceLength;
      }
      return new Strips(rows, inPairs(rows, unit) ? 2 * unit : unit, unit);
    }

    private boolean inPairs(int rows, int unit) {
      int pairs = Math.ceilDiv(rows, 2 * unit);
      return switch (workersSharingPairs) {
        case NO_PAIRS -> false;
        case 1 -> true;
        default ->
            pairs >= FEWEST_PAIRS * workersSharingPairs
                && rowsOfBusiest(rows, 2 * unit) <= rowsOfBusiest(rows, unit);
      };
    }

    /** The rows of the worker who has most, where equally fast ones take strips in turn. */
    private int rowsOfBusiest(int rows, int height) {
      int rounds = Math.ceilDiv(Math.ceilDiv(rows, height), workersSharingPairs);
      int before = (rounds - 1) * height;
      return before + Math.min(height, rows - before * workersSharingPairs);
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

  /** How many units there are. */
  int units() {
    return Math.ceilDiv(rows, unit);
  }

  /** Whether no strip ends within a group of so many rows: one of two units only if strips are. */
  boolean keepTogether(int group) {
    return height % group == 0;
  }

  /** Whether there are enough of them for every worker to have its share. */
  boolean suffice(Workers workers) {
    return workers.count() == 1 || count() >= workers.count();
  }
}
