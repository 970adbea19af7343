package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.VectorMask;

/** {@link pbb.engine.graph.Add}: {@code out = x + branch}. */
final class AddKernel extends ElementwiseKernel {

  private final MemorySegment out;
  private final MemorySegment x;
  private final MemorySegment branch;

  AddKernel(
      Workers workers, Strips strips, MemorySegment out, MemorySegment x, MemorySegment branch) {
    super(workers, strips, out.byteSize() / Float.BYTES);
    this.out = out;
    this.x = x;
    this.branch = branch;
  }

  @Override
  void range(long byteOffset, int count) {
    int i = 0;
    for (; i <= count - Lanes.COUNT; i += Lanes.COUNT) {
      long at = byteOffset + i * 4L;
      VectorMath.load(x, at)
          .add(VectorMath.load(branch, at))
          .intoMemorySegment(out, at, Lanes.ORDER);
    }
    if (i < count) {
      VectorMask<Float> tail = Lanes.FLOAT.indexInRange(i, count);
      long at = byteOffset + i * 4L;
      VectorMath.load(x, at, tail)
          .add(VectorMath.load(branch, at, tail))
          .intoMemorySegment(out, at, Lanes.ORDER, tail);
    }
  }
}
