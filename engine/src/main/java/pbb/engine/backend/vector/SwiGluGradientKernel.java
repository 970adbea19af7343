package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import pbb.engine.graph.SwiGluGradient;

/**
 * {@link SwiGluGradient}, both gradients in one pass over gate and up. With addresses as in {@link
 * SwiGluKernel} it was slower.
 */
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
      Strips strips,
      SwiGluGradient op,
      MemorySegment dgate,
      MemorySegment dup,
      MemorySegment gradient,
      MemorySegment gate,
      MemorySegment up) {
    super(workers, strips, gate.byteSize() / Float.BYTES);
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
    int i = 0;
    for (; i <= count - Lanes.COUNT; i += Lanes.COUNT) {
      long at = byteOffset + i * 4L;
      FloatVector g = VectorMath.load(gradient, at);
      FloatVector z = VectorMath.load(gate, at);
      FloatVector s = VectorMath.sigmoid(z);
      FloatVector zs = z.mul(s);
      // s · (1 + z · (1 − s)) = s + z·s − z·s·s
      FloatVector slope = zs.neg().fma(s, s.add(zs));
      FloatVector toGate = g.mul(VectorMath.load(up, at)).mul(slope);
      FloatVector toUp = g.mul(zs);
      if (addToGate) {
        toGate = toGate.add(VectorMath.load(dgate, at));
      }
      if (addToUp) {
        toUp = toUp.add(VectorMath.load(dup, at));
      }
      toGate.intoMemorySegment(dgate, at, Lanes.ORDER);
      toUp.intoMemorySegment(dup, at, Lanes.ORDER);
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
    FloatVector g = VectorMath.load(gradient, at, mask);
    FloatVector z = VectorMath.load(gate, at, mask);
    FloatVector s = VectorMath.sigmoid(z);
    FloatVector zs = z.mul(s);
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
