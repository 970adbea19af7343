package pbb.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import pbb.engine.backend.Executable;
import pbb.engine.checkpoint.LayerSlices;
import pbb.engine.checkpoint.Safetensors;
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
import pbb.engine.nn.Weights;

/**
 * The model, its gradients and ten steps of AdamW against what PyTorch computes with Hugging Face's
 * models, from the engine's fixtures and with its tolerances (see the test of this name there).
 */
class PyTorchFixtureTest {

  private static final double LOSS_TOLERANCE = 1e-4;
  private static final double TENSOR_TOLERANCE = 1e-5;
  private static final double FINAL_TOLERANCE = 1e-4;

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen3"})
  void logitsGradientsAndTenStepsOfTraining(String name) throws IOException {
    try (Fixture fixture = new Fixture(name);
        Executable executable = TestDevice.backend().compile(fixture.program())) {
      fixture.weights("parameter.").writeTo(executable);
      List<String> problems = new ArrayList<>();
      int steps = fixture.integer("steps");
      for (int step = 0; step < steps; step++) {
        fixture.writeBatch(executable, step);
        executable.run("backward");
        if (step == 0) {
          problems.addAll(
              compare(
                  "logits",
                  fixture.file.tensor("logits").data().toArray(Fixture.FLOAT),
                  read(executable, fixture.training.logits()),
                  TENSOR_TOLERANCE));
          Weights expected = fixture.weights("gradient.");
          for (Parameter parameter : fixture.model.parameters()) {
            problems.addAll(
                compareSlices(
                    "gradient of ",
                    parameter,
                    expected,
                    read(executable, Gradients.of(parameter.tensor())),
                    TENSOR_TOLERANCE));
          }
        }
        fixture.writeSchedule(executable, step);
        executable.run("update");
        problems.addAll(
            compare(
                "loss of step " + step,
                fixture.number("losses", step),
                read(executable, fixture.training.loss())[0]));
        problems.addAll(
            compare(
                "gradient norm of step " + step,
                fixture.number("gradientNorms", step),
                read(executable, Fixture.CLIP)[0]));
      }
      Weights expected = fixture.weights("final.");
      for (Parameter parameter : fixture.model.parameters()) {
        problems.addAll(
            compareSlices(
                "after all steps, ",
                parameter,
                expected,
                read(executable, parameter.tensor()),
                FINAL_TOLERANCE));
      }
      assertEquals(List.of(), problems);
    }
  }

  private static List<String> compareSlices(
      String what, Parameter parameter, Weights expected, float[] actual, double tolerance) {
    List<String> problems = new ArrayList<>();
    int size = (int) parameter.tensor().shape().size();
    for (int layer = 0; layer < parameter.tensor().slices(); layer++) {
      problems.addAll(
          compare(
              what + parameter.checkpointName(layer),
              expected.segment(parameter, layer).toArray(ValueLayout.JAVA_FLOAT),
              Arrays.copyOfRange(actual, layer * size, (layer + 1) * size),
              tolerance));
    }
    return problems;
  }

  private static List<String> compare(String what, double expected, double actual) {
    double error = Math.abs(actual - expected) / Math.abs(expected);
    return error <= LOSS_TOLERANCE
        ? List.of()
        : List.of(what + ": " + actual + " instead of " + expected);
  }

