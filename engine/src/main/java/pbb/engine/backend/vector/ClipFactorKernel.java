package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import pbb.engine.backend.host.Kernel;

/** {@link pbb.engine.graph.ClipFactor}: a handful of numbers, added in their order. */
record ClipFactorKernel(MemorySegment out, MemorySegment squaredNorms, double maxNorm)
    implements Kernel {

  @Override
  public void run() {
    double sum = 0;
    for (long i = 0; i < squaredNorms.byteSize() / Float.BYTES; i++) {
      sum += squaredNorms.getAtIndex(ValueLayout.JAVA_FLOAT, i);
    }
    double norm = Math.sqrt(sum);
    out.setAtIndex(ValueLayout.JAVA_FLOAT, 0, (float) norm);
    out.setAtIndex(ValueLayout.JAVA_FLOAT, 1, (float) Math.min(1, maxNorm / (norm + 1e-6)));
  }
}
