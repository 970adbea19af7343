package pbb.engine.backend.vector;

import static pbb.engine.backend.vector.HeadScratch.PANEL_ROW_BYTES;
import static pbb.engine.backend.vector.Lanes.FLOAT;
import static pbb.engine.backend.vector.MatMulTile.COLUMNS;
import static pbb.engine.backend.vector.MatMulTile.ROWS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import pbb.engine.graph.AttentionGradient;
import pbb.engine.graph.Destination;

/**
 * {@link AttentionGradient}, a block for each key-value head of each sequence, so that the
 * gradients by keys and values are sums within a block. A {@link QueryTile} at a time: {@code Sᵀ =
 * K·Qᵀ} and {@code dPᵀ = V·dOᵀ}; from them {@code Pᵀ} and {@code dSᵀ} in each lane; then {@code dV
 * += Pᵀ·dO} and {@code dK += dSᵀ·Q}, for which scores lie right, and {@code dQ = dS·K} with dS read
 * from its transpose.
 */
final class AttentionGradientKernel extends RowKernel {

  private final AttentionGradient op;
  private final HeadScratch[] scratch;
  private final MemorySegment dq; // (B·T, Hq·D)
  private final MemorySegment dk; // (B·T, Hkv·D)
  private final MemorySegment dv; // (B·T, Hkv·D)
  private final MemorySegment gradient; // (B·T, Hq·D)
  private final MemorySegment q; // (B·T, Hq·D)
  private final MemorySegment k; // (B·T, Hkv·D)
  private final MemorySegment v; // (B·T, Hkv·D)
  private final MemorySegment logSumExp; // (B·T, Hq)
  private final MemorySegment documentStart; // (B, T)
  private final int length; // T
  private final int heads; // Hq
  private final int keyValueHeads; // Hkv
  private final int headDim; // D
  private final long queryBytes; // from row to row of q, dq and the gradient
  private final long keyBytes; // from row to row of k, v, dk and dv
  private final Workers.Task byHead = this::head;
  private final HeadScratch.Step[] steps = {
    this::packQueries,
    this::packGradients,
    this::products,
    this::mask,
    this::loadLogSumExp,
    this::probabilities,
    this::scoreGradients,
    this::valueGradient,
    this::keyGradient,
    this::queryGradient
  };

  AttentionGradientKernel(
      Workers workers,
      Strips strips,
      HeadScratch[] scratch,
      AttentionGradient op,
      MemorySegment dq,
      MemorySegment dk,
      MemorySegment dv,
      MemorySegment gradient,
      MemorySegment q,
      MemorySegment k,
      MemorySegment v,
      MemorySegment logSumExp,
      MemorySegment documentStart) {
    super(workers, strips);
    this.op = op;
    this.scratch = scratch;
    this.dq = dq;
    this.dk = dk;
    this.dv = dv;
    this.gradient = gradient;
    this.q = q;
    this.k = k;
    this.v = v;
    this.logSumExp = logSumExp;
    this.documentStart = documentStart;
    this.length = op.length();
    this.heads = op.numHeads();
    this.keyValueHeads = op.numKeyValueHeads();
    this.headDim = op.headDim();
    this.queryBytes = 4L * heads * headDim;
    this.keyBytes = 4L * keyValueHeads * headDim;
  }

  @Override
  boolean independent() {
    return strips.keepTogether(length);
  }

  /** By itself it has a block for each head. */
  @Override
  public void run() {
    workers.run(byHead, op.batch() * keyValueHeads);
  }

  private void head(int block, int worker) {
    keyValueHead(scratch[worker], block / keyValueHeads, block % keyValueHeads);
  }

  /** All heads of whole sequences. */
  @Override
  void rows(int first, int end, int worker) {
    for (int block = first / length * keyValueHeads;
        block < end / length * keyValueHeads;
        block++) {
      head(block, worker);
    }
  }

  private void keyValueHead(HeadScratch s, int sequence, int keyValueHead) {
    long keyAt = keyAddress(k, sequence, keyValueHead);
    long valueAt = keyAddress(v, sequence, keyValueHead);
    Packing.copy(keyAt, keyBytes, length, headDim, s.keyRows, s.rowBytes);
    Packing.copy(valueAt, keyBytes, length, headDim, s.valueRows, s.rowBytes);
    Packing.panelsOfColumns(keyAt, keyBytes, length, headDim, s.keyPanels);
    int group = heads / keyValueHeads;
    for (int head = keyValueHead * group; head < (keyValueHead + 1) * group; head++) {
      for (int t = 0; t < length; t += QueryTile.QUERIES) {
        s.queries.moveTo(documentStart, sequence, length, t);
        for (HeadScratch.Step step : steps) {
          step.run(s, sequence, head);
        }
      }
    }
  }

  /** The address of the first of the tile's queries, in q or the like. */
  private long queryAddress(MemorySegment rows, HeadScratch s, int sequence, int head) {
    return AttentionKernel.address(rows, sequence, length, queryBytes, head, headDim)
        + s.queries.first() * queryBytes;
  }

  private long keyAddress(MemorySegment rows, int sequence, int keyValueHead) {
    return AttentionKernel.address(rows, sequence, length, keyBytes, keyValueHead, headDim);
  }

