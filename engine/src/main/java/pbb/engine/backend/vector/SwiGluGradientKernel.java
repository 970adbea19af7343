package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import pbb.engine.graph.SwiGluGradient;

/** {@link SwiGluGradient}, both gradients in one pass over gate and up. */
final class SwiGluGradientKernel extends ElementwiseKernel {

  private final MemorySegment dgate;
  private final MemorySegment dup;
  private final MemorySegment gradient;
  private final MemorySegment gate;
  private final MemorySegment up;
  private final boolean addToGate;
  private final boolean addToUp;

  SwiGluGradientKernel(
      Workers workers,
      SwiGluGradient op,
      MemorySegment dgate,
      MemorySegment dup,
      MemorySegment gradient,
      MemorySegment gate,
      MemorySegment up) {
    super(workers, gate.byteSize() / Float.BYTES);
    this.dgate = dgate;
    this.dup = dup;
    this.gradient = gradient;
    this.gate = gate;
    this.up = up;
    this.addToGate = op.dgate().accumulate();
    this.addToUp = op.dup().accumulate();
  }

  @Override
  void range(long byteOffset, int count) {
    VectorMask<Float> all = Lanes.FLOAT.maskAll(true);
    for (int i = 0; i < count; i += Lanes.COUNT) {
      VectorMask<Float> mask = i <= count - Lanes.COUNT ? all : Lanes.FLOAT.indexInRange(i, count);
      long at = byteOffset + i * 4L;
      FloatVector g = VectorMath.load(gradient, at, mask);
      FloatVector z = VectorMath.load(gate, at, mask);
      FloatVector s = VectorMath.sigmoid(z);
      FloatVector zs = z.mul(s);
      // s · (1 + z · (1 − s)) = s + z·s − z·s·s
      FloatVector slope = zs.neg().fma(s, s.add(zs));
      FloatVector toGate = g.mul(VectorMath.load(up, at, mask)).mul(slope);
      FloatVector toUp = g.mul(zs);
      if (addToGate) {
        toGate = toGate.add(VectorMath.load(dgate, at, mask));
      }
      if (addToUp) {
        toUp = toUp.add(VectorMath.load(dup, at, mask));
      }
      toGate.intoMemorySegment(dgate, at, Lanes.ORDER, mask);
      toUp.intoMemorySegment(dup, at, Lanes.ORDER, mask);
    }
  }
}
