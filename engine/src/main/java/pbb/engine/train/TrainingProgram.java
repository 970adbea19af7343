package pbb.engine.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import pbb.engine.graph.AdamW;
import pbb.engine.graph.ClipFactor;
import pbb.engine.graph.Gradients;
import pbb.engine.graph.Graph;
import pbb.engine.graph.Op;
import pbb.engine.graph.Program;
import pbb.engine.graph.Role;
import pbb.engine.graph.Section;
import pbb.engine.graph.SquaredNorm;
import pbb.engine.graph.Tensor;
import pbb.engine.nn.Parameter;
import pbb.engine.nn.Transformer;

/**
 * What is compiled for a training. Graphs: {@value #FIRST} runs forward and backward and sets the
 * gradients, {@value #NEXT} does the same and adds to them, {@value #UPDATE} clips the gradients
 * and moves the parameters, {@value #VALIDATE} runs forward only.
 */
public final class TrainingProgram {

  /** The graph of a step's first micro-batch. */
  public static final String FIRST = "first";

  /** The graph of its other micro-batches. */
  public static final String NEXT = "next";

  /** The graph that ends a step. */
  public static final String UPDATE = "update";

  /** The graph of held-out data. */
  public static final String VALIDATE = "validate";

  /** Where AdamW keeps what it knows of a parameter. */
  record Moments(Tensor first, Tensor second) {}

  private final Program program;
  private final Transformer.Training inputs;
  private final Map<Parameter, Moments> moments = new LinkedHashMap<>();
  private final Tensor clip = Tensor.of("clip", Role.OUTPUT, 2);
  private final Tensor schedule = Tensor.of("schedule", Role.INPUT, 3);

  /** The graphs for a model and batches of the configuration's shape. */
  public TrainingProgram(Transformer model, TrainerConfig config) {
    inputs = model.training("forward", config.batchSize(), config.sequenceLength(), false);
    List<Graph> graphs = new ArrayList<>();
    graphs.add(Gradients.backward(FIRST, inputs.graph(), false));
    if (config.accumulationSteps() > 1) {
      graphs.add(Gradients.backward(NEXT, inputs.graph(), true));
    }
    for (Parameter parameter : model.parameters()) {
      moments.put(
          parameter,
          new Moments(like("firstMoment.", parameter), like("secondMoment.", parameter)));
    }
    graphs.add(update(config.optimizer()));
    graphs.add(new Graph(VALIDATE, inputs.graph().sections()));
    program = new Program(graphs);
  }

  private static Tensor like(String prefix, Parameter parameter) {
    Tensor tensor = parameter.tensor();
    return new Tensor(
        prefix + tensor.name(), tensor.type(), tensor.shape(), tensor.slices(), Role.STATE);
  }

  private Graph update(OptimizerConfig optimizer) {
    List<Op> ops = new ArrayList<>();
    Tensor squaredNorms = Tensor.of("squaredNorms", Role.ACTIVATION, moments.size());
    for (Parameter parameter : moments.keySet()) {
      ops.add(
          new SquaredNorm(
              squaredNorms.whole(), ops.size(), Gradients.of(parameter.tensor()).whole()));
    }
    ops.add(new ClipFactor(clip.whole(), squaredNorms.whole(), optimizer.gradientClipNorm()));
    moments.forEach(
        (parameter, state) ->
            ops.add(
                new AdamW(
                    parameter.tensor().whole(),
                    state.first().whole(),
                    state.second().whole(),
                    Gradients.of(parameter.tensor()).whole(),
                    clip.whole(),
                    schedule.whole(),
                    optimizer.beta1(),
                    optimizer.beta2(),
                    optimizer.epsilon(),
                    parameter.decays() ? optimizer.weightDecay() : 0)));
    return new Graph(UPDATE, List.of(new Section.Plain(ops)));
  }

  /** All graphs. */
  public Program program() {
    return program;
  }

  /** The tensors that a batch goes into, and the loss. */
  public Transformer.Training inputs() {
    return inputs;
  }

  /** The moments of each parameter, in the model's order. */
  Map<Parameter, Moments> moments() {
    return moments;
  }

  /** (2): the gradient norm before the clip, and the factor. */
  public Tensor clip() {
    return clip;
  }

  /** (3): the learning rate and the two corrections of a step. */
  public Tensor schedule() {
    return schedule;
  }
}
