package pbb.engine.backend.scalar;

import pbb.engine.backend.host.Kernel;
import pbb.engine.graph.AdamW;
import pbb.engine.graph.ClipFactor;
import pbb.engine.graph.SquaredNorm;

/** What happens between the gradients and the new weights. */
final class OptimizerKernels {

  private OptimizerKernels() {}

  static Kernel squaredNorm(SquaredNorm op, Operands operands) {
    Floats out = operands.floats(op.out()); // (P)
    Floats x = operands.floats(op.x());
    long size = op.x().size();
    return () -> {
      double sum = 0;
      for (long i = 0; i < size; i++) {
        sum += x.get(i) * x.get(i);
      }
      out.set(op.index(), sum);
    };
  }

  static Kernel clipFactor(ClipFactor op, Operands operands) {
    Floats out = operands.floats(op.out()); // (2)
    Floats squaredNorms = operands.floats(op.squaredNorms()); // (P)
    long count = op.squaredNorms().size(); // P
    return () -> {
      double sum = 0;
      for (long p = 0; p < count; p++) {
        sum += squaredNorms.get(p);
      }
      double norm = Math.sqrt(sum);
      out.set(0, norm);
      out.set(1, Math.min(1, op.maxNorm() / (norm + 1e-6)));
    };
  }

  static Kernel adamW(AdamW op, Operands operands) {
    Floats parameter = operands.floats(op.parameter()); // any shape, as the next three
    Floats firstMoment = operands.floats(op.firstMoment());
    Floats secondMoment = operands.floats(op.secondMoment());
    Floats gradient = operands.floats(op.gradient());
    Floats clip = operands.floats(op.clip()); // (2)
    Floats schedule = operands.floats(op.schedule()); // (3)
    long size = op.parameter().size();
    return () -> {
      double factor = clip.get(1);
      double learningRate = schedule.get(0);
      double correction1 = schedule.get(1);
      double correction2 = schedule.get(2);
      for (long i = 0; i < size; i++) {
        double g = factor * gradient.get(i);
        double m = op.beta1() * firstMoment.get(i) + (1 - op.beta1()) * g;
        double v = op.beta2() * secondMoment.get(i) + (1 - op.beta2()) * g * g;
        double decayed = parameter.get(i) * (1 - learningRate * op.weightDecay());
        double step =
            learningRate * (m / correction1) / (Math.sqrt(v / correction2) + op.epsilon());
        firstMoment.set(i, m);
        secondMoment.set(i, v);
        parameter.set(i, decayed - step);
      }
    };
  }
}
