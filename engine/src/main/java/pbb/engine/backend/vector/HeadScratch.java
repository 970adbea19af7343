package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Room for one worker to work on one head of one row: matrices of T rows and D columns as plain
 * arrays, both padded with zeros to whole tiles, so that the products below need no edge cases. One
 * set serves all layers.
 */
final class HeadScratch {

  /** Rows of a tile. */
  static final int TILE_ROWS = 4;

  /**
   * Columns of a tile: two vectors, so that eight accumulators hide the latency of a fused
   * multiply-add.
   */
  static final int TILE_COLUMNS = 2 * Lanes.COUNT;

  /**
   * Query rows whose probabilities are kept at a time in the backward pass: a quarter of an L2
   * cache at T = 1024.
   */
  static final int STRIP_ROWS = 64;

  final int length;
  final int headDim;
  final int paddedLength;
  final int paddedDim;

  final float[] q; // (T, D), scaled
  final float[] k; // (T, D)
  final float[] v; // (T, D)
  final float[] transposedK; // (D, T)
  final float[] transposedV; // (D, T)
  final float[] gradient; // (T, D)
  final float[] probabilities; // (STRIP_ROWS, T)
  final float[] scoreGradients; // (STRIP_ROWS, T)
  final float[] dk; // (T, D)
  final float[] dv; // (T, D)
  final float[] rows; // (TILE_ROWS, D)
  final float[] lanes = new float[Lanes.COUNT]; // a vector on its way to a scalar

  HeadScratch(int length, int headDim, boolean backward) {
    this.length = length;
    this.headDim = headDim;
    this.paddedLength = roundUp(length, TILE_COLUMNS);
    this.paddedDim = roundUp(headDim, TILE_COLUMNS);
    int matrix = Math.multiplyExact(paddedLength, paddedDim);
    int strip = Math.multiplyExact(backward ? STRIP_ROWS : TILE_ROWS, paddedLength);
    int backwardMatrix = backward ? matrix : 0;
    q = new float[matrix];
    k = new float[backwardMatrix];
    v = new float[backward ? 0 : matrix];
    transposedK = new float[matrix];
    transposedV = new float[backwardMatrix];
    gradient = new float[backwardMatrix];
    probabilities = new float[strip];
    scoreGradients = new float[backward ? strip : 0];
    dk = new float[backwardMatrix];
    dv = new float[backwardMatrix];
    rows = new float[TILE_ROWS * paddedDim];
  }

  static HeadScratch[] perWorker(Workers workers, int length, int headDim, boolean backward) {
    HeadScratch[] scratch = new HeadScratch[workers.count()];
    for (int i = 0; i < scratch.length; i++) {
      scratch[i] = new HeadScratch(length, headDim, backward);
    }
    return scratch;
  }

  static int roundUp(int value, int multiple) {
    return (value + multiple - 1) / multiple * multiple;
  }

  static int roundDown(int value, int multiple) {
    return value / multiple * multiple;
  }

  /**
   * Copies one head's columns, times {@code factor}, into an array of rows.
   *
   * @param source (B·T, columns)
   * @param firstRow b·T
   * @param columns of the source
   * @param column where the head starts
   */
  void load(
      MemorySegment source, int firstRow, int columns, int column, float factor, float[] target) {
    VectorMask<Float> all = Lanes.FLOAT.maskAll(true);
    for (int t = 0; t < length; t++) {
      long from = ((long) (firstRow + t) * columns + column) * 4;
      for (int d = 0; d < headDim; d += Lanes.COUNT) {
        VectorMask<Float> mask =
            d <= headDim - Lanes.COUNT ? all : Lanes.FLOAT.indexInRange(d, headDim);
        VectorMath.load(source, from + d * 4L, mask)
            .mul(factor)
            .intoArray(target, t * paddedDim + d, mask);
      }
    }
  }

  /** As {@link #load}, with rows and columns exchanged: {@code target[d][t]}. */
  void loadTransposed(MemorySegment source, int firstRow, int columns, int column, float[] target) {
    for (int t = 0; t < length; t++) {
      long from = ((long) (firstRow + t) * columns + column) * 4;
      for (int d = 0; d < headDim; d++) {
        target[d * paddedLength + t] = source.get(ValueLayout.JAVA_FLOAT, from + d * 4L);
      }
    }
  }

