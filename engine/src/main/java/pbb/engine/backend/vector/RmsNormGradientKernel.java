package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import pbb.engine.graph.RmsNormGradient;

/**
 * {@link RmsNormGradient}. The gradient by the weight sums over all runs: each block of runs sums
 * its own, and the blocks' sums are added in their order.
 */
final class RmsNormGradientKernel extends BlockKernel {

  private static final int BLOCK_RUNS = RmsNormKernel.BLOCK_RUNS;

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
  private final int runs;
  private final float[] partial; // (blocks, padded)
  private final VectorMask<Float> tail;

  RmsNormGradientKernel(
      Workers workers,
      RmsNormGradient op,
      MemorySegment dx,
      MemorySegment dweight,
      MemorySegment gradient,
      MemorySegment x,
      MemorySegment inverseRms,
      MemorySegment weight) {
    super(workers, blocks(op.inverseRms().size(), BLOCK_RUNS));
    this.dx = dx;
    this.dweight = dweight;
    this.gradient = gradient;
    this.x = x;
    this.inverseRms = inverseRms;
    this.weight = weight;
    this.addToX = op.dx().accumulate();
    this.addToWeight = op.dweight().accumulate();
    this.d = (int) op.weight().size();
    this.padded = blocks(d, Lanes.COUNT) * Lanes.COUNT;
    this.runs = (int) op.inverseRms().size();
    this.partial = new float[Math.multiplyExact(blocks, padded)];
    this.tail = Lanes.FLOAT.indexInRange(d - d % Lanes.COUNT, d);
  }

  @Override
  public void run() {
    super.run();
    for (int i = 0; i < d; i += Lanes.COUNT) {
      VectorMask<Float> mask = Lanes.FLOAT.indexInRange(i, d);
      FloatVector sum =
          addToWeight ? VectorMath.load(dweight, i * 4L, mask) : FloatVector.zero(Lanes.FLOAT);
      for (int block = 0; block < blocks; block++) {
        sum = sum.add(FloatVector.fromArray(Lanes.FLOAT, partial, block * padded + i));
      }
      sum.intoMemorySegment(dweight, i * 4L, Lanes.ORDER, mask);
    }
  }

  @Override
  public void run(int block, int worker) {
    int base = block * padded;
    Arrays.fill(partial, base, base + padded, 0f);
    int end = Math.min(runs, (block + 1) * BLOCK_RUNS);
    for (int r = block * BLOCK_RUNS; r < end; r++) {
      float inverse = inverseRms.getAtIndex(ValueLayout.JAVA_FLOAT, r);
      long row = (long) r * d * 4;
      toInput(row, inverse, dotAndWeight(row, inverse, base) * inverse * inverse / d);
    }
  }

  /** Adds the run's part of the gradient by the weight, and returns Σ g·w·x. */
  private float dotAndWeight(long row, float inverse, int base) {
    int even = d - d % Lanes.COUNT;
    FloatVector dot = FloatVector.zero(Lanes.FLOAT);
    for (int i = 0; i < even; i += Lanes.COUNT) {
      FloatVector gx =
          VectorMath.load(gradient, row + i * 4L).mul(VectorMath.load(x, row + i * 4L));
      dot = gx.fma(VectorMath.load(weight, i * 4L), dot);
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
    for (int i = 0; i < even; i += Lanes.COUNT) {
      long at = row + i * 4L;
      FloatVector gw = VectorMath.load(gradient, at).mul(VectorMath.load(weight, i * 4L));
      FloatVector result = gw.sub(VectorMath.load(x, at).mul(pull)).mul(inverse);
      if (addToX) {
        result = result.add(VectorMath.load(dx, at));
      }
      result.intoMemorySegment(dx, at, Lanes.ORDER);
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
