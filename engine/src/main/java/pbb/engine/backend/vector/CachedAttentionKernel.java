package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import pbb.engine.graph.CachedAttention;

/**
 * {@link CachedAttention}, a block for each new position: for each head the scores of one query
 * against the cache, their softmax, and the sum of the values.
 */
final class CachedAttentionKernel extends BlockKernel {

  private final CachedAttention op;
  private final float[][] scores; // for each worker (S), padded
  private final MemorySegment out; // (B·T, Hq·D)
  private final MemorySegment q; // (B·T, Hq·D)
  private final MemorySegment keys; // (B, S, Hkv·D)
  private final MemorySegment values; // (B, S, Hkv·D)
  private final MemorySegment positions; // (B, T)
  private final VectorMask<Float> tail;

  CachedAttentionKernel(
      Workers workers,
      CachedAttention op,
      MemorySegment out,
      MemorySegment q,
      MemorySegment keys,
      MemorySegment values,
      MemorySegment positions) {
    super(workers, op.batch() * op.length());
    this.op = op;
    this.scores = new float[workers.count()][HeadScratch.roundUp(op.capacity(), Lanes.COUNT)];
    this.out = out;
    this.q = q;
    this.keys = keys;
    this.values = values;
    this.positions = positions;
    this.tail = Lanes.FLOAT.indexInRange(op.headDim() - op.headDim() % Lanes.COUNT, op.headDim());
  }

  @Override
  public void run(int block, int worker) {
    int sequence = block / op.length();
    int position =
        EmbeddingKernel.checked(
            positions.getAtIndex(ValueLayout.JAVA_INT, block), op.capacity(), block);
    int d = op.headDim();
    int group = op.numHeads() / op.numKeyValueHeads();
    long cacheRow = 4L * op.numKeyValueHeads() * d;
    long cache = sequence * (long) op.capacity() * cacheRow;
    for (int head = 0; head < op.numHeads(); head++) {
      long row = ((long) block * op.numHeads() + head) * d * 4;
      long from = cache + 4L * (head / group) * d;
      attend(scores[worker], row, from, cacheRow, position + 1);
    }
  }

  private void attend(float[] p, long row, long from, long cacheRow, int count) {
    float max = scores(p, row, from, cacheRow, count);
    float inverse = 1 / exponentials(p, count, max);
    weightedValues(p, row, from, cacheRow, count, inverse);
  }

  /** Fills p with the scores of all keys and returns the greatest. */
  private float scores(float[] p, long row, long from, long cacheRow, int count) {
    int d = op.headDim();
    int even = d - d % Lanes.COUNT;
    float scale = AttentionKernel.scale(d);
    float max = Float.NEGATIVE_INFINITY;
    for (int j = 0; j < count; j++) {
      long key = from + j * cacheRow;
      FloatVector dot = FloatVector.zero(Lanes.FLOAT);
      for (int i = 0; i < even; i += Lanes.COUNT) {
        dot = VectorMath.load(q, row + i * 4L).fma(VectorMath.load(keys, key + i * 4L), dot);
      }
      if (even < d) {
        dot =
            VectorMath.load(q, row + even * 4L, tail)
                .fma(VectorMath.load(keys, key + even * 4L, tail), dot);
      }
      p[j] = VectorMath.sum(dot) * scale;
      max = Math.max(max, p[j]);
    }
    return max;
  }

  /**
   * Replaces the scores by exponentials, with zeros up to a whole vector, and returns their sum.
   */
  private static float exponentials(float[] p, int count, float max) {
    int padded = HeadScratch.roundUp(count, Lanes.COUNT);
    Arrays.fill(p, count, padded, Float.NEGATIVE_INFINITY);
    FloatVector sum = FloatVector.zero(Lanes.FLOAT);
    for (int j = 0; j < padded; j += Lanes.COUNT) {
      FloatVector e = VectorMath.exp(FloatVector.fromArray(Lanes.FLOAT, p, j).sub(max));
      sum = sum.add(e);
      e.intoArray(p, j);
    }
    return VectorMath.sum(sum);
  }

  private void weightedValues(
      float[] p, long row, long from, long cacheRow, int count, float factor) {
    int d = op.headDim();
    int even = d - d % Lanes.COUNT;
    for (int i = 0; i < even; i += Lanes.COUNT) {
      FloatVector weighted = FloatVector.zero(Lanes.FLOAT);
      for (int j = 0; j < count; j++) {
        weighted =
            FloatVector.broadcast(Lanes.FLOAT, p[j])
                .fma(VectorMath.load(values, from + j * cacheRow + i * 4L), weighted);
      }
      weighted.mul(factor).intoMemorySegment(out, row + i * 4L, Lanes.ORDER);
    }
    if (even < d) {
      FloatVector weighted = FloatVector.zero(Lanes.FLOAT);
      for (int j = 0; j < count; j++) {
        weighted =
            FloatVector.broadcast(Lanes.FLOAT, p[j])
                .fma(VectorMath.load(values, from + j * cacheRow + even * 4L, tail), weighted);
      }
      weighted.mul(factor).intoMemorySegment(out, row + even * 4L, Lanes.ORDER, tail);
    }
  }
}
