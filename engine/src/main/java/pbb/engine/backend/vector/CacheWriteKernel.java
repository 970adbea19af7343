package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import pbb.engine.backend.host.Kernel;
import pbb.engine.graph.CacheWrite;

/** {@link CacheWrite}: one copy a position. */
record CacheWriteKernel(
    CacheWrite op, MemorySegment cache, MemorySegment x, MemorySegment positions)
    implements Kernel {

  @Override
  public void run() {
    int batch = op.positions().shape().get(0);
    int length = op.positions().shape().get(1);
    int capacity = op.cache().shape().get(1);
    long width = op.cache().shape().get(2) * 4L;
    for (int b = 0; b < batch; b++) {
      for (int t = 0; t < length; t++) {
        int row = b * length + t;
        int position =
            EmbeddingKernel.checked(positions.getAtIndex(ValueLayout.JAVA_INT, row), capacity, row);
        MemorySegment.copy(x, row * width, cache, ((long) b * capacity + position) * width, width);
      }
    }
  }
}
