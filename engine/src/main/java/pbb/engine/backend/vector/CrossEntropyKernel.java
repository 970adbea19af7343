package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import pbb.engine.graph.CrossEntropy;

/**
 * {@link CrossEntropy}: a maximum and a sum of exponentials a row; the rows' losses are added in
 * their order.
 */
final class CrossEntropyKernel extends RowKernel {

  private final MemorySegment loss; // (1)
  private final MemorySegment logSumExp; // (N)
  private final MemorySegment logits; // (N, V)
  private final MemorySegment targets; // (N)
  private final MemorySegment weights; // (N)
  private final int vocabulary;
  private final double[] rowLoss;
  private final VectorMask<Float> tail;

  CrossEntropyKernel(
      Workers workers,
      Strips strips,
      CrossEntropy op,
      MemorySegment loss,
      MemorySegment logSumExp,
      MemorySegment logits,
      MemorySegment targets,
      MemorySegment weights) {
    super(workers, strips);
    this.loss = loss;
    this.logSumExp = logSumExp;
    this.logits = logits;
    this.targets = targets;
    this.weights = weights;
    this.vocabulary = op.logits().shape().get(1);
    this.rowLoss = new double[strips.rows()];
    this.tail = Lanes.FLOAT.indexInRange(vocabulary - vocabulary % Lanes.COUNT, vocabulary);
  }

  @Override
  void finish() {
    double sum = 0;
    for (double term : rowLoss) {
      sum += term;
    }
    loss.setAtIndex(ValueLayout.JAVA_FLOAT, 0, (float) sum);
  }

  @Override
  void rows(int first, int end, int worker) {
    for (int n = first; n < end; n++) {
      long row = (long) n * vocabulary * 4;
      float max = greatest(row);
      float logarithm = (float) (max + StrictMath.log(sumOfExponentials(row, max)));
      logSumExp.setAtIndex(ValueLayout.JAVA_FLOAT, n, logarithm);
      float weight = weights.getAtIndex(ValueLayout.JAVA_FLOAT, n);
      rowLoss[n] = 0;
      if (weight != 0) {
        int target =
            EmbeddingKernel.checked(targets.getAtIndex(ValueLayout.JAVA_INT, n), vocabulary, n);
        float logit = logits.getAtIndex(ValueLayout.JAVA_FLOAT, (long) n * vocabulary + target);
        rowLoss[n] = weight * ((double) logarithm - logit);
      }
    }
  }

  private float greatest(long row) {
    int even = vocabulary - vocabulary % Lanes.COUNT;
    FloatVector lowest = FloatVector.broadcast(Lanes.FLOAT, Float.NEGATIVE_INFINITY);
    FloatVector greatest = lowest;
    for (int v = 0; v < even; v += Lanes.COUNT) {
      greatest = greatest.max(VectorMath.load(logits, row + v * 4L));
    }
    if (even < vocabulary) {
      greatest = greatest.max(lowest.blend(VectorMath.load(logits, row + even * 4L, tail), tail));
    }
    return VectorMath.max(greatest);
  }

  private float sumOfExponentials(long row, float max) {
    int even = vocabulary - vocabulary % Lanes.COUNT;
    FloatVector sum = FloatVector.zero(Lanes.FLOAT);
    for (int v = 0; v < even; v += Lanes.COUNT) {
      sum = sum.add(VectorMath.exp(VectorMath.load(logits, row + v * 4L).sub(max)));
    }
    if (even < vocabulary) {
      sum = sum.add(VectorMath.exp(VectorMath.load(logits, row + even * 4L, tail).sub(max)), tail);
    }
    return VectorMath.sum(sum);
  }
}
