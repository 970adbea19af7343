package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import pbb.engine.graph.RmsNormGradient;

/**
 * {@link RmsNormGradient}. The gradient by the weight sums over all runs: each block of runs sums its own, and the blocks'
 * sums are added in their order.
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
    VectorMask<Float> all = Lanes.FLOAT.maskAll(true);
    for (int r = block * BLOCK_RUNS; r < end; r++) {
      long row = (long) r * d * 4;
      float inverse = inverseRms.getAtIndex(ValueLayout.JAVA_FLOAT, r);
      FloatVector dot = FloatVector.zero(Lanes.FLOAT);
      for (int i = 0; i < d; i += Lanes.COUNT) {
        VectorMask<Float> mask = i <= d - Lanes.COUNT ? all : Lanes.FLOAT.indexInRange(i, d);
        FloatVector gx = VectorMath.load(gradient, row + i * 4L, mask).mul(VectorMath.load(x, row + i * 4L, mask));
        dot = gx.fma(VectorMath.load(weight, i * 4L, mask), dot);
        FloatVector sum = FloatVector.fromArray(Lanes.FLOAT, partial, base + i);
        gx.fma(FloatVector.broadcast(Lanes.FLOAT, inverse), sum).intoArray(partial, base + i);
      }
      float pull = VectorMath.sum(dot) * inverse * inverse / d;
      for (int i = 0; i < d; i += Lanes.COUNT) {
        VectorMask<Float> mask = i <= d - Lanes.COUNT ? all : Lanes.FLOAT.indexInRange(i, d);
        FloatVector gw = VectorMath.load(gradient, row + i * 4L, mask).mul(VectorMath.load(weight, i * 4L, mask));
        FloatVector result = gw.sub(VectorMath.load(x, row + i * 4L, mask).mul(pull)).mul(inverse);
        if (addToX) {
          result = result.add(VectorMath.load(dx, row + i * 4L, mask));
        }
        result.intoMemorySegment(dx, row + i * 4L, Lanes.ORDER, mask);
      }
    }
  }
}
