package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import pbb.engine.graph.Attention;

/**
 * {@link Attention}, a block for each head of each row. Four queries at a time: their scores
 * against all keys they may see, the softmax of each, and the sum of the values; the T × T scores
 * never exist as a whole. Keys before a query's document and after the query get probability 0;
 * whole tiles of such keys are skipped.
 */
final class AttentionKernel extends BlockKernel {

  private final Attention op;
  private final HeadScratch[] scratch;
  private final MemorySegment out; // (B·T, Hq·D)
  private final MemorySegment logSumExp; // (B·T, Hq)
  private final MemorySegment q; // (B·T, Hq·D)
  private final MemorySegment k; // (B·T, Hkv·D)
  private final MemorySegment v; // (B·T, Hkv·D)
  private final MemorySegment documentStart; // (B, T)

  AttentionKernel(
      Workers workers,
      HeadScratch[] scratch,
      Attention op,
      MemorySegment out,
      MemorySegment logSumExp,
      MemorySegment q,
      MemorySegment k,
      MemorySegment v,
      MemorySegment documentStart) {
    super(workers, op.batch() * op.numHeads());
    this.op = op;
    this.scratch = scratch;
    this.out = out;
    this.logSumExp = logSumExp;
    this.q = q;
    this.k = k;
    this.v = v;
    this.documentStart = documentStart;
  }

  @Override
  public void run(int block, int worker) {
    HeadScratch s = scratch[worker];
    int heads = op.numHeads();
    int keyValueHeads = op.numKeyValueHeads();
    int d = op.headDim();
    int length = op.length();
    int firstRow = block / heads * length;
    int head = block % heads;
    int keyValueHead = head / (heads / keyValueHeads);
    s.load(q, firstRow, heads * d, head * d, scale(d), s.q);
    s.loadTransposed(k, firstRow, keyValueHeads * d, keyValueHead * d, s.transposedK);
    s.load(v, firstRow, keyValueHeads * d, keyValueHead * d, 1f, s.v);
    int tp = s.paddedLength;
    int dp = s.paddedDim;
    float[] p = s.probabilities;
    for (int t = 0; t < length; t += HeadScratch.TILE_ROWS) {
      int rows = Math.min(HeadScratch.TILE_ROWS, length - t);
      int from =
          HeadScratch.roundDown(
              earliest(documentStart, firstRow + t, rows), HeadScratch.TILE_COLUMNS);
      int to = HeadScratch.roundUp(t + rows, HeadScratch.TILE_COLUMNS);
      HeadScratch.product(
          s.q, t * dp, dp, 1, s.transposedK, from, tp, 0, d, p, from, tp, to - from, false);
      for (int r = 0; r < HeadScratch.TILE_ROWS; r++) {
        if (r < rows) {
          int row = firstRow + t + r;
          int start = start(documentStart, row, t + r);
          Arrays.fill(p, r * tp + from, r * tp + start, Float.NEGATIVE_INFINITY);
          Arrays.fill(p, r * tp + t + r + 1, r * tp + to, Float.NEGATIVE_INFINITY);
          logSumExp.setAtIndex(
              ValueLayout.JAVA_FLOAT,
              (long) row * heads + head,
              softmax(p, r * tp + from, r * tp + to, s.lanes));
        } else {
          Arrays.fill(p, r * tp + from, r * tp + to, 0f);
        }
      }
      HeadScratch.product(p, 0, tp, 1, s.v, 0, dp, from, to, s.rows, 0, dp, dp, false);
      s.store(s.rows, 0, rows, 1f, out, firstRow + t, heads * d, head * d, false);
    }
  }

  static float scale(int headDim) {
    return (float) (1 / Math.sqrt(headDim));
  }

  /** The earliest start of a document among {@code rows} rows. */
  static int earliest(MemorySegment documentStart, int firstRow, int rows) {
    int earliest = Integer.MAX_VALUE;
    for (int r = 0; r < rows; r++) {
      earliest = Math.min(earliest, documentStart.getAtIndex(ValueLayout.JAVA_INT, firstRow + r));
    }
    return Math.max(earliest, 0);
  }

  static int start(MemorySegment documentStart, int row, int t) {
    int start = documentStart.getAtIndex(ValueLayout.JAVA_INT, row);
    if (start < 0 || start > t) {
      throw new IllegalArgumentException(
          "the document of position " + t + " cannot start at position " + start);
    }
    return start;
  }

  /** Turns scores into probabilities and returns the logarithm of the sum of their exponentials. */
  private static float softmax(float[] p, int from, int to, float[] lanes) {
    float max = max(p, from, to, lanes);
    exponentials(p, from, to, max);
    float total = sum(p, from, to, lanes);
    float inverse = 1 / total;
    for (int j = from; j < to; j += Lanes.COUNT) {
      FloatVector.fromArray(Lanes.FLOAT, p, j).mul(inverse).intoArray(p, j);
    }
    return (float) (max + StrictMath.log(total));
  }

  // Both go through memory at the end: a vector that is handed to another method is an object
  // whenever the compiler chooses not to inline that method, and here it sometimes did.

  private static float max(float[] p, int from, int to, float[] lanes) {
    FloatVector greatest = FloatVector.fromArray(Lanes.FLOAT, p, from);
    for (int j = from + Lanes.COUNT; j < to; j += Lanes.COUNT) {
      greatest = greatest.max(FloatVector.fromArray(Lanes.FLOAT, p, j));
    }
    greatest.intoArray(lanes, 0);
    float max = lanes[0];
    for (int i = 1; i < Lanes.COUNT; i++) {
      max = Math.max(max, lanes[i]);
    }
    return max;
  }

  /** Puts exp(p − max) in the place of p. */
  private static void exponentials(float[] p, int from, int to, float max) {
    for (int j = from; j < to; j += Lanes.COUNT) {
      VectorMath.exp(FloatVector.fromArray(Lanes.FLOAT, p, j).sub(max)).intoArray(p, j);
    }
  }

  /** Halves are added to halves, as in {@link VectorMath#sum}. */
  private static float sum(float[] p, int from, int to, float[] lanes) {
    FloatVector sum = FloatVector.fromArray(Lanes.FLOAT, p, from);
    for (int j = from + Lanes.COUNT; j < to; j += Lanes.COUNT) {
      sum = sum.add(FloatVector.fromArray(Lanes.FLOAT, p, j));
    }
    sum.intoArray(lanes, 0);
    for (int half = Lanes.COUNT / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }
}
