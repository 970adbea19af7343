package pbb.engine.backend.vector;

import static pbb.engine.backend.vector.HeadScratch.PANEL_ROW_BYTES;
import static pbb.engine.backend.vector.Lanes.FLOAT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Queries of a sequence that are worked on together, a lane of two vectors each, and the keys that
 * they see: position t sees those from its document's start up to itself. With queries in lanes a
 * softmax needs no sums across lanes, and a mask is a comparison with a key's number.
 */
final class QueryTile {

  /** How many queries there are, unless the sequence ends: the columns of a product's tile. */
  static final int QUERIES = MatMulTile.COLUMNS;

  private static final int LANES = FLOAT.length();
  private static final long VECTOR_BYTES = 4L * LANES;
  private static final FloatVector LANE = FloatVector.zero(FLOAT).addIndex(1);

  private final float[] starts = new float[QUERIES]; // of the queries' documents
  private int first;
  private int count;
  private int earliest;
  private int latest;

  /**
   * Moves to the queries from {@code first} on.
   *
   * @param documentStart (B, T)
   * @param sequence which row of it
   * @param length T
   */
  void moveTo(MemorySegment documentStart, int sequence, int length, int first) {
    this.first = first;
    this.count = Math.min(QUERIES, length - first);
    earliest = Integer.MAX_VALUE;
    latest = 0;
    for (int i = 0; i < count; i++) {
      int start =
          documentStart.getAtIndex(ValueLayout.JAVA_INT, (long) sequence * length + first + i);
      if (start < 0 || start > first + i) {
        throw new IllegalArgumentException(
            "the document of position " + (first + i) + " cannot start at position " + start);
      }
      earliest = Math.min(earliest, start);
      latest = Math.max(latest, start);
      starts[i] = start;
    }
    Arrays.fill(starts, count, QUERIES, 0);
  }

  /** The first query. */
  int first() {
    return first;
  }

  /** How many queries there are. */
  int count() {
    return count;
  }

  /** How many vectors hold them. */
  int vectors() {
    return count > LANES ? 2 : 1;
  }

  /** The first key to look at, a multiple of a product's rows. */
  int from() {
    return earliest / MatMulTile.ROWS * MatMulTile.ROWS;
  }

  /** One past the last key to look at, likewise. */
  int to() {
    return HeadScratch.roundUp(first + count, MatMulTile.ROWS);
  }

  /** As {@link #to}, for one of the vectors. */
  int to(int vector) {
    return Math.min(to(), first + HeadScratch.roundUp((vector + 1) * LANES, MatMulTile.ROWS));
  }

  /**
   * Sets scores to −∞ where a query does not see the key.
   *
   * @param scores the address of the row of key 0
   */
  void mask(long scores) {
    for (int vector = 0; vector < vectors(); vector++) {
      int query = first + vector * LANES;
      FloatVector numbers = LANE.add(query);
      FloatVector start = FloatVector.fromArray(FLOAT, starts, vector * LANES);
      int end = to(vector);
      for (int j = from(); j < end; j++) {
        if (j < latest || j > query) {
          long row = scores + j * PANEL_ROW_BYTES + vector * VECTOR_BYTES;
          Memory.store(
              row,
              Memory.load(row)
                  .blend(Float.NEGATIVE_INFINITY, numbers.compare(VectorOperators.LT, (float) j))
                  .blend(Float.NEGATIVE_INFINITY, start.compare(VectorOperators.GT, (float) j)));
        }
      }
    }
  }
}
