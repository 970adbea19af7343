package pbb.engine.backend.vector;

import static pbb.engine.backend.vector.HeadScratch.PANEL_ROW_BYTES;
import static pbb.engine.backend.vector.Lanes.FLOAT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import pbb.engine.graph.Attention;

/**
 * {@link Attention}, a block for each head of each sequence. A {@link QueryTile} at a time: {@code
 * Sᵀ = K·Qᵀ} against all keys that its queries see, a softmax in each lane, and {@code O = P·V}
 * with P read from its transpose; the T × T scores never exist as a whole.
 */
final class AttentionKernel extends RowKernel {

  private final Attention op;
  private final HeadScratch[] scratch;
  private final MemorySegment out; // (B·T, Hq·D)
  private final MemorySegment logSumExp; // (B·T, Hq)
  private final MemorySegment q; // (B·T, Hq·D)
  private final MemorySegment k; // (B·T, Hkv·D)
  private final MemorySegment v; // (B·T, Hkv·D)
  private final MemorySegment documentStart; // (B, T)
  private final int length; // T
  private final int heads; // Hq
  private final int headDim; // D
  private final long queryBytes; // from row to row of q and out
  private final long keyBytes; // from row to row of k and v
  private final Workers.Task byHead = this::head;
  private final HeadScratch.Step[] steps = {
    this::packQueries,
    this::scores,
    this::mask,
    this::maxima,
    this::exponentials,
    this::normalize,
    this::logSumExp,
    this::weightedSums
  };

  AttentionKernel(
      Workers workers,
      Strips strips,
      HeadScratch[] scratch,
      Attention op,
      MemorySegment out,
      MemorySegment logSumExp,
      MemorySegment q,
      MemorySegment k,
      MemorySegment v,
      MemorySegment documentStart) {
    super(workers, strips);
    this.op = op;
    this.scratch = scratch;
    this.out = out;
    this.logSumExp = logSumExp;
    this.q = q;
    this.k = k;
    this.v = v;
    this.documentStart = documentStart;
    this.length = op.length();
    this.heads = op.numHeads();
    this.headDim = op.headDim();
    this.queryBytes = 4L * heads * headDim;
    this.keyBytes = 4L * op.numKeyValueHeads() * headDim;
  }

  @Override
  boolean independent() {
    return strips.keepTogether(length);
  }

  /** By itself it has a block for each head. */
  @Override
  public void run() {
    workers.run(byHead, op.batch() * heads);
  }

  private void head(int block, int worker) {
    head(scratch[worker], block / heads, block % heads);
  }

  /** All heads of whole sequences. */
  @Override
  void rows(int first, int end, int worker) {
    for (int block = first / length * heads; block < end / length * heads; block++) {
      head(block, worker);
    }
  }

  private void head(HeadScratch s, int sequence, int head) {
    int keyValueHead = head / (heads / op.numKeyValueHeads());
    long keyAt = address(k, sequence, length, keyBytes, keyValueHead, headDim);
    long valueAt = address(v, sequence, length, keyBytes, keyValueHead, headDim);
    Packing.copy(keyAt, keyBytes, length, headDim, s.keyRows, s.rowBytes);
    Packing.panelsOfColumns(valueAt, keyBytes, length, headDim, s.valuePanels);
    for (int t = 0; t < length; t += QueryTile.QUERIES) {
      s.queries.moveTo(documentStart, sequence, length, t);
      for (HeadScratch.Step step : steps) {
        step.run(s, sequence, head);
      }
    }
  }

  private void packQueries(HeadScratch s, int sequence, int head) {
    Packing.transpose(
        address(q, sequence, length, queryBytes, head, headDim) + s.queries.first() * queryBytes,
        queryBytes,
        s.queries.count(),
        headDim,
        s.transposedQueries,
        PANEL_ROW_BYTES);
  }

  private void scores(HeadScratch s, int sequence, int head) {
    s.scores(s.keyRows, s.transposedQueries, s.probabilities);
  }

