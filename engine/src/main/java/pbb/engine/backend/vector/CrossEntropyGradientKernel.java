package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.VectorMask;
import pbb.engine.graph.CrossEntropyGradient;

/**
 * {@link CrossEntropyGradient}: probabilities from the kept logSumExp, and 1 taken off at the
 * target.
 */
final class CrossEntropyGradientKernel extends RowKernel {

  private final MemorySegment dlogits; // (N, V)
  private final MemorySegment logits; // (N, V)
  private final MemorySegment logSumExp; // (N)
  private final MemorySegment targets; // (N)
  private final MemorySegment weights; // (N)
  private final int vocabulary;
  private final VectorMask<Float> tail;

  CrossEntropyGradientKernel(
      Workers workers,
      Strips strips,
      CrossEntropyGradient op,
      MemorySegment dlogits,
      MemorySegment logits,
      MemorySegment logSumExp,
      MemorySegment targets,
      MemorySegment weights) {
    super(workers, strips);
    this.dlogits = dlogits;
    this.logits = logits;
    this.logSumExp = logSumExp;
    this.targets = targets;
    this.weights = weights;
    this.vocabulary = op.logits().shape().get(1);
    this.tail = Lanes.FLOAT.indexInRange(vocabulary - vocabulary % Lanes.COUNT, vocabulary);
  }

  @Override
  void rows(int first, int end, int worker) {
    for (int n = first; n < end; n++) {
      long row = (long) n * vocabulary * 4;
      float weight = weights.getAtIndex(ValueLayout.JAVA_FLOAT, n);
      if (weight == 0) {
        dlogits.asSlice(row, vocabulary * 4L).fill((byte) 0);
        continue;
      }
      float logarithm = logSumExp.getAtIndex(ValueLayout.JAVA_FLOAT, n);
      probabilities(row, logarithm, weight);
      int target =
          EmbeddingKernel.checked(targets.getAtIndex(ValueLayout.JAVA_INT, n), vocabulary, n);
      long at = (long) n * vocabulary + target;
      dlogits.setAtIndex(
          ValueLayout.JAVA_FLOAT, at, dlogits.getAtIndex(ValueLayout.JAVA_FLOAT, at) - weight);
    }
  }

  private void probabilities(long row, float logarithm, float weight) {
    int even = vocabulary - vocabulary % Lanes.COUNT;
    for (int v = 0; v < even; v += Lanes.COUNT) {
      VectorMath.exp(VectorMath.load(logits, row + v * 4L).sub(logarithm))
          .mul(weight)
          .intoMemorySegment(dlogits, row + v * 4L, Lanes.ORDER);
    }
    if (even < vocabulary) {
      VectorMath.exp(VectorMath.load(logits, row + even * 4L, tail).sub(logarithm))
          .mul(weight)
          .intoMemorySegment(dlogits, row + even * 4L, Lanes.ORDER, tail);
    }
  }
}
