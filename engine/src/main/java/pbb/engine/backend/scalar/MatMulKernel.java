package pbb.engine.backend.scalar;

import pbb.engine.backend.host.Kernel;
import pbb.engine.graph.MatMul;

/** The matrix product. */
final class MatMulKernel {

  private MatMulKernel() {}

  static Kernel forward(MatMul op, Operands operands) {
    Target out = operands.target(op.out()); // (S, M, N)
    Floats a = operands.floats(op.a()); // (S, M, K), or (S, K, M) if transposed
    Floats b = operands.floats(op.b()); // (S, K, N), or (S, N, K) if transposed
    long batch = op.batch(); // S
    long rows = op.m(); // M
    long columns = op.n(); // N
    long length = op.k(); // K
    return () -> {
      for (long s = 0; s < batch; s++) {
        for (long m = 0; m < rows; m++) {
          for (long n = 0; n < columns; n++) {
            double sum = 0;
            for (long k = 0; k < length; k++) {
              double left =
                  a.get(
                      op.transposeA() ? (s * length + k) * rows + m : (s * rows + m) * length + k);
              double right =
                  b.get(
                      op.transposeB()
                          ? (s * columns + n) * length + k
                          : (s * length + k) * columns + n);
              sum += left * right;
            }
            out.put((s * rows + m) * columns + n, sum);
          }
        }
      }
    };
  }
}
