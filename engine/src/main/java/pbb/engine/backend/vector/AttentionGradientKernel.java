package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import pbb.engine.graph.AttentionGradient;

/**
 * {@link AttentionGradient}, a block for each key-value head of each row, so that the gradients by
 * keys and values are sums within a block. A strip of query rows at a time: probabilities P and
 * score gradients dS of the strip are computed four rows at a time and give dQ; then, four keys at
 * a time, their transposes give the strip's part of dV and dK.
 */
final class AttentionGradientKernel extends BlockKernel {

  private final AttentionGradient op;
  private final HeadScratch[] scratch;
  private final MemorySegment dq; // (B·T, Hq·D)
  private final MemorySegment dk; // (B·T, Hkv·D)
  private final MemorySegment dv; // (B·T, Hkv·D)
  private final MemorySegment gradient; // (B·T, Hq·D)
  private final MemorySegment q; // (B·T, Hq·D)
  private final MemorySegment k; // (B·T, Hkv·D)
  private final MemorySegment v; // (B·T, Hkv·D)
  private final MemorySegment out; // (B·T, Hq·D)
  private final MemorySegment logSumExp; // (B·T, Hq)
  private final MemorySegment documentStart; // (B, T)

  AttentionGradientKernel(
      Workers workers,
      HeadScratch[] scratch,
      AttentionGradient op,
      MemorySegment dq,
      MemorySegment dk,
      MemorySegment dv,
      MemorySegment gradient,
      MemorySegment q,
      MemorySegment k,
      MemorySegment v,
      MemorySegment out,
      MemorySegment logSumExp,
      MemorySegment documentStart) {
    super(workers, op.batch() * op.numKeyValueHeads());
    this.op = op;
    this.scratch = scratch;
    this.dq = dq;
    this.dk = dk;
    this.dv = dv;
    this.gradient = gradient;
    this.q = q;
    this.k = k;
    this.v = v;
    this.out = out;
    this.logSumExp = logSumExp;
    this.documentStart = documentStart;
  }

  @Override
  public void run(int block, int worker) {
    HeadScratch s = scratch[worker];
    int keyValueHeads = op.numKeyValueHeads();
    int group = op.numHeads() / keyValueHeads;
    int d = op.headDim();
    int firstRow = block / keyValueHeads * op.length();
    int keyValueHead = block % keyValueHeads;
    int width = keyValueHeads * d;
    s.load(k, firstRow, width, keyValueHead * d, 1f, s.k);
    s.loadTransposed(k, firstRow, width, keyValueHead * d, s.transposedK);
    s.loadTransposed(v, firstRow, width, keyValueHead * d, s.transposedV);
    Arrays.fill(s.dk, 0f);
    Arrays.fill(s.dv, 0f);
    for (int head = keyValueHead * group; head < (keyValueHead + 1) * group; head++) {
      queryHead(s, firstRow, head);
    }
    s.store(s.dk, 0, op.length(), 1f, dk, firstRow, width, keyValueHead * d, op.dk().accumulate());
    s.store(s.dv, 0, op.length(), 1f, dv, firstRow, width, keyValueHead * d, op.dv().accumulate());
  }

  private void queryHead(HeadScratch s, int firstRow, int head) {
    int d = op.headDim();
    int width = op.numHeads() * d;
    int length = op.length();
    s.load(q, firstRow, width, head * d, AttentionKernel.scale(d), s.q);
    s.load(gradient, firstRow, width, head * d, 1f, s.gradient);
    for (int strip = 0; strip < length; strip += HeadScratch.STRIP_ROWS) {
      strip(s, firstRow, head, strip, Math.min(length, strip + HeadScratch.STRIP_ROWS));
    }
  }

