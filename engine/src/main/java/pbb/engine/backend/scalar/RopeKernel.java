package pbb.engine.backend.scalar;

import pbb.engine.backend.host.Kernel;
import pbb.engine.graph.Rope;

/** Rotary position embedding. */
final class RopeKernel {

  private RopeKernel() {}

  static Kernel forward(Rope op, Operands operands) {
    Floats out = operands.floats(op.out()); // (N, H·D)
    Floats x = operands.floats(op.x()); // (N, H·D)
    Integers positions = operands.integers(op.positions()); // (N)
    long count = op.positions().size(); // N
    int headDim = op.headDim(); // D
    int half = headDim / 2;
    long heads = op.x().shape().get(1) / headDim; // H
    return () -> {
      for (long n = 0; n < count; n++) {
        int position = positions.get(n, op.positionLimit());
        for (int i = 0; i < half; i++) {
          double angle = position * StrictMath.pow(op.theta(), -2.0 * i / headDim);
          double cos = StrictMath.cos(angle);
          double sin = op.inverse() ? -StrictMath.sin(angle) : StrictMath.sin(angle);
          for (long h = 0; h < heads; h++) {
            long first = (n * heads + h) * headDim + i;
            long second = first + half;
            double a = x.get(first);
            double b = x.get(second);
            out.set(first, a * cos - b * sin);
            out.set(second, b * cos + a * sin);
          }
        }
      }
    };
  }
}
