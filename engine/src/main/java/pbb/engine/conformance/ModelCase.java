package pbb.engine.conformance;

import java.util.ArrayList;
import java.util.Arrays;
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
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Parameter;
import pbb.engine.nn.Transformer;
import pbb.engine.random.RandomStream;

/**
 * A tiny model with weights and batches that are pure functions of the seed.
 *
 * @param name what is particular about it
 * @param config its shape
 * @param batch rows of a batch
 * @param length tokens of a row
 * @param longest the most tokens of a document
 */
record ModelCase(String name, ModelConfig config, int batch, int length, int longest) {

  static final long SEED = 20250102;

  static final double MAX_NORM = 0.5;

  /** The loss, forward only. */
  static final String FORWARD = "forward";

  /** Loss and gradients, put in place. */
  static final String FIRST = "first";

  /** Loss and gradients, added to what is there. */
  static final String MORE = "more";

  /** Clip and AdamW. */
  static final String UPDATE = "update";

  /** Norm and factor of the clip. */
  static final Tensor CLIP = Tensor.of("clip", Role.OUTPUT, 2);

  private static final Tensor SCHEDULE = Tensor.of("schedule", Role.INPUT, 3);

  /** Models that differ in all that the configuration can switch. */
  static List<ModelCase> all() {
    return List.of(
        new ModelCase("plain", config(13, 8, 20, 2, 2, 2, 4, false, false), 2, 7, 7),
        new ModelCase("tied", config(17, 12, 13, 1, 3, 3, 4, true, false), 2, 9, 4),
        new ModelCase(
            "QK-norm, grouped queries", config(29, 20, 33, 3, 4, 2, 6, true, true), 3, 13, 5),
        new ModelCase(
            "one key-value head", config(101, 20, 50, 2, 6, 1, 8, false, true), 2, 35, 20));
  }

  private static ModelConfig config(
      int vocabulary,
      int hidden,
      int intermediate,
      int layers,
      int heads,
      int kvHeads,
      int headDim,
      boolean tied,
      boolean qkNorm) {
    return new ModelConfig(
        vocabulary,
        hidden,
        intermediate,
        layers,
        heads,
        kvHeads,
        headDim,
        1e-5,
        10_000,
        64,
        tied,
        qkNorm,
        1 / StrictMath.sqrt(hidden));
  }

  Transformer model() {
    return new Transformer(config);
  }

  Transformer.Training training() {
    return model().training(FORWARD, batch, length, true);
  }

  /** Forward, forward and backward in both ways, and the update, on the same weights. */
  Program program() {
    Graph forward = training().graph();
    return Program.of(
        forward,
        Gradients.backward(FIRST, forward, false),
        Gradients.backward(MORE, forward, true),
        update());
  }

  private Graph update() {
    List<Parameter> parameters = model().parameters();
    Tensor squaredNorms = Tensor.of("squaredNorms", Role.ACTIVATION, parameters.size());
    List<Op> ops = new ArrayList<>();
    for (int i = 0; i < parameters.size(); i++) {
      ops.add(
          new SquaredNorm(
              squaredNorms.whole(), i, Gradients.of(parameters.get(i).tensor()).whole()));
    }
    ops.add(new ClipFactor(CLIP.whole(), squaredNorms.whole(), MAX_NORM));
    for (Parameter parameter : parameters) {
      Tensor tensor = parameter.tensor();
      ops.add(
          new AdamW(
              tensor.whole(),
              moment("firstMoment.", tensor).whole(),
              moment("secondMoment.", tensor).whole(),
              Gradients.of(tensor).whole(),
              CLIP.whole(),
              SCHEDULE.whole(),
              0.9,
              0.95,
              1e-8,
              parameter.decays() ? 0.1 : 0));
    }
    return new Graph(UPDATE, List.of(new Section.Plain(ops)));
  }

  private static Tensor moment(String prefix, Tensor parameter) {
    return new Tensor(
        prefix + parameter.name(),
        parameter.type(),
        parameter.shape(),
        parameter.slices(),
        Role.STATE);
  }

  /** What the update of step {@code t}, counted from 1, reads beside gradients. */
  Map<Tensor, double[]> schedule(int t) {
    return Map.of(
        SCHEDULE, new double[] {0.01, 1 - StrictMath.pow(0.9, t), 1 - StrictMath.pow(0.95, t)});
  }

  /** Weights that single precision holds. */
  Map<Tensor, double[]> weights() {
    Map<Tensor, double[]> weights = new LinkedHashMap<>();
    for (Parameter parameter : model().parameters()) {
      Tensor tensor = parameter.tensor();
      Filling filling =
          parameter.kind() == Parameter.Kind.NORM
              ? Filling.aroundOne()
              : Filling.normal(config.initializerRange());
      double[] values =
          filling.values(Math.toIntExact(tensor.size()), RandomStream.of(SEED, tensor.name(), 0));
      Arrays.setAll(values, i -> (float) values[i]);
      weights.put(tensor, values);
    }
    return weights;
  }

  /** The batch of a step: packed documents, some tokens of weight 0. */
  Map<Tensor, double[]> batch(long step) {
    return batch(training(), step);
  }

  private Map<Tensor, double[]> batch(Transformer.Training training, long step) {
    int size = batch * length;
    double[] starts =
        Filling.documentStarts(length, longest)
            .values(size, RandomStream.of(SEED, "documents", step));
    double[] positions = new double[size];
    Arrays.setAll(positions, i -> i % length - starts[i]);
    double[] weights = Filling.tokenWeights().values(size, RandomStream.of(SEED, "weights", step));
    Arrays.setAll(weights, i -> (float) weights[i]);
    Filling tokens = Filling.integers(config.vocabularySize());
    return Map.of(
        training.tokens(), tokens.values(size, RandomStream.of(SEED, "tokens", step)),
        training.targets(), tokens.values(size, RandomStream.of(SEED, "targets", step)),
        training.documentStart(), starts,
        training.positions(), positions,
        training.weights(), weights);
  }

  @Override
  public String toString() {
    return name;
  }
}
