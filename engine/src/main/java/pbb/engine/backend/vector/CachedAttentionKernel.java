package pbb.engine.backend.vector;

import static pbb.engine.backend.vector.Lanes.FLOAT;
import static pbb.engine.backend.vector.Lanes.ORDER;
import static pbb.engine.backend.vector.Memory.ADDRESS_BITS;
import static pbb.engine.backend.vector.Memory.ALL;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import pbb.engine.graph.CachedAttention;

/**
 * {@link CachedAttention}, position by position: for each head the scores of its query against all
 * keys, their softmax, and the sum of the values.
 *
 * <p>A score is a sum across the lanes of a product of query and key. As many keys as a vector has
 * lanes are summed up together, in a tree whose nodes halve two vectors into one: 15 nodes for 16
 * keys, rather than 4 steps for each key. Four keys at a time go through the first two levels, so
 * that all is in registers; they are chosen such that scores come out in the order of the keys.
 *
 * <p>A cache is larger than this processor's, so it is read as it lies: first a piece of a
 * sequence's, which brings it into the second level, then some rows of all heads, and the next.
 * With one head after the other, a few bytes of every row, that took three times as long.
 */
final class CachedAttentionKernel extends RowKernel {

  private static final int LANES = FLOAT.length();

  /** Distance of the four keys that are multiplied together. */
  private static final int KEY_STEP = LANES / 4;

  /** Rows of values that are added up at a time. */
  private static final int VALUES = 16;

  /** What is read ahead at once: it stays in a second-level cache. */
  private static final long PIECE_BYTES = 256 * 1024;

  // The levels of the tree: which part a lane's neighbour is in, and which parts are odd.
  private static final VectorShuffle<Float> HALF = neighbours(LANES / 2);
  private static final VectorShuffle<Float> QUARTER = neighbours(LANES / 4);
  private static final VectorShuffle<Float> TWO = neighbours(2);
  private static final VectorShuffle<Float> ONE = neighbours(1);
  private static final VectorMask<Float> IN_UPPER_HALF = odd(LANES / 2);
  private static final VectorMask<Float> IN_ODD_QUARTER = odd(LANES / 4);
  private static final VectorMask<Float> IN_ODD_PAIR = odd(2);
  private static final VectorMask<Float> IN_ODD_LANE = odd(1);

  private final CachedAttention op;
  private final Scratch[] scratch;
  private final MemorySegment out; // (B·T, Hq·D)
  private final MemorySegment q; // (B·T, Hq·D)
  private final MemorySegment keys; // (B, S, Hkv·D)
  private final MemorySegment values; // (B, S, Hkv·D)
  private final MemorySegment positions; // (B, T)
  private final int capacity; // S
  private final int heads; // Hq
  private final int group; // of query heads that share a key-value head
  private final int headDim; // D
  private final int whole; // the part of D in whole vectors
  private final long queryBytes; // from position to position of q and out
  private final long cacheBytes; // from position to position of keys and values
  private final int pieceRows; // a multiple of the keys and of the values at a time
  private final VectorMask<Float> tail;
  private final Workers.Task byRow = (row, worker) -> rows(row, row + 1, worker);
  private final Step[] steps = {
    this::products, this::scores, this::probabilities, this::weightedValues
  };

  /** One of four, so that the compiler does not put all into one: see {@link HeadScratch.Step}. */
  @FunctionalInterface
  private interface Step {
    void run(Scratch scratch, int row, int count);
  }

  /** What a worker knows of a position, head by head. */
  static final class Scratch {
    final int padded; // S, in whole vectors
    final float[] partialSums; // (Hq, S, KEY_STEP), the last two as products leaves them
    final float[] scores; // (Hq, S), then probabilities
    final float[] maxima; // (Hq) of scores

    private Scratch(int capacity, int heads) {
      padded = HeadScratch.roundUp(capacity, LANES);
      partialSums = new float[heads * padded * KEY_STEP];
      scores = new float[heads * padded];
      maxima = new float[heads];
    }

    static Scratch[] perWorker(Workers workers, int capacity, int heads) {
      Scratch[] scratch = new Scratch[workers.count()];
      Arrays.setAll(scratch, _ -> new Scratch(capacity, heads));
      return scratch;
    }
  }

  CachedAttentionKernel(
      Workers workers,
      Strips strips,
      Scratch[] scratch,
      CachedAttention op,
      MemorySegment out,
      MemorySegment q,
      MemorySegment keys,
      MemorySegment values,
      MemorySegment positions) {
    super(workers, strips);
    this.op = op;
    this.out = out;
    this.q = q;
    this.keys = keys;
    this.values = values;
    this.positions = positions;
    this.capacity = op.capacity();
    this.heads = op.numHeads();
    this.group = heads / op.numKeyValueHeads();
    this.headDim = op.headDim();
    this.whole = FLOAT.loopBound(headDim);
    this.queryBytes = 4L * heads * headDim;
    this.cacheBytes = 4L * op.numKeyValueHeads() * headDim;
    this.pieceRows = Math.max(1, (int) (PIECE_BYTES / cacheBytes / VALUES)) * VALUES;
    this.tail = FLOAT.indexInRange(whole, headDim);
    this.scratch = scratch;
  }

