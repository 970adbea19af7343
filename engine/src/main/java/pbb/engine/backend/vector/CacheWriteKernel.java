package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import pbb.engine.graph.CacheWrite;

/** {@link CacheWrite}: one copy a position. */
final class CacheWriteKernel extends RowKernel {

  private final CacheWrite op;
  private final MemorySegment cache; // (B, S, W)
  private final MemorySegment x; // (B·T, W)
  private final MemorySegment positions; // (B, T)

  CacheWriteKernel(
      Workers workers,
      Strips strips,
      CacheWrite op,
      MemorySegment cache,
      MemorySegment x,
      MemorySegment positions) {
    super(workers, strips);
    this.op = op;
    this.cache = cache;
    this.x = x;
    this.positions = positions;
  }

  @Override
  void rows(int first, int end, int worker) {
    int length = op.positions().shape().get(1);
    int capacity = op.cache().shape().get(1);
    long width = op.cache().shape().get(2) * 4L;
    for (int row = first; row < end; row++) {
      int position =
          EmbeddingKernel.checked(positions.getAtIndex(ValueLayout.JAVA_INT, row), capacity, row);
      long target = ((long) (row / length) * capacity + position) * width;
      MemorySegment.copy(x, row * width, cache, target, width);
    }
  }
}
