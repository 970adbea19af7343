package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.VectorMask;
import pbb.engine.graph.EmbeddingGradient;

/**
 * {@link EmbeddingGradient}. A block is a range of columns, for which all positions are gone
 * through in their order: no two blocks write the same element, and every sum has a fixed order.
 */
final class EmbeddingGradientKernel extends BlockKernel {

  private static final int BLOCK_COLUMNS = 64;

  private final MemorySegment dtable; // (V, C)
  private final MemorySegment gradient; // (N, C)
  private final MemorySegment tokens; // (N)
  private final boolean accumulate;
  private final int columns;
  private final int vocabulary;
  private final int n;

  EmbeddingGradientKernel(
      Workers workers,
      EmbeddingGradient op,
      MemorySegment dtable,
      MemorySegment gradient,
      MemorySegment tokens) {
    super(workers, blocks(op.table().shape().get(1), BLOCK_COLUMNS));
    this.dtable = dtable;
    this.gradient = gradient;
    this.tokens = tokens;
    this.accumulate = op.table().accumulate();
    this.columns = op.table().shape().get(1);
    this.vocabulary = op.table().shape().get(0);
    this.n = op.gradient().shape().get(0);
  }

  @Override
  public void run() {
    if (!accumulate) {
      dtable.fill((byte) 0);
    }
    super.run();
  }

  @Override
  public void run(int block, int worker) {
    int from = block * BLOCK_COLUMNS;
    int to = Math.min(columns, from + BLOCK_COLUMNS);
    VectorMask<Float> all = Lanes.FLOAT.maskAll(true);
    for (int i = 0; i < n; i++) {
      int token =
          EmbeddingKernel.checked(tokens.getAtIndex(ValueLayout.JAVA_INT, i), vocabulary, i);
      long source = (long) i * columns * 4;
      long target = (long) token * columns * 4;
      for (int c = from; c < to; c += Lanes.COUNT) {
        VectorMask<Float> mask = c <= to - Lanes.COUNT ? all : Lanes.FLOAT.indexInRange(c, to);
        VectorMath.load(dtable, target + c * 4L, mask)
            .add(VectorMath.load(gradient, source + c * 4L, mask))
            .intoMemorySegment(dtable, target + c * 4L, Lanes.ORDER, mask);
      }
    }
  }
}