  private static VectorShuffle<Float> neighbours(int distance) {
    return VectorShuffle.fromOp(FLOAT, lane -> lane ^ distance);
  }

  private static VectorMask<Float> odd(int distance) {
    boolean[] odd = new boolean[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      odd[lane] = (lane & distance) != 0;
    }
    return VectorMask.fromArray(FLOAT, odd, 0);
  }

  /** What a position reads of the cache, an earlier one of the same pass may have written. */
  @Override
  boolean independent() {
    return strips.keepTogether(op.length());
  }

  /** By itself it has a block for each position: the cache has been written. */
  @Override
  public void run() {
    workers.run(byRow, strips.rows());
  }

  @Override
  void rows(int first, int end, int worker) {
    for (int row = first; row < end; row++) {
      int position =
          EmbeddingKernel.checked(positions.getAtIndex(ValueLayout.JAVA_INT, row), capacity, row);
      for (Step step : steps) {
        step.run(scratch[worker], row, position + 1);
      }
    }
  }

  private long queryAddress(MemorySegment segment, int row) {
    return Memory.address(segment, row * queryBytes, queryBytes);
  }

  private long cacheAddress(MemorySegment cache, int row, int count) {
    long sequence = row / op.length();
    return Memory.address(cache, sequence * capacity * cacheBytes, count * cacheBytes);
  }

  /** Where a piece of the cache begins, reads it ahead. */
  private void readAhead(Scratch s, long cache, int j, int count) {
    if (j % pieceRows == 0) {
      s.maxima[0] = // which is of no use now
          Memory.readAhead(cache + j * cacheBytes, Math.min(pieceRows, count - j) * cacheBytes);
    }
  }

  /**
   * Products of the query and all keys, summed up to a quarter of a vector for each key: vector c
   * of those from key j on has the sums of keys j + c + g · KEY_STEP for g in 0..3. For keys after
   * the last it has those of the last.
   */
  private void products(Scratch s, int row, int count) {
    long query = queryAddress(q, row);
    long cache = cacheAddress(keys, row, count);
    for (int j = 0; j < count; j += LANES) {
      readAhead(s, cache, j, count);
      for (int head = 0; head < heads; head++) {
        products(
            query + 4L * head * headDim,
            cache + 4L * (head / group) * headDim,
            j,
            count - 1,
            s.partialSums,
            (head * s.padded + j) * KEY_STEP);
      }
    }
  }

  private void products(long query, long keys, int j, int last, float[] partialSums, int at) {
    for (int c = 0; c < KEY_STEP; c++) {
      long key0 = keys + Math.min(j + c, last) * cacheBytes;
      long key1 = keys + Math.min(j + c + KEY_STEP, last) * cacheBytes;
      long key2 = keys + Math.min(j + c + 2 * KEY_STEP, last) * cacheBytes;
      long key3 = keys + Math.min(j + c + 3 * KEY_STEP, last) * cacheBytes;
      FloatVector sum0 = FloatVector.zero(FLOAT);
      FloatVector sum1 = sum0;
      FloatVector sum2 = sum0;
      FloatVector sum3 = sum0;
      for (int d = 0; d < whole; d += LANES) {
        FloatVector x = Memory.load(query + 4L * d);
        sum0 = x.fma(Memory.load(key0 + 4L * d), sum0);
        sum1 = x.fma(Memory.load(key1 + 4L * d), sum1);
        sum2 = x.fma(Memory.load(key2 + 4L * d), sum2);
        sum3 = x.fma(Memory.load(key3 + 4L * d), sum3);
      }
      if (whole < headDim) {
        FloatVector x = loadTail(query);
        sum0 = x.fma(loadTail(key0), sum0);
        sum1 = x.fma(loadTail(key1), sum1);
        sum2 = x.fma(loadTail(key2), sum2);
        sum3 = x.fma(loadTail(key3), sum3);
      }
      FloatVector even = halve(sum0, sum2, HALF, IN_UPPER_HALF);
      FloatVector odd = halve(sum1, sum3, HALF, IN_UPPER_HALF);
      halve(even, odd, QUARTER, IN_ODD_QUARTER).intoArray(partialSums, at + c * LANES);
    }
  }