  private void mask(HeadScratch s, int sequence, int head) {
    s.queries.mask(s.probabilities);
  }

  private void maxima(HeadScratch s, int sequence, int head) {
    QueryTile queries = s.queries;
    for (int vector = 0; vector < queries.vectors(); vector++) {
      int lane = vector * FLOAT.length();
      long scores = s.probabilities + 4L * lane;
      int end = queries.to(vector);
      FloatVector max = Memory.load(scores + queries.from() * PANEL_ROW_BYTES);
      for (int j = queries.from() + 1; j < end; j++) {
        FloatVector score = Memory.load(scores + j * PANEL_ROW_BYTES);
        max = max.blend(score, score.compare(VectorOperators.GT, max));
      }
      max.mul(scale(headDim)).intoArray(s.maxima, lane);
    }
  }

  /** Turns S into {@code exp(scale · S − max)}, and adds these up. */
  private void exponentials(HeadScratch s, int sequence, int head) {
    QueryTile queries = s.queries;
    FloatVector scale = FloatVector.broadcast(FLOAT, scale(headDim));
    for (int vector = 0; vector < queries.vectors(); vector++) {
      int lane = vector * FLOAT.length();
      long scores = s.probabilities + 4L * lane;
      int end = queries.to(vector);
      FloatVector shift = FloatVector.fromArray(FLOAT, s.maxima, lane).neg();
      FloatVector sum = FloatVector.zero(FLOAT);
      for (int j = queries.from(); j < end; j++) {
        long row = scores + j * PANEL_ROW_BYTES;
        FloatVector e = VectorMath.exp(Memory.load(row).fma(scale, shift));
        sum = sum.add(e);
        Memory.store(row, e);
      }
      sum.intoArray(s.sums, lane);
    }
  }

  private void normalize(HeadScratch s, int sequence, int head) {
    QueryTile queries = s.queries;
    for (int vector = 0; vector < queries.vectors(); vector++) {
      int lane = vector * FLOAT.length();
      long scores = s.probabilities + 4L * lane;
      int end = queries.to(vector);
      FloatVector sum = FloatVector.fromArray(FLOAT, s.sums, lane);
      FloatVector inverse = FloatVector.broadcast(FLOAT, 1).div(sum);
      for (int j = queries.from(); j < end; j++) {
        long row = scores + j * PANEL_ROW_BYTES;
        Memory.store(row, Memory.load(row).mul(inverse));
      }
    }
  }

  private void logSumExp(HeadScratch s, int sequence, int head) {
    for (int lane = 0; lane < QueryTile.QUERIES; lane += FLOAT.length()) {
      FloatVector sum = FloatVector.fromArray(FLOAT, s.sums, lane);
      FloatVector.fromArray(FLOAT, s.maxima, lane)
          .add(VectorMath.log(sum))
          .intoArray(s.logSumExp, lane);
    }
    long row = (long) sequence * length + s.queries.first();
    for (int i = 0; i < s.queries.count(); i++) {
      logSumExp.setAtIndex(ValueLayout.JAVA_FLOAT, (row + i) * heads + head, s.logSumExp[i]);
    }
  }

  private void weightedSums(HeadScratch s, int sequence, int head) {
    long outAt = address(out, sequence, length, queryBytes, head, headDim);
    s.weightedSums(
        s.probabilities,
        s.valuePanels,
        length,
        outAt + s.queries.first() * queryBytes,
        queryBytes,
        false);
  }

  /** The address of a head of a sequence, in a matrix with a row a position. */
  static long address(
      MemorySegment rows, int sequence, int length, long rowBytes, int head, int headDim) {
    long headBytes = 4L * headDim;
    return Memory.address(
        rows,
        (long) sequence * length * rowBytes + head * headBytes,
        (length - 1) * rowBytes + headBytes);
  }

  static float scale(int headDim) {
    return (float) (1 / Math.sqrt(headDim));
  }
}
