package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** {@link pbb.engine.graph.SwiGlu}: {@code out = gate · sigmoid(gate) · up}. */
final class SwiGluKernel extends ElementwiseKernel {

  private final MemorySegment out;
  private final MemorySegment gate;
  private final MemorySegment up;

  SwiGluKernel(Workers workers, MemorySegment out, MemorySegment gate, MemorySegment up) {
    super(workers, out.byteSize() / Float.BYTES);
    this.out = out;
    this.gate = gate;
    this.up = up;
  }

  @Override
  void range(long byteOffset, int count) {
    int i = 0;
    for (; i <= count - Lanes.COUNT; i += Lanes.COUNT) {
      long at = byteOffset + i * 4L;
      FloatVector z = VectorMath.load(gate, at);
      z.mul(VectorMath.sigmoid(z)).mul(VectorMath.load(up, at)).intoMemorySegment(out, at, Lanes.ORDER);
    }
    if (i < count) {
      VectorMask<Float> tail = Lanes.FLOAT.indexInRange(i, count);
      long at = byteOffset + i * 4L;
      FloatVector z = VectorMath.load(gate, at, tail);
      z.mul(VectorMath.sigmoid(z))
          .mul(VectorMath.load(up, at, tail))
          .intoMemorySegment(out, at, Lanes.ORDER, tail);
    }
  }
}
