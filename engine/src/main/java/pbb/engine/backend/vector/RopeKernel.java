package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import pbb.engine.graph.Rope;

/** {@link Rope}, with cosines and sines from a table. */
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
    VectorMask<Float> all = Lanes.FLOAT.maskAll(true);
    int limit = table.positionLimit;
    float[] cosines = table.cosines;
    float[] sines = table.sines;
    for (int n = first; n < end; n++) {
      int angles =
          half * EmbeddingKernel.checked(positions.getAtIndex(ValueLayout.JAVA_INT, n), limit, n);
      long row = (long) n * columns * 4;
      for (int head = 0; head < columns; head += 2 * half) {
        for (int i = 0; i < half; i += Lanes.COUNT) {
          VectorMask<Float> mask =
              i <= half - Lanes.COUNT ? all : Lanes.FLOAT.indexInRange(i, half);
          long low = row + (head + i) * 4L;
          long high = low + half * 4L;
          FloatVector cosine = FloatVector.fromArray(Lanes.FLOAT, cosines, angles + i, mask);
          FloatVector sine =
              FloatVector.fromArray(Lanes.FLOAT, sines, angles + i, mask).mul(direction);
          FloatVector a = VectorMath.load(x, low, mask);
          FloatVector b = VectorMath.load(x, high, mask);
          a.mul(cosine).sub(b.mul(sine)).intoMemorySegment(out, low, Lanes.ORDER, mask);
          b.mul(cosine).add(a.mul(sine)).intoMemorySegment(out, high, Lanes.ORDER, mask);
        }
      }
    }
  }
}