  /** Sums products up to scores, with those of the last key up to a whole vector. */
  private void scores(Scratch s, int row, int count) {
    float scale = AttentionKernel.scale(headDim);
    for (int head = 0; head < heads; head++) {
      FloatVector greatest = FloatVector.broadcast(FLOAT, Float.NEGATIVE_INFINITY);
      for (int j = 0; j < count; j += LANES) {
        int to = head * s.padded + j;
        int from = to * KEY_STEP;
        FloatVector sums = FloatVector.fromArray(FLOAT, s.partialSums, from);
        if (KEY_STEP == 2) {
          FloatVector second = FloatVector.fromArray(FLOAT, s.partialSums, from + LANES);
          sums = halve(sums, second, ONE, IN_ODD_LANE);
        }
        if (KEY_STEP == 4) {
          FloatVector second = FloatVector.fromArray(FLOAT, s.partialSums, from + LANES);
          FloatVector third = FloatVector.fromArray(FLOAT, s.partialSums, from + 2 * LANES);
          FloatVector fourth = FloatVector.fromArray(FLOAT, s.partialSums, from + 3 * LANES);
          FloatVector even = halve(sums, third, TWO, IN_ODD_PAIR);
          FloatVector odd = halve(second, fourth, TWO, IN_ODD_PAIR);
          sums = halve(even, odd, ONE, IN_ODD_LANE);
        }
        FloatVector scores = sums.mul(scale);
        greatest = greatest.max(scores);
        scores.intoArray(s.scores, to);
      }
      s.maxima[head] = VectorMath.max(greatest);
    }
  }

  /**
   * A node of the tree: sums of neighbouring parts of {@code a} and of {@code b}, those of a in the
   * even parts of the result and those of b in the odd ones.
   *
   * @param neighbours exchanges each part for its neighbour
   * @param odd the lanes of odd parts
   */
  private static FloatVector halve(
      FloatVector a, FloatVector b, VectorShuffle<Float> neighbours, VectorMask<Float> odd) {
    return a.blend(b, odd).add(b.blend(a, odd).rearrange(neighbours));
  }

  /** Replaces scores by probabilities, with zeros up to a whole vector. */
  private void probabilities(Scratch s, int row, int count) {
    int padded = HeadScratch.roundUp(count, LANES);
    for (int head = 0; head < heads; head++) {
      int from = head * s.padded;
      Arrays.fill(s.scores, from + count, from + padded, Float.NEGATIVE_INFINITY);
      FloatVector sum = FloatVector.zero(FLOAT);
      for (int j = from; j < from + padded; j += LANES) {
        FloatVector e =
            VectorMath.exp(FloatVector.fromArray(FLOAT, s.scores, j).sub(s.maxima[head]));
        sum = sum.add(e);
        e.intoArray(s.scores, j);
      }
      float factor = 1 / VectorMath.sum(sum);
      for (int j = from; j < from + padded; j += LANES) {
        FloatVector.fromArray(FLOAT, s.scores, j).mul(factor).intoArray(s.scores, j);
      }
    }
  }

  private void weightedValues(Scratch s, int row, int count) {
    long cache = cacheAddress(values, row, count);
    long to = queryAddress(out, row);
    for (int j = 0; j < count; j += VALUES) {
      readAhead(s, cache, j, count);
      int end = Math.min(j + VALUES, count);
      for (int head = 0; head < heads; head++) {
        weightedValues(
            s.scores,
            head * s.padded,
            j,
            end,
            cache + 4L * (head / group) * headDim,
            to + 4L * head * headDim);
      }
    }
  }

  /** {@code target[d] (+)= Σ over j in [first, end) of p[j] · rows[j][d]}; the first 0 begins. */
  private void weightedValues(float[] p, int at, int first, int end, long rows, long target) {
    FloatVector zero = FloatVector.zero(FLOAT);
    for (int d = 0; d < whole; d += LANES) {
      FloatVector sum = first == 0 ? zero : Memory.load(target + 4L * d);
      long row = rows + first * cacheBytes + 4L * d;
      for (int j = first; j < end; j++) {
        sum = FloatVector.broadcast(FLOAT, p[at + j]).fma(Memory.load(row), sum);
        row += cacheBytes;
      }
      Memory.store(target + 4L * d, sum);
    }
    if (whole < headDim) {
      FloatVector sum = first == 0 ? zero : loadTail(target);
      for (int j = first; j < end; j++) {
        sum = FloatVector.broadcast(FLOAT, p[at + j]).fma(loadTail(rows + j * cacheBytes), sum);
      }
      storeTail(target, sum);
    }
  }

  /** What of a head is no whole vector, followed by zeros. */
  private FloatVector loadTail(long head) {
    long address = head + 4L * whole & ADDRESS_BITS;
    return FloatVector.fromMemorySegment(FLOAT, ALL, address, ORDER, tail);
  }

  private void storeTail(long head, FloatVector vector) {
    long address = head + 4L * whole & ADDRESS_BITS;
    vector.intoMemorySegment(ALL, address, ORDER, tail);
  }
}
