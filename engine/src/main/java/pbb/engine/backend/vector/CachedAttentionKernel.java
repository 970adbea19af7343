package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import pbb.engine.graph.CachedAttention;

/**
 * {@link CachedAttention}, a block for each new position: for each head the scores of one query against the cache, their
 * softmax, and the sum of the values.
 */
final class CachedAttentionKernel extends BlockKernel {

  private final CachedAttention op;
  private final float[][] scores; // for each worker (S), padded
  private final MemorySegment out; // (B·T, Hq·D)
  private final MemorySegment q; // (B·T, Hq·D)
  private final MemorySegment keys; // (B, S, Hkv·D)
  private final MemorySegment values; // (B, S, Hkv·D)
  private final MemorySegment positions; // (B, T)

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
    int d = op.headDim();
    float scale = AttentionKernel.scale(d);
    VectorMask<Float> all = Lanes.FLOAT.maskAll(true);
    float max = Float.NEGATIVE_INFINITY;
    for (int j = 0; j < count; j++) {
      long key = from + j * cacheRow;
      FloatVector dot = FloatVector.zero(Lanes.FLOAT);
      for (int i = 0; i < d; i += Lanes.COUNT) {
        VectorMask<Float> mask = i <= d - Lanes.COUNT ? all : Lanes.FLOAT.indexInRange(i, d);
        dot = VectorMath.load(q, row + i * 4L, mask).fma(VectorMath.load(keys, key + i * 4L, mask), dot);
      }
      p[j] = VectorMath.sum(dot) * scale;
      max = Math.max(max, p[j]);
    }
    FloatVector sum = FloatVector.zero(Lanes.FLOAT);
    for (int j = 0; j < count; j += Lanes.COUNT) {
      VectorMask<Float> mask = j <= count - Lanes.COUNT ? all : Lanes.FLOAT.indexInRange(j, count);
      FloatVector e = VectorMath.exp(FloatVector.fromArray(Lanes.FLOAT, p, j, mask).sub(max));
      sum = sum.add(e, mask);
      e.intoArray(p, j, mask);
    }
    float inverse = 1 / VectorMath.sum(sum);
    for (int i = 0; i < d; i += Lanes.COUNT) {
      VectorMask<Float> mask = i <= d - Lanes.COUNT ? all : Lanes.FLOAT.indexInRange(i, d);
      FloatVector weighted = FloatVector.zero(Lanes.FLOAT);
      for (int j = 0; j < count; j++) {
        weighted =
            FloatVector.broadcast(Lanes.FLOAT, p[j])
                .fma(VectorMath.load(values, from + j * cacheRow + i * 4L, mask), weighted);
      }
      weighted.mul(inverse).intoMemorySegment(out, row + i * 4L, Lanes.ORDER, mask);
    }
  }
}
