package pbb.engine.graph;

import java.util.List;

/**
 * One step of AdamW (Loshchilov and Hutter 2019, algorithm 2, as PyTorch computes it). With g =
 * clip[1] · gradient:
 *
 * <pre>
 * parameter    *= 1 − learningRate · weightDecay
 * firstMoment   = beta1 · firstMoment  + (1 − beta1) · g
 * secondMoment  = beta2 · secondMoment + (1 − beta2) · g²
 * parameter    −= learningRate · (firstMoment / correction1) / (√(secondMoment / correction2) + epsilon)
 * </pre>
 *
 * <p>What changes from step to step is read from {@code schedule}, so that a compiled graph serves
 * every step.
 *
 * @param parameter of any shape, changed in place
 * @param firstMoment as the parameter, changed in place
 * @param secondMoment as the parameter, changed in place
 * @param gradient as the parameter
 * @param clip (2), as {@link ClipFactor} leaves it
 * @param schedule (3): the learning rate, {@code correction1 = 1 − beta1^t}, {@code correction2 = 1
 *     − beta2^t}
 * @param beta1 decay of the first moment, in [0, 1)
 * @param beta2 decay of the second moment, in [0, 1)
 * @param epsilon keeps the quotient finite
 * @param weightDecay decoupled decay; 0 for norms and embeddings
 */
public record AdamW(
    Operand parameter,
    Operand firstMoment,
    Operand secondMoment,
    Operand gradient,
    Operand clip,
    Operand schedule,
    double beta1,
    double beta2,
    double epsilon,
    double weightDecay)
    implements Op {

  /** Checks the shapes. */
  public AdamW {
    Op.require(
        parameter.shape().equals(gradient.shape())
            && parameter.shape().equals(firstMoment.shape())
            && parameter.shape().equals(secondMoment.shape())
            && clip.size() == 2
            && schedule.size() == 3,
        "AdamW",
        "parameter, moments and gradient of one shape, clip (2), schedule (3)",
        parameter,
        firstMoment,
        secondMoment,
        gradient,
        clip,
        schedule);
  }

  @Override
  public List<Operand> inputs() {
    return List.of(parameter, firstMoment, secondMoment, gradient, clip, schedule);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(
        Destination.overwriting(parameter),
        Destination.overwriting(firstMoment),
        Destination.overwriting(secondMoment));
  }
}
