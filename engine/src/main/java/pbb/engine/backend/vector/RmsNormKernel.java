package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import pbb.engine.graph.RmsNorm;

/** {@link RmsNorm}: each run of D elements is read twice, the second time from the L1 cache. */
final class RmsNormKernel extends RowKernel {

  private final MemorySegment out;
  private final MemorySegment inverseRms;
  private final MemorySegment x;
  private final MemorySegment weight;
  private final double epsilon;
  private final int d;
  private final int runsPerRow;

  RmsNormKernel(
      Workers workers,
      Strips strips,
      RmsNorm op,
      MemorySegment out,
      MemorySegment inverseRms,
      MemorySegment x,
      MemorySegment weight) {
    super(workers, strips);
    this.out = out;
    this.inverseRms = inverseRms;
    this.x = x;
    this.weight = weight;
    this.epsilon = op.epsilon();
    this.d = (int) op.weight().size();
    this.runsPerRow = (int) (op.inverseRms().size() / strips.rows());
  }

  @Override
  void rows(int first, int end, int worker) {
    int even = d - d % Lanes.COUNT;
    VectorMask<Float> tail = Lanes.FLOAT.indexInRange(even, d);
    long scale = Memory.address(weight, 0, d * 4L);
    for (int r = first * runsPerRow; r < end * runsPerRow; r++) {
      long row = (long) r * d * 4;
      long from = Memory.address(x, row, d * 4L);
      long to = Memory.address(out, row, d * 4L);
      FloatVector squares = FloatVector.zero(Lanes.FLOAT);
      for (int i = 0; i < even; i += Lanes.COUNT) {
        FloatVector v = Memory.load(from + i * 4L);
        squares = v.fma(v, squares);
      }
      if (even < d) {
        FloatVector v = VectorMath.load(x, row + even * 4L, tail);
        squares = v.fma(v, squares);
      }
      float inverse = (float) (1 / Math.sqrt(VectorMath.sum(squares) / (double) d + epsilon));
      inverseRms.setAtIndex(ValueLayout.JAVA_FLOAT, r, inverse);
      for (int i = 0; i < even; i += Lanes.COUNT) {
        Memory.store(
            to + i * 4L, Memory.load(from + i * 4L).mul(inverse).mul(Memory.load(scale + i * 4L)));
      }
      if (even < d) {
        VectorMath.load(x, row + even * 4L, tail)
            .mul(inverse)
            .mul(VectorMath.load(weight, even * 4L, tail))
            .intoMemorySegment(out, row + even * 4L, Lanes.ORDER, tail);
      }
    }
  }
}
