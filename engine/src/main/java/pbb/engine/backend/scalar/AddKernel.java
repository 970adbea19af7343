package pbb.engine.backend.scalar;

import pbb.engine.backend.host.Kernel;
import pbb.engine.graph.Add;

/** The sum of two tensors. */
final class AddKernel {

  private AddKernel() {}

  static Kernel forward(Add op, Operands operands) {
    Floats out = operands.floats(op.out()); // (N, C), as all
    Floats x = operands.floats(op.x());
    Floats branch = operands.floats(op.branch());
    long size = op.out().size();
    return () -> {
      for (long i = 0; i < size; i++) {
        out.set(i, x.get(i) + branch.get(i));
      }
    };
  }
}
