package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import pbb.engine.graph.RmsNormGradient;

/**
 * {@link RmsNormGradient}. The gradient by the weight sums over all runs: each {@linkplain
 * Strips#unit unit} of rows has a sum, and these are added in their order; {@link Strips.Cut#of}
 * therefore knows this op.
 */
final class RmsNormGradientKernel extends RowKernel {

  private final MemorySegment dx;
  private final MemorySegment dweight;
  private final MemorySegment gradient;
  private final MemorySegment x;
  private final MemorySegment inverseRms;
  private final MemorySegment weight;
  private final boolean addToX;
  private final boolean addToWeight;
  private final int d;
  private final int padded;
  private final int runsPerRow;
  private final float[] partial; // (units, padded)
  private final VectorMask<Float> tail;

  RmsNormGradientKernel(
      Workers workers,
      Strips strips,
      RmsNormGradient op,
      MemorySegment dx,
      MemorySegment dweight,
      MemorySegment gradient,
      MemorySegment x,
      MemorySegment inverseRms,
      MemorySegment weight) {
    super(workers, strips);
    this.dx = dx;
    this.dweight = dweight;
    this.gradient = gradient;
    this.x = x;
    this.inverseRms = inverseRms;
    this.weight = weight;
    this.addToX = op.dx().accumulate();
    this.addToWeight = op.dweight().accumulate();
    this.d = (int) op.weight().size();
    this.padded = Math.ceilDiv(d, Lanes.COUNT) * Lanes.COUNT;
    this.runsPerRow = (int) (op.inverseRms().size() / strips.rows());
    this.partial = new float[Math.multiplyExact(strips.units(), padded)];
    this.tail = Lanes.FLOAT.indexInRange(d - d % Lanes.COUNT, d);
  }

  /** By single floats: what runs once a step is compiled late, and until then boxes vectors. */
  @Override
  void finish() {
    if (!addToWeight) {
      dweight.fill((byte) 0);
    }
    for (int unit = 0; unit < strips.units(); unit++) {
      for (int i = 0; i < d; i++) {
        float sum = dweight.getAtIndex(ValueLayout.JAVA_FLOAT, i) + partial[unit * padded + i];
        dweight.setAtIndex(ValueLayout.JAVA_FLOAT, i, sum);
      }
    }
  }

  @Override
  void rows(int first, int end, int worker) {
    for (int unit = first / strips.unit(); unit * strips.unit() < end; unit++) {
      sumUnit(unit, Math.min(end, (unit + 1) * strips.unit()));
    }
  }

  /** The unit's rows up to {@code end}: all of them, since strips end where units do. */
  private void sumUnit(int unit, int end) {
    int base = unit * padded;
    Arrays.fill(partial, base, base + padded, 0f);
    for (int r = unit * strips.unit() * runsPerRow; r < end * runsPerRow; r++) {
      float inverse = inverseRms.getAtIndex(ValueLayout.JAVA_FLOAT, r);
      long row = (long) r * d * 4;
      float dot = dotAndWeight(row, inverse, base);
      toInput(row, inverse, dot * inverse * inverse / d);
    }
  }

  /** Adds the run's part of the gradient by the weight, and returns Σ g·w·x. */
  private float dotAndWeight(long row, float inverse, int base) {
    int even = d - d % Lanes.COUNT;
    long gradients = Memory.address(gradient, row, d * 4L);
    long inputs = Memory.address(x, row, d * 4L);
    long scales = Memory.address(weight, 0, d * 4L);
    FloatVector dot = FloatVector.zero(Lanes.FLOAT);
    for (int i = 0; i < even; i += Lanes.COUNT) {
      FloatVector gx = Memory.load(gradients + i * 4L).mul(Memory.load(inputs + i * 4L));
      dot = gx.fma(Memory.load(scales + i * 4L), dot);
      FloatVector sum = FloatVector.fromArray(Lanes.FLOAT, partial, base + i);
      gx.fma(FloatVector.broadcast(Lanes.FLOAT, inverse), sum).intoArray(partial, base + i);
    }
    if (even < d) {
      FloatVector gx =
          VectorMath.load(gradient, row + even * 4L, tail)
              .mul(VectorMath.load(x, row + even * 4L, tail));
      dot = gx.fma(VectorMath.load(weight, even * 4L, tail), dot);
      FloatVector sum = FloatVector.fromArray(Lanes.FLOAT, partial, base + even);
      gx.fma(FloatVector.broadcast(Lanes.FLOAT, inverse), sum).intoArray(partial, base + even);
    }
    return VectorMath.sum(dot);
  }

  private void toInput(long row, float inverse, float pull) {
    int even = d - d % Lanes.COUNT;
    long gradients = Memory.address(gradient, row, d * 4L);
    long inputs = Memory.address(x, row, d * 4L);
    long scales = Memory.address(weight, 0, d * 4L);
    long target = Memory.address(dx, row, d * 4L);
    for (int i = 0; i < even; i += Lanes.COUNT) {
      FloatVector gw = Memory.load(gradients + i * 4L).mul(Memory.load(scales + i * 4L));
      FloatVector result = gw.sub(Memory.load(inputs + i * 4L).mul(pull)).mul(inverse);
      if (addToX) {
        result = result.add(Memory.load(target + i * 4L));
      }
      Memory.store(target + i * 4L, result);
    }
    if (even < d) {
      long at = row + even * 4L;
      FloatVector gw =
          VectorMath.load(gradient, at, tail).mul(VectorMath.load(weight, even * 4L, tail));
      FloatVector result = gw.sub(VectorMath.load(x, at, tail).mul(pull)).mul(inverse);
      if (addToX) {
        result = result.add(VectorMath.load(dx, at, tail));
      }
      result.intoMemorySegment(dx, at, Lanes.ORDER, tail);
    }
  }
}
