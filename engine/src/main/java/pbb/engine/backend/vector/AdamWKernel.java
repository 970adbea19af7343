package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import pbb.engine.graph.AdamW;

/** {@link AdamW}: decay, both moments and the step in one pass over memory. */
final class AdamWKernel extends ElementwiseKernel {

  private final AdamW op;
  private final MemorySegment parameter;
  private final MemorySegment firstMoment;
  private final MemorySegment secondMoment;
  private final MemorySegment gradient;
  private final MemorySegment clip;
  private final MemorySegment schedule;

  AdamWKernel(
      Workers workers,
      Strips strips,
      AdamW op,
      MemorySegment parameter,
      MemorySegment firstMoment,
      MemorySegment secondMoment,
      MemorySegment gradient,
      MemorySegment clip,
      MemorySegment schedule) {
    super(workers, strips, parameter.byteSize() / Float.BYTES);
    this.op = op;
    this.parameter = parameter;
    this.firstMoment = firstMoment;
    this.secondMoment = secondMoment;
    this.gradient = gradient;
    this.clip = clip;
    this.schedule = schedule;
  }

  @Override
  void range(long byteOffset, int count) {
    float factor = clip.getAtIndex(ValueLayout.JAVA_FLOAT, 1);
    double learningRate = schedule.getAtIndex(ValueLayout.JAVA_FLOAT, 0);
    double correction1 = schedule.getAtIndex(ValueLayout.JAVA_FLOAT, 1);
    double correction2 = schedule.getAtIndex(ValueLayout.JAVA_FLOAT, 2);
    float keep = (float) (1 - learningRate * op.weightDecay());
    float beta1 = (float) op.beta1();
    float beta2 = (float) op.beta2();
    float fresh1 = (float) (1 - op.beta1());
    float fresh2 = (float) (1 - op.beta2());
    float stepSize = (float) (-learningRate / correction1);
    float inverseCorrection2 = (float) (1 / Math.sqrt(correction2));
    float epsilon = (float) op.epsilon();
    int i = 0;
    for (; i <= count - Lanes.COUNT; i += Lanes.COUNT) {
      long at = byteOffset + i * 4L;
      FloatVector g = VectorMath.load(gradient, at).mul(factor);
      FloatVector m = VectorMath.load(firstMoment, at).mul(beta1).add(g.mul(fresh1));
      FloatVector v = VectorMath.load(secondMoment, at).mul(beta2).add(g.mul(g).mul(fresh2));
      FloatVector p = VectorMath.load(parameter, at).mul(keep);
      FloatVector denominator = v.sqrt().mul(inverseCorrection2).add(epsilon);
      m.intoMemorySegment(firstMoment, at, Lanes.ORDER);
      v.intoMemorySegment(secondMoment, at, Lanes.ORDER);
      p.add(m.mul(stepSize).div(denominator)).intoMemorySegment(parameter, at, Lanes.ORDER);
    }
    for (; i < count; i++) {
      long at = byteOffset + i * 4L;
      float g = gradient.get(ValueLayout.JAVA_FLOAT, at) * factor;
      float m = firstMoment.get(ValueLayout.JAVA_FLOAT, at) * beta1 + g * fresh1;
      float v = secondMoment.get(ValueLayout.JAVA_FLOAT, at) * beta2 + g * g * fresh2;
      float p = parameter.get(ValueLayout.JAVA_FLOAT, at) * keep;
      float denominator = (float) Math.sqrt(v) * inverseCorrection2 + epsilon;
      firstMoment.set(ValueLayout.JAVA_FLOAT, at, m);
      secondMoment.set(ValueLayout.JAVA_FLOAT, at, v);
      parameter.set(ValueLayout.JAVA_FLOAT, at, p + m * stepSize / denominator);
    }
  }
}
