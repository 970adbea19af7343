package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
    int even = to - (to - from) % Lanes.COUNT;
    long bytes = (to - from) * 4L;
    for (int i = 0; i < n; i++) {
      int token =
          EmbeddingKernel.checked(tokens.getAtIndex(ValueLayout.JAVA_INT, i), vocabulary, i);
      long source = Memory.address(gradient, ((long) i * columns + from) * 4, bytes);
      long target = Memory.address(dtable, ((long) token * columns + from) * 4, bytes);
      for (long at = 0; at < (even - from) * 4L; at += Lanes.COUNT * 4L) {
        Memory.store(target + at, Memory.load(target + at).add(Memory.load(source + at)));
      }
      for (long at = (even - from) * 4L; at < bytes; at += 4) {
        Memory.set(target + at, Memory.get(target + at) + Memory.get(source + at));
      }
    }
  }
}
