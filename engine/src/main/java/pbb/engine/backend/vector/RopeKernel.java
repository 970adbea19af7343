package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import pbb.engine.graph.Rope;

/**
 * {@link Rope}, with cosines and sines from a table. Heads are gone through innermost, for all of
 * them turn by the same angles.
 */
final class RopeKernel extends RowKernel {

  private final MemorySegment out; // (N, H·D)
  private final MemorySegment x; // (N, H·D)
  private final MemorySegment positions; // (N)
  private final RotationTable table;
  private final float direction;
  private final int columns;
  private final int half;

  RopeKernel(
      Workers workers,
      Strips strips,
      Rope op,
      RotationTable table,
      MemorySegment out,
      MemorySegment x,
      MemorySegment positions) {
    super(workers, strips);
    this.out = out;
    this.x = x;
    this.positions = positions;
    this.table = table;
    this.direction = op.inverse() ? -1f : 1f;
    this.columns = op.x().shape().get(1);
    this.half = op.headDim() / 2;
  }

  @Override
  void rows(int first, int end, int worker) {
    long rowBytes = columns * 4L;
    long headBytes = half * 8L;
    int even = Lanes.FLOAT.loopBound(half);
    for (int n = first; n < end; n++) {
      long row = n * rowBytes;
      int position = positions.getAtIndex(ValueLayout.JAVA_INT, n);
      int angles = half * EmbeddingKernel.checked(position, table.positionLimit, n);
      long from = Memory.address(x, row, rowBytes);
      long to = Memory.address(out, row, rowBytes);
      for (int i = 0; i < even; i += Lanes.COUNT) {
        FloatVector cosine = FloatVector.fromArray(Lanes.FLOAT, table.cosines, angles + i);
        FloatVector sine =
            FloatVector.fromArray(Lanes.FLOAT, table.sines, angles + i).mul(direction);
        for (long low = i * 4L; low < rowBytes; low += headBytes) {
          long high = low + half * 4L;
          FloatVector a = Memory.load(from + low);
          FloatVector b = Memory.load(from + high);
          Memory.store(to + low, a.mul(cosine).sub(b.mul(sine)));
          Memory.store(to + high, b.mul(cosine).add(a.mul(sine)));
        }
      }
      if (even < half) {
        tail(row, angles, even);
      }
    }
  }

  /** What is left of each head of a row, less than a vector. */
  private void tail(long row, int angles, int even) {
    VectorMask<Float> mask = Lanes.FLOAT.indexInRange(even, half);
    FloatVector cosine = FloatVector.fromArray(Lanes.FLOAT, table.cosines, angles + even, mask);
    FloatVector sine =
        FloatVector.fromArray(Lanes.FLOAT, table.sines, angles + even, mask).mul(direction);
    for (int head = 0; head < columns; head += 2 * half) {
      long low = row + (head + even) * 4L;
      long high = low + half * 4L;
      FloatVector a = VectorMath.load(x, low, mask);
      FloatVector b = VectorMath.load(x, high, mask);
      a.mul(cosine).sub(b.mul(sine)).intoMemorySegment(out, low, Lanes.ORDER, mask);
      b.mul(cosine).add(a.mul(sine)).intoMemorySegment(out, high, Lanes.ORDER, mask);
    }
  }
}