  private static List<String> compare(
      String what, float[] expected, float[] actual, double tolerance) {
    assertEquals(expected.length, actual.length, what);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow((double) actual[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    double error = Math.sqrt(difference / norm);
    return error <= tolerance ? List.of() : List.of(what + ": relative error " + error);
  }

  private static float[] read(Executable executable, Tensor tensor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocate(tensor.size() * Float.BYTES, Float.BYTES);
      executable.read(tensor, values);
      return values.toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  /** A file of PyTorch's figures, and the program that computes them. */
  private static final class Fixture implements AutoCloseable {

    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withByteAlignment(1);
    static final Tensor CLIP = Tensor.of("clip", Role.OUTPUT, 2);
    private static final Tensor SCHEDULE = Tensor.of("schedule", Role.INPUT, 3);

    private final Safetensors file;
    private final Transformer model;
    private final Transformer.Training training;

    Fixture(String name) throws IOException {
      file =
          Safetensors.open(
              Path.of("../engine/src/test/resources/pbb/engine/nn", name + ".safetensors"));
      Map<String, String> metadata = file.metadata();
      model =
          new Transformer(
              new ModelConfig(
                  integer("vocabularySize"),
                  integer("hiddenSize"),
                  integer("intermediateSize"),
                  integer("numHiddenLayers"),
                  integer("numAttentionHeads"),
                  integer("numKeyValueHeads"),
                  integer("headDim"),
                  setting("rmsNormEpsilon"),
                  setting("ropeTheta"),
                  integer("maxPositionEmbeddings"),
                  Boolean.parseBoolean(metadata.get("tieWordEmbeddings")),
                  Boolean.parseBoolean(metadata.get("qkNorm")),
                  setting("initializerRange")));
      training = model.training("forward", integer("batch"), integer("length"), true);
    }

    Program program() {
      List<Op> norms = new ArrayList<>();
      List<Op> updates = new ArrayList<>();
      List<Parameter> parameters = model.parameters();
      Tensor squaredNorms = Tensor.of("squaredNorms", Role.ACTIVATION, parameters.size());
      for (Parameter parameter : parameters) {
        Tensor tensor = parameter.tensor();
        norms.add(
            new SquaredNorm(squaredNorms.whole(), norms.size(), Gradients.of(tensor).whole()));
        updates.add(
            new AdamW(
                tensor.whole(),
                moment("first.", tensor).whole(),
                moment("second.", tensor).whole(),
                Gradients.of(tensor).whole(),
                CLIP.whole(),
                SCHEDULE.whole(),
                setting("beta1"),
                setting("beta2"),
                setting("epsilon"),
                parameter.decays() ? setting("weightDecay") : 0));
      }
      List<Op> ops = new ArrayList<>(norms);
      ops.add(new ClipFactor(CLIP.whole(), squaredNorms.whole(), setting("gradientClipNorm")));
      ops.addAll(updates);
      return Program.of(
          Gradients.backward("backward", training.graph(), false),
          new Graph("update", List.of(new Section.Plain(ops))));
    }

    private static Tensor moment(String prefix, Tensor parameter) {
      return new Tensor(
          prefix + parameter.name(),
          parameter.type(),
          parameter.shape(),
          parameter.slices(),
          Role.STATE);
    }

    /** The tensors of all parameters whose names begin with {@code prefix}. */
    Weights weights(String prefix) throws IOException {
      Weights weights = new Weights(model);
      for (Parameter parameter : model.parameters()) {
        LayerSlices.copy(file, parameter, prefix, weights.segment(parameter));
      }
      return weights;
    }

    /** The batch of a step, its weights divided by their sum. */
    void writeBatch(Executable executable, int step) throws IOException {
      Map<String, Tensor> inputs = new LinkedHashMap<>();
      inputs.put("tokens", training.tokens());
      inputs.put("positions", training.positions());
      inputs.put("documentStart", training.documentStart());
      inputs.put("targets", training.targets());
      for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
        executable.write(input.getValue(), ofStep(input.getKey(), step));
      }
      MemorySegment weights = ofStep("weights", step);
      double sum = 0;
      for (float weight : weights.toArray(ValueLayout.JAVA_FLOAT)) {
        sum += weight;
      }
      for (long i = 0; i < training.weights().size(); i++) {
        float weight = weights.getAtIndex(ValueLayout.JAVA_FLOAT, i);
        weights.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (weight / sum));
      }
      executable.write(training.weights(), weights);
    }

    private MemorySegment ofStep(String name, int step) throws IOException {
      long bytes = training.tokens().size() * Integer.BYTES;
      return Arena.ofAuto()
          .allocate(bytes, Integer.BYTES)
          .copyFrom(file.tensor(name).data().asSlice(step * bytes, bytes));
    }

    void writeSchedule(Executable executable, int step) throws IOException {
      MemorySegment schedule = Arena.ofAuto().allocate(3 * Float.BYTES, Float.BYTES);
      double t = step + 1.0;
      schedule.setAtIndex(ValueLayout.JAVA_FLOAT, 0, (float) number("learningRates", step));
      schedule.setAtIndex(ValueLayout.JAVA_FLOAT, 1, (float) (1 - Math.pow(setting("beta1"), t)));
      schedule.setAtIndex(ValueLayout.JAVA_FLOAT, 2, (float) (1 - Math.pow(setting("beta2"), t)));
      executable.write(SCHEDULE, schedule);
    }

    double number(String name, int index) throws IOException {
      return file.tensor(name)
          .data()
          .get(ValueLayout.JAVA_DOUBLE.withByteAlignment(1), (long) index * Double.BYTES);
    }

    int integer(String name) {
      return Integer.parseInt(file.metadata().getOrDefault(name, ""));
    }

    double setting(String name) {
      return Double.parseDouble(file.metadata().getOrDefault(name, ""));
    }

    @Override
    public void close() {
      file.close();
    }
  }
}