  private void strip(HeadScratch s, int firstRow, int head, int begin, int end) {
    int heads = op.numHeads();
    int d = op.headDim();
    int tp = s.paddedLength;
    int dp = s.paddedDim;
    float[] p = s.probabilities;
    float[] ds = s.scoreGradients;
    int stripFrom =
        HeadScratch.roundDown(
            AttentionKernel.earliest(documentStart, firstRow + begin, end - begin),
            HeadScratch.TILE_COLUMNS);
    int stripTo = HeadScratch.roundUp(end, HeadScratch.TILE_COLUMNS);
    for (int t = begin; t < end; t += HeadScratch.TILE_ROWS) {
      int rows = Math.min(HeadScratch.TILE_ROWS, end - t);
      int local = (t - begin) * tp;
      int from =
          HeadScratch.roundDown(
              AttentionKernel.earliest(documentStart, firstRow + t, rows),
              HeadScratch.TILE_COLUMNS);
      int to = HeadScratch.roundUp(t + rows, HeadScratch.TILE_COLUMNS);
      HeadScratch.product(
          s.q, t * dp, dp, 1, s.transposedK, from, tp, 0, d, p, local + from, tp, to - from, false);
      HeadScratch.product(
          s.gradient,
          t * dp,
          dp,
          1,
          s.transposedV,
          from,
          tp,
          0,
          d,
          ds,
          local + from,
          tp,
          to - from,
          false);
      for (int r = 0; r < HeadScratch.TILE_ROWS; r++) {
        int base = local + r * tp;
        int start = 0;
        int stop = 0;
        if (r < rows) {
          int row = firstRow + t + r;
          start = AttentionKernel.start(documentStart, row, t + r);
          stop = t + r + 1;
          scores(
              p,
              ds,
              base,
              HeadScratch.roundDown(start, Lanes.COUNT),
              stop,
              logSumExp.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * heads + head),
              delta(s, row, head, t + r));
        } else {
          start = stripFrom;
          stop = stripFrom;
        }
        // What the row may not see, in all columns that the strip's products will read.
        zeroOutside(p, base, stripFrom, start, stop, stripTo);
        zeroOutside(ds, base, stripFrom, start, stop, stripTo);
      }
      HeadScratch.product(ds, local, tp, 1, s.k, 0, dp, from, to, s.rows, 0, dp, dp, false);
      s.store(
          s.rows,
          0,
          rows,
          AttentionKernel.scale(d),
          dq,
          firstRow + t,
          heads * d,
          head * d,
          op.dq().accumulate());
    }
    for (int j = stripFrom; j < end; j += HeadScratch.TILE_ROWS) {
      // Rows before j do not see key j; begin is a multiple of the tile, and so is j.
      int first = Math.max(begin, j) - begin;
      int count = end - begin;
      HeadScratch.product(
          p, j, 1, tp, s.gradient, begin * dp, dp, first, count, s.dv, j * dp, dp, dp, true);
      HeadScratch.product(
          ds, j, 1, tp, s.q, begin * dp, dp, first, count, s.dk, j * dp, dp, dp, true);
    }
  }

  /**
   * Scores become probabilities in {@code p}; products dO·V become score gradients in {@code ds}.
   */
  private static void scores(
      float[] p, float[] ds, int base, int from, int to, float logSumExp, float delta) {
    for (int j = from; j < to; j += Lanes.COUNT) {
      FloatVector probability =
          VectorMath.exp(FloatVector.fromArray(Lanes.FLOAT, p, base + j).sub(logSumExp));
      probability.intoArray(p, base + j);
      FloatVector.fromArray(Lanes.FLOAT, ds, base + j)
          .sub(delta)
          .mul(probability)
          .intoArray(ds, base + j);
    }
  }

  private static void zeroOutside(float[] a, int base, int from, int start, int stop, int to) {
    Arrays.fill(a, base + from, base + Math.max(from, start), 0f);
    Arrays.fill(a, base + stop, base + to, 0f);
  }

  /** The sum over the head of gradient · output. */
  private float delta(HeadScratch s, int row, int head, int t) {
    int d = op.headDim();
    long at = ((long) row * op.numHeads() + head) * d * 4;
    FloatVector sum = FloatVector.zero(Lanes.FLOAT);
    VectorMask<Float> all = Lanes.FLOAT.maskAll(true);
    for (int i = 0; i < d; i += Lanes.COUNT) {
      VectorMask<Float> mask = i <= d - Lanes.COUNT ? all : Lanes.FLOAT.indexInRange(i, d);
      FloatVector o = VectorMath.load(out, at + i * 4L, mask);
      sum = o.fma(FloatVector.fromArray(Lanes.FLOAT, s.gradient, t * s.paddedDim + i), sum);
    }
    return VectorMath.sum(sum);
  }
}