  /**
   * Copies rows of an array, times {@code factor}, to one head's columns, or adds them to what is
   * there.
   */
  void store(
      float[] source,
      int sourceRow,
      int count,
      float factor,
      MemorySegment target,
      int targetRow,
      int columns,
      int column,
      boolean add) {
    VectorMask<Float> all = Lanes.FLOAT.maskAll(true);
    for (int t = 0; t < count; t++) {
      long to = ((long) (targetRow + t) * columns + column) * 4;
      int from = (sourceRow + t) * paddedDim;
      for (int d = 0; d < headDim; d += Lanes.COUNT) {
        VectorMask<Float> mask =
            d <= headDim - Lanes.COUNT ? all : Lanes.FLOAT.indexInRange(d, headDim);
        FloatVector value = FloatVector.fromArray(Lanes.FLOAT, source, from + d, mask).mul(factor);
        if (add) {
          value = value.add(VectorMath.load(target, to + d * 4L, mask));
        }
        value.intoMemorySegment(target, to + d * 4L, Lanes.ORDER, mask);
      }
    }
  }

  /**
   * The product of four rows: {@code c[r][j] (+)= Σ a[r][k] · b[k][j]} for r in 0..3, k in [kFrom,
   * kTo), j in [0, width).
   *
   * @param aRow distance between rows of a, and {@code aStep} that between its columns: exchanged,
   *     a is read transposed
   * @param bRow distance between rows of b
   * @param cRow distance between rows of c
   * @param width a multiple of {@link #TILE_COLUMNS}
   */
  static void product(
      float[] a,
      int aFrom,
      int aRow,
      int aStep,
      float[] b,
      int bFrom,
      int bRow,
      int kFrom,
      int kTo,
      float[] c,
      int cFrom,
      int cRow,
      int width,
      boolean add) {
    for (int j = 0; j < width; j += TILE_COLUMNS) {
      int c0 = cFrom + j;
      int c1 = c0 + cRow;
      int c2 = c1 + cRow;
      int c3 = c2 + cRow;
      FloatVector sum00 = FloatVector.zero(Lanes.FLOAT);
      FloatVector sum01 = sum00;
      FloatVector sum10 = sum00;
      FloatVector sum11 = sum00;
      FloatVector sum20 = sum00;
      FloatVector sum21 = sum00;
      FloatVector sum30 = sum00;
      FloatVector sum31 = sum00;
      if (add) {
        sum00 = FloatVector.fromArray(Lanes.FLOAT, c, c0);
        sum01 = FloatVector.fromArray(Lanes.FLOAT, c, c0 + Lanes.COUNT);
        sum10 = FloatVector.fromArray(Lanes.FLOAT, c, c1);
        sum11 = FloatVector.fromArray(Lanes.FLOAT, c, c1 + Lanes.COUNT);
        sum20 = FloatVector.fromArray(Lanes.FLOAT, c, c2);
        sum21 = FloatVector.fromArray(Lanes.FLOAT, c, c2 + Lanes.COUNT);
        sum30 = FloatVector.fromArray(Lanes.FLOAT, c, c3);
        sum31 = FloatVector.fromArray(Lanes.FLOAT, c, c3 + Lanes.COUNT);
      }
      for (int k = kFrom; k < kTo; k++) {
        int bAt = bFrom + k * bRow + j;
        int aAt = aFrom + k * aStep;
        FloatVector b0 = FloatVector.fromArray(Lanes.FLOAT, b, bAt);
        FloatVector b1 = FloatVector.fromArray(Lanes.FLOAT, b, bAt + Lanes.COUNT);
        FloatVector a0 = FloatVector.broadcast(Lanes.FLOAT, a[aAt]);
        sum00 = a0.fma(b0, sum00);
        sum01 = a0.fma(b1, sum01);
        FloatVector a1 = FloatVector.broadcast(Lanes.FLOAT, a[aAt + aRow]);
        sum10 = a1.fma(b0, sum10);
        sum11 = a1.fma(b1, sum11);
        FloatVector a2 = FloatVector.broadcast(Lanes.FLOAT, a[aAt + 2 * aRow]);
        sum20 = a2.fma(b0, sum20);
        sum21 = a2.fma(b1, sum21);
        FloatVector a3 = FloatVector.broadcast(Lanes.FLOAT, a[aAt + 3 * aRow]);
        sum30 = a3.fma(b0, sum30);
        sum31 = a3.fma(b1, sum31);
      }
      sum00.intoArray(c, c0);
      sum01.intoArray(c, c0 + Lanes.COUNT);
      sum10.intoArray(c, c1);
      sum11.intoArray(c, c1 + Lanes.COUNT);
      sum20.intoArray(c, c2);
      sum21.intoArray(c, c2 + Lanes.COUNT);
      sum30.intoArray(c, c3);
      sum31.intoArray(c, c3 + Lanes.COUNT);
    }
  }
}
