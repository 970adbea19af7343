package pbb.engine.backend.scalar;

import pbb.engine.backend.host.Kernel;
import pbb.engine.graph.SwiGlu;
import pbb.engine.graph.SwiGluGradient;

/** The gated unit. */
final class SwiGluKernels {

  private SwiGluKernels() {}

  private static double sigmoid(double z) {
    return 1 / (1 + StrictMath.exp(-z));
  }

  static Kernel forward(SwiGlu op, Operands operands) {
    Floats out = operands.floats(op.out()); // (N, F), as all
    Floats gate = operands.floats(op.gate());
    Floats up = operands.floats(op.up());
    long size = op.out().size();
    return () -> {
      for (long i = 0; i < size; i++) {
        double z = gate.get(i);
        out.set(i, z * sigmoid(z) * up.get(i));
      }
    };
  }

  static Kernel backward(SwiGluGradient op, Operands operands) {
    Target dgate = operands.target(op.dgate()); // (N, F), as all
    Target dup = operands.target(op.dup());
    Floats gradient = operands.floats(op.gradient());
    Floats gate = operands.floats(op.gate());
    Floats up = operands.floats(op.up());
    long size = op.gate().size();
    return () -> {
      for (long i = 0; i < size; i++) {
        double z = gate.get(i);
        double s = sigmoid(z);
        double g = gradient.get(i);
        dgate.put(i, g * up.get(i) * s * (1 + z * (1 - s)));
        dup.put(i, g * z * s);
      }
    };
  }
}