  private void packQueries(HeadScratch s, int sequence, int head) {
    pack(queryAddress(q, s, sequence, head), s, s.transposedQueries, s.queryPanels);
  }

  private void packGradients(HeadScratch s, int sequence, int head) {
    pack(queryAddress(gradient, s, sequence, head), s, s.transposedGradients, s.gradientPanels);
  }

  private void pack(long rows, HeadScratch s, long transposed, long panels) {
    int count = s.queries.count();
    Packing.transpose(rows, queryBytes, count, headDim, transposed, PANEL_ROW_BYTES);
    Packing.panelsOfColumns(rows, queryBytes, count, headDim, panels);
  }

  private void products(HeadScratch s, int sequence, int head) {
    s.scores(s.keyRows, s.transposedQueries, s.probabilities);
    s.scores(s.valueRows, s.transposedGradients, s.scoreGradients);
  }

  private void mask(HeadScratch s, int sequence, int head) {
    s.queries.mask(s.probabilities);
  }

  private void loadLogSumExp(HeadScratch s, int sequence, int head) {
    long row = (long) sequence * length + s.queries.first();
    for (int i = 0; i < s.queries.count(); i++) {
      s.logSumExp[i] = logSumExp.getAtIndex(ValueLayout.JAVA_FLOAT, (row + i) * heads + head);
    }
  }

  /**
   * Turns S into {@code P = exp(scale · S − logSumExp)}, and adds P ∘ dP up over the keys. This is
   * the same as the sum of dO ∘ O over the head, since O = P·V, and needs no O.
   */
  private void probabilities(HeadScratch s, int sequence, int head) {
    QueryTile queries = s.queries;
    FloatVector scale = FloatVector.broadcast(FLOAT, AttentionKernel.scale(headDim));
    for (int vector = 0; vector < queries.vectors(); vector++) {
      int lane = vector * FLOAT.length();
      int end = queries.to(vector);
      FloatVector shift = FloatVector.fromArray(FLOAT, s.logSumExp, lane).neg();
      FloatVector sum = FloatVector.zero(FLOAT);
      for (int j = queries.from(); j < end; j++) {
        long at = j * PANEL_ROW_BYTES + 4L * lane;
        FloatVector p = VectorMath.exp(Memory.load(s.probabilities + at).fma(scale, shift));
        sum = p.fma(Memory.load(s.scoreGradients + at), sum);
        Memory.store(s.probabilities + at, p);
      }
      sum.intoArray(s.sums, lane);
    }
  }

  /** Turns dP into dS, times the scale: {@code P ∘ (dP − sum) · scale}. */
  private void scoreGradients(HeadScratch s, int sequence, int head) {
    QueryTile queries = s.queries;
    FloatVector scale = FloatVector.broadcast(FLOAT, AttentionKernel.scale(headDim));
    for (int vector = 0; vector < queries.vectors(); vector++) {
      int lane = vector * FLOAT.length();
      int end = queries.to(vector);
      FloatVector sum = FloatVector.fromArray(FLOAT, s.sums, lane);
      for (int j = queries.from(); j < end; j++) {
        long at = j * PANEL_ROW_BYTES + 4L * lane;
        FloatVector difference = Memory.load(s.scoreGradients + at).sub(sum);
        FloatVector p = Memory.load(s.probabilities + at);
        Memory.store(s.scoreGradients + at, difference.mul(p).mul(scale));
      }
    }
  }

  private void valueGradient(HeadScratch s, int sequence, int head) {
    weightedSums(s, s.probabilities, s.gradientPanels, op.dv(), dv, sequence, head);
  }

  private void keyGradient(HeadScratch s, int sequence, int head) {
    weightedSums(s, s.scoreGradients, s.queryPanels, op.dk(), dk, sequence, head);
  }

  private void queryGradient(HeadScratch s, int sequence, int head) {
    s.weightedSums(
        s.scoreGradients,
        s.keyPanels,
        length,
        queryAddress(dq, s, sequence, head),
        queryBytes,
        op.dq().accumulate());
  }

  /**
   * Sums over the queries, weighted by scores, for each key that they see: {@code target[j][d] += Σ
   * over i of scores[j][i] · panels[i][d]}. A key's first part is that of the tile that its own
   * query is in; there, queries before the key's are left out.
   */
  private void weightedSums(
      HeadScratch s,
      long scores,
      long panels,
      Destination destination,
      MemorySegment rows,
      int sequence,
      int head) {
    int group = heads / keyValueHeads;
    long target = keyAddress(rows, sequence, head / group);
    boolean add = head % group > 0 || destination.accumulate();
    QueryTile queries = s.queries;
    for (int d = 0; d < headDim; d += COLUMNS) {
      long panel = panels + HeadScratch.panel(d, queries.count());
      for (int j = queries.from(); j < queries.to(); j += ROWS) {
        int query = Math.max(0, j - queries.first());
        s.product(
            scores + j * PANEL_ROW_BYTES + 4L * query,
            PANEL_ROW_BYTES,
            4,
            panel + query * PANEL_ROW_BYTES,
            queries.count() - query,
            target + j * keyBytes + 4L * d,
            keyBytes,
            length - j,
            headDim - d,
            add || j < queries.first());
      }
    }
  }
}
