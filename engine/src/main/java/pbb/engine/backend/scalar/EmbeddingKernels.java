package pbb.engine.backend.scalar;

import java.util.Arrays;
import pbb.engine.backend.host.Kernel;
import pbb.engine.graph.Embedding;
import pbb.engine.graph.EmbeddingGradient;
import pbb.engine.graph.TakeRows;

/** Rows of a table, the gradient by the table, and rows picked from a matrix. */
final class EmbeddingKernels {

  private EmbeddingKernels() {}

  static Kernel forward(Embedding op, Operands operands) {
    Floats out = operands.floats(op.out()); // (N, C)
    Floats table = operands.floats(op.table()); // (V, C)
    Integers tokens = operands.integers(op.tokens()); // (N)
    long count = op.tokens().size(); // N
    int vocabulary = op.table().shape().get(0); // V
    long width = op.table().shape().get(1); // C
    return () -> copyRows(out, table, tokens, count, vocabulary, width);
  }

  static Kernel takeRows(TakeRows op, Operands operands) {
    Floats out = operands.floats(op.out()); // (B, C)
    Floats x = operands.floats(op.x()); // (N, C)
    Integers rows = operands.integers(op.rows()); // (B)
    long count = op.rows().size(); // B
    int height = op.x().shape().get(0); // N
    long width = op.x().shape().get(1); // C
    return () -> copyRows(out, x, rows, count, height, width);
  }

  private static void copyRows(
      Floats out, Floats from, Integers rows, long count, int height, long width) {
    for (long n = 0; n < count; n++) {
      long row = rows.get(n, height);
      for (long c = 0; c < width; c++) {
        out.set(n * width + c, from.get(row * width + c));
      }
    }
  }

  static Kernel backward(EmbeddingGradient op, Operands operands) {
    Target table = operands.target(op.table()); // (V, C)
    Floats gradient = operands.floats(op.gradient()); // (N, C)
    Integers tokens = operands.integers(op.tokens()); // (N)
    long count = op.tokens().size(); // N
    int vocabulary = op.table().shape().get(0); // V
    int width = op.table().shape().get(1); // C
    double[] sum = new double[width];
    return () -> {
      for (int v = 0; v < vocabulary; v++) {
        Arrays.fill(sum, 0);
        for (long n = 0; n < count; n++) {
          if (tokens.get(n, vocabulary) == v) {
            for (int c = 0; c < width; c++) {
              sum[c] += gradient.get(n * width + c);
            }
          }
        }
        for (int c = 0; c < width; c++) {
          table.put((long) v * width + c, sum[c]);
        }
      }
    };
  }
}
