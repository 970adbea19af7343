package pbb.engine.backend.scalar;

import java.util.Arrays;
import pbb.engine.backend.host.Kernel;
import pbb.engine.graph.RmsNorm;
import pbb.engine.graph.RmsNormGradient;

/** Root mean square normalisation of each run of D elements. */
final class RmsNormKernels {

  private RmsNormKernels() {}

  static Kernel forward(RmsNorm op, Operands operands) {
    Floats out = operands.floats(op.out()); // (R, D)
    Floats inverseRms = operands.floats(op.inverseRms()); // (R)
    Floats x = operands.floats(op.x()); // (R, D)
    Floats weight = operands.floats(op.weight()); // (D)
    long runs = op.inverseRms().size(); // R
    long width = op.weight().size(); // D
    return () -> {
      for (long r = 0; r < runs; r++) {
        double squares = 0;
        for (long d = 0; d < width; d++) {
          squares += x.get(r * width + d) * x.get(r * width + d);
        }
        double inverse = 1 / Math.sqrt(squares / width + op.epsilon());
        inverseRms.set(r, inverse);
        for (long d = 0; d < width; d++) {
          out.set(r * width + d, x.get(r * width + d) * inverse * weight.get(d));
        }
      }
    };
  }

  static Kernel backward(RmsNormGradient op, Operands operands) {
    Target dx = operands.target(op.dx()); // (R, D)
    Target dweight = operands.target(op.dweight()); // (D)
    Floats gradient = operands.floats(op.gradient()); // (R, D)
    Floats x = operands.floats(op.x()); // (R, D)
    Floats inverseRms = operands.floats(op.inverseRms()); // (R)
    Floats weight = operands.floats(op.weight()); // (D)
    long runs = op.inverseRms().size(); // R
    int width = (int) op.weight().size(); // D
    double[] sum = new double[width];
    return () -> {
      Arrays.fill(sum, 0);
      for (long r = 0; r < runs; r++) {
        double inverse = inverseRms.get(r);
        double mean = 0; // of g·w·x
        for (int d = 0; d < width; d++) {
          mean += gradient.get(r * width + d) * weight.get(d) * x.get(r * width + d) / width;
        }
        for (int d = 0; d < width; d++) {
          double g = gradient.get(r * width + d);
          double value = x.get(r * width + d);
          dx.put(r * width + d, inverse * (g * weight.get(d) - value * inverse * inverse * mean));
          sum[d] += g * value * inverse;
        }
      }
      for (int d = 0; d < width; d++) {
        dweight.put(d, sum[d]);
      }
    };
  }
}
