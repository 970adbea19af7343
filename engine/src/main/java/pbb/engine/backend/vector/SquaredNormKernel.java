package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * {@link pbb.engine.graph.SquaredNorm}: a partial sum a block, and the partial sums added in the
 * order of the blocks.
 */
final class SquaredNormKernel extends BlockKernel {

  private final MemorySegment out;
  private final int index;
  private final MemorySegment x;
  private final long elements;
  private final double[] partial;

  SquaredNormKernel(Workers workers, MemorySegment out, int index, MemorySegment x) {
    super(workers, blocks(x.byteSize() / Float.BYTES, BLOCK_ELEMENTS));
    this.out = out;
    this.index = index;
    this.x = x;
    this.elements = x.byteSize() / Float.BYTES;
    this.partial = new double[blocks];
  }

  @Override
  public void run() {
    super.run();
    double sum = 0;
    for (double term : partial) {
      sum += term;
    }
    out.setAtIndex(ValueLayout.JAVA_FLOAT, index, (float) sum);
  }

  @Override
  public void run(int block, int worker) {
    long from = (long) block * BLOCK_ELEMENTS;
    int count = (int) Math.min(BLOCK_ELEMENTS, elements - from);
    FloatVector first = FloatVector.zero(Lanes.FLOAT);
    FloatVector second = FloatVector.zero(Lanes.FLOAT);
    int i = 0;
    for (; i <= count - 2 * Lanes.COUNT; i += 2 * Lanes.COUNT) {
      FloatVector a = VectorMath.load(x, (from + i) * 4);
      FloatVector b = VectorMath.load(x, (from + i + Lanes.COUNT) * 4);
      first = a.fma(a, first);
      second = b.fma(b, second);
    }
    for (; i < count; i += Lanes.COUNT) {
      VectorMask<Float> mask = Lanes.FLOAT.indexInRange(i, count);
      FloatVector a = VectorMath.load(x, (from + i) * 4, mask);
      first = a.fma(a, first);
    }
    partial[block] = VectorMath.sum(first.add(second));
  }
}
