package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** {@link pbb.engine.graph.SwiGlu}: {@code out = gate · sigmoid(gate) · up}. */
final class SwiGluKernel extends ElementwiseKernel {

  private final MemorySegment out;
  private final MemorySegment gate;
  private final MemorySegment up;

  SwiGluKernel(
      Workers workers, Strips strips, MemorySegment out, MemorySegment gate, MemorySegment up) {
    super(workers, strips, out.byteSize() / Float.BYTES);
    this.out = out;
    this.gate = gate;
    this.up = up;
  }

  @Override
  void range(long byteOffset, int count) {
    long bytes = 4L * count;
    long to = Memory.address(out, byteOffset, bytes);
    long gates = Memory.address(gate, byteOffset, bytes);
    long ups = Memory.address(up, byteOffset, bytes);
    int i = 0;
    for (; i <= count - Lanes.COUNT; i += Lanes.COUNT) {
      FloatVector z = Memory.load(gates + 4L * i);
      Memory.store(to + 4L * i, z.mul(VectorMath.sigmoid(z)).mul(Memory.load(ups + 4L * i)));
    }
    if (i < count) {
      tail(byteOffset + i * 4L, count - i);
    }
  }

  /**
   * Apart, so that the loop's code stays small enough for the compiler to keep its vectors in
   * registers.
   */
  private void tail(long at, int count) {
    VectorMask<Float> mask = Lanes.FLOAT.indexInRange(0, count);
    FloatVector z = VectorMath.load(gate, at, mask);
    z.mul(VectorMath.sigmoid(z))
        .mul(VectorMath.load(up, at, mask))
        .intoMemorySegment(out, at, Lanes.ORDER, mask);
  }
}
