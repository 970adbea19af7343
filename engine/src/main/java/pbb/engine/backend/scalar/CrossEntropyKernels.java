package pbb.engine.backend.scalar;

import pbb.engine.backend.host.Kernel;
import pbb.engine.graph.CrossEntropy;
import pbb.engine.graph.CrossEntropyGradient;

/** The weighted cross-entropy of next tokens. */
final class CrossEntropyKernels {

  private CrossEntropyKernels() {}

  static Kernel forward(CrossEntropy op, Operands operands) {
    Floats loss = operands.floats(op.loss()); // (1)
    Floats logSumExp = operands.floats(op.logSumExp()); // (N)
    Floats logits = operands.floats(op.logits()); // (N, V)
    Integers targets = operands.integers(op.targets()); // (N)
    Floats weights = operands.floats(op.weights()); // (N)
    long count = op.logits().shape().get(0); // N
    int vocabulary = op.logits().shape().get(1); // V
    return () -> {
      double total = 0;
      for (long n = 0; n < count; n++) {
        double max = Double.NEGATIVE_INFINITY;
        for (int v = 0; v < vocabulary; v++) {
          max = Math.max(max, logits.get(n * vocabulary + v));
        }
        double sum = 0;
        for (int v = 0; v < vocabulary; v++) {
          sum += StrictMath.exp(logits.get(n * vocabulary + v) - max);
        }
        double normalizer = max + StrictMath.log(sum);
        logSumExp.set(n, normalizer);
        if (weights.get(n) != 0) {
          int target = targets.get(n, vocabulary);
          total += weights.get(n) * (normalizer - logits.get(n * vocabulary + target));
        }
      }
      loss.set(0, total);
    };
  }

  static Kernel backward(CrossEntropyGradient op, Operands operands) {
    Floats dlogits = operands.floats(op.dlogits()); // (N, V)
    Floats logits = operands.floats(op.logits()); // (N, V)
    Floats logSumExp = operands.floats(op.logSumExp()); // (N)
    Integers targets = operands.integers(op.targets()); // (N)
    Floats weights = operands.floats(op.weights()); // (N)
    long count = op.logits().shape().get(0); // N
    int vocabulary = op.logits().shape().get(1); // V
    return () -> {
      for (long n = 0; n < count; n++) {
        double weight = weights.get(n);
        int target = weight == 0 ? 0 : targets.get(n, vocabulary);
        for (int v = 0; v < vocabulary; v++) {
          double probability = StrictMath.exp(logits.get(n * vocabulary + v) - logSumExp.get(n));
          double wanted = v == target ? 1 : 0;
          dlogits.set(n * vocabulary + v, weight == 0 ? 0 : weight * (probability - wanted));
        }
      }
    };
  }
}
