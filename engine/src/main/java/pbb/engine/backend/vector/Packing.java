package pbb.engine.backend.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static pbb.engine.backend.vector.Lanes.FLOAT;
import static pbb.engine.backend.vector.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Copies blocks of matrices of floats from one layout into another, so that products read memory in one direction. */
final class Packing {

  private static final int LANES = FLOAT.length();
  private static final VectorSpecies<Float> FOUR = FloatVector.SPECIES_128;
  private static final VectorShuffle<Float> LOW_HALVES = VectorShuffle.fromValues(FOUR, 0, 4, 1, 5);
  private static final VectorShuffle<Float> HIGH_HALVES = VectorShuffle.fromValues(FOUR, 2, 6, 3, 7);

  private Packing() {}

  /**
   * {@code target[i][j] = source[i][j]}; offsets and strides in bytes.
   *
   * @param rows the rows of the block
   * @param columns the columns of the block
   */
  static void copy(
      MemorySegment source,
      long sourceOffset,
      long sourceStride,
      int rows,
      int columns,
      MemorySegment target,
      long targetOffset,
      long targetStride) {
    int whole = FLOAT.loopBound(columns);
    for (int i = 0; i < rows; i++) {
      long from = sourceOffset + i * sourceStride;
      long to = targetOffset + i * targetStride;
      int j = 0;
      for (; j < whole; j += LANES) {
        FloatVector.fromMemorySegment(FLOAT, source, from + 4L * j, ORDER)
            .intoMemorySegment(target, to + 4L * j, ORDER);
      }
      for (; j < columns; j++) {
        target.set(JAVA_FLOAT, to + 4L * j, source.get(JAVA_FLOAT, from + 4L * j));
      }
    }
  }

  /**
   * {@code target[j][i] = source[i][j]}; offsets and strides in bytes. Blocks of 4 × 4 are turned in registers, in two
   * rounds of four shuffles each; what remains at the edges goes float by float.
   *
   * @param rows the rows of the source block
   * @param columns the columns of the source block
   */
  static void transpose(
      MemorySegment source,
      long sourceOffset,
      long sourceStride,
      int rows,
      int columns,
      MemorySegment target,
      long targetOffset,
      long targetStride) {
    int wholeRows = rows & -4;
    int wholeColumns = columns & -4;
    for (int i = 0; i < wholeRows; i += 4) {
      long from = sourceOffset + i * sourceStride;
      long to = targetOffset + 4L * i;
      for (int j = 0; j < wholeColumns; j += 4) {
        transpose4x4(
            source, from + 4L * j, sourceStride, target, to + j * targetStride, targetStride);
      }
      transposeSlowly(
          source,
          from + 4L * wholeColumns,
          sourceStride,
          4,
          columns - wholeColumns,
          target,
          to + wholeColumns * targetStride,
          targetStride);
    }
    transposeSlowly(
        source,
        sourceOffset + wholeRows * sourceStride,
        sourceStride,
        rows - wholeRows,
        columns,
        target,
        targetOffset + 4L * wholeRows,
        targetStride);
  }

  private static void transpose4x4(
      MemorySegment source, long from, long sourceStride, MemorySegment target, long to, long targetStride) {
    FloatVector a = FloatVector.fromMemorySegment(FOUR, source, from, ORDER);
    FloatVector b = FloatVector.fromMemorySegment(FOUR, source, from + sourceStride, ORDER);
    FloatVector c = FloatVector.fromMemorySegment(FOUR, source, from + 2 * sourceStride, ORDER);
    FloatVector d = FloatVector.fromMemorySegment(FOUR, source, from + 3 * sourceStride, ORDER);
    FloatVector acLow = a.rearrange(LOW_HALVES, c); // a0 c0 a1 c1
    FloatVector acHigh = a.rearrange(HIGH_HALVES, c); // a2 c2 a3 c3
    FloatVector bdLow = b.rearrange(LOW_HALVES, d); // b0 d0 b1 d1
    FloatVector bdHigh = b.rearrange(HIGH_HALVES, d); // b2 d2 b3 d3
    acLow.rearrange(LOW_HALVES, bdLow).intoMemorySegment(target, to, ORDER); // a0 b0 c0 d0
    acLow.rearrange(HIGH_HALVES, bdLow).intoMemorySegment(target, to + targetStride, ORDER);
    acHigh.rearrange(LOW_HALVES, bdHigh).intoMemorySegment(target, to + 2 * targetStride, ORDER);
    acHigh.rearrange(HIGH_HALVES, bdHigh).intoMemorySegment(target, to + 3 * targetStride, ORDER);
  }

  private static void transposeSlowly(
      MemorySegment source,
      long sourceOffset,
      long sourceStride,
      int rows,
      int columns,
      MemorySegment target,
      long targetOffset,
      long targetStride) {
    for (int i = 0; i < rows; i++) {
      long from = sourceOffset + i * sourceStride;
      long to = targetOffset + 4L * i;
      for (int j = 0; j < columns; j++) {
        target.set(JAVA_FLOAT, to + j * targetStride, source.get(JAVA_FLOAT, from + 4L * j));
      }
    }
  }
}
