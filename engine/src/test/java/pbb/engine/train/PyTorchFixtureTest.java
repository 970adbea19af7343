package pbb.engine.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import pbb.engine.backend.Backend;
import pbb.engine.backend.Executable;
import pbb.engine.backend.UsableBackend;
import pbb.engine.checkpoint.LayerSlices;
import pbb.engine.checkpoint.NamedTensor;
import pbb.engine.checkpoint.Safetensors;
import pbb.engine.graph.Gradients;
import pbb.engine.graph.Program;
import pbb.engine.graph.Tensor;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Parameter;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;

/**
 * The model, its gradients and ten steps of AdamW against what PyTorch computes with Hugging Face's
 * models, on every backend. The fixtures and what is in them: {@code scripts/fixtures/llama.py}.
 */
class PyTorchFixtureTest {

  /** Of the loss of each step. */
  private static final double LOSS_TOLERANCE = 1e-4;

  /** Of the norm of what differs, by the norm of PyTorch's: logits, each gradient. */
  private static final double TENSOR_TOLERANCE = 1e-5;

  /**
   * The same for each parameter after all steps. Wider: AdamW divides by the gradient's size, so
   * that the rounding of a tiny gradient moves its weight as far as a large gradient does.
   */
  private static final double FINAL_TOLERANCE = 1e-4;

  static Stream<Arguments> cases() {
    return UsableBackend.all()
        .flatMap(
            backend -> Stream.of("llama", "qwen3").map(fixture -> Arguments.of(backend, fixture)));
  }

  @ParameterizedTest(name = "{1} on {0}")
  @MethodSource("cases")
  void logitsAndGradients(UsableBackend device, String name) throws Exception {
    try (Fixture fixture = Fixture.open(name);
        Backend backend = device.open()) {
      Transformer.Training training =
          fixture.model.training("forward", fixture.batch, fixture.length, true);
      Program program = Program.of(Gradients.backward("backward", training.graph(), false));
      try (Executable executable = backend.compile(program)) {
        fixture.weights("parameter.").writeTo(executable);
        fixture.writeBatch(executable, training, 0);
        executable.run("backward");
        List<String> problems = new ArrayList<>();
        long logits =
            (long) fixture.batch * fixture.length * fixture.model.config().vocabularySize();
        problems.addAll(
            compare(
                "logits",
                floats(fixture.file.tensor("logits")),
                read(executable, training.logits(), logits),
                TENSOR_TOLERANCE));
        Weights expected = fixture.weights("gradient.");
        for (Parameter parameter : fixture.model.parameters()) {
          Tensor gradient = Gradients.of(parameter.tensor());
          float[] actual = read(executable, gradient, gradient.size());
          int size = (int) parameter.tensor().shape().size();
          for (int layer = 0; layer < parameter.tensor().slices(); layer++) {
            float[] slice = Arrays.copyOfRange(actual, layer * size, (layer + 1) * size);
            problems.addAll(
                compare(
                    "gradient of " + parameter.checkpointName(layer),
                    expected.segment(parameter, layer).toArray(ValueLayout.JAVA_FLOAT),
                    slice,
                    TENSOR_TOLERANCE));
          }
        }
        assertEquals(List.of(), problems);
      }
    }
  }

  @ParameterizedTest(name = "{1} on {0}")
  @MethodSource("cases")
  void tenStepsOfTraining(UsableBackend device, String name) throws Exception {
    try (Fixture fixture = Fixture.open(name);
        Backend backend = device.open()) {
      int steps = fixture.integer("steps");
      TrainingProgram program = new TrainingProgram(fixture.model, fixture.config());
      try (Executable executable = backend.compile(program.program())) {
        fixture.weights("parameter.").writeTo(executable);
        TrainerConfig config = fixture.config();
        List<String> problems = new ArrayList<>();
        for (int step = 0; step < steps; step++) {
          fixture.writeBatch(executable, program.inputs(), step);
          executable.run(TrainingProgram.FIRST);
          double rate =
              config.optimizer().learningRate() * config.schedule().factor(step, config.steps());
          assertEquals(fixture.number("learningRates", step), rate, 1e-12, "learning rate");
          fixture.writeSchedule(executable, program, rate, step);
          executable.run(TrainingProgram.UPDATE);
          problems.addAll(
              compare(
                  "loss of step " + step,
                  fixture.number("losses", step),
                  read(executable, program.inputs().loss(), 1)[0]));
          problems.addAll(
              compare(
                  "gradient norm of step " + step,
                  fixture.number("gradientNorms", step),
                  read(executable, program.clip(), 2)[0]));
        }
        Weights expected = fixture.weights("final.");
        Weights actual = Weights.from(fixture.model, executable);
        for (Parameter parameter : fixture.model.parameters()) {
          for (int layer = 0; layer < parameter.tensor().slices(); layer++) {
            problems.addAll(
                compare(
                    parameter.checkpointName(layer) + " after " + steps + " steps",
                    expected.segment(parameter, layer).toArray(ValueLayout.JAVA_FLOAT),
                    actual.segment(parameter, layer).toArray(ValueLayout.JAVA_FLOAT),
                    FINAL_TOLERANCE));
          }
        }
        assertEquals(List.of(), problems);
      }
    }
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

  private static float[] read(Executable executable, Tensor tensor, long size) {
    MemorySegment values = Arena.ofAuto().allocate(size * Float.BYTES, Float.BYTES);
    executable.read(tensor, values);
    return values.toArray(ValueLayout.JAVA_FLOAT);
  }

  private static float[] floats(NamedTensor tensor) {
    return tensor.data().toArray(ValueLayout.JAVA_FLOAT.withByteAlignment(1));
  }

  /** A file of PyTorch's figures. */
  private static final class Fixture implements AutoCloseable {
    private final Safetensors file;
    private final Transformer model;
    private final int batch;
    private final int length;

    private Fixture(Safetensors file) {
      this.file = file;
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
      batch = integer("batch");
      length = integer("length");
    }

    static Fixture open(String name) throws IOException, URISyntaxException {
      URL resource =
          PyTorchFixtureTest.class.getResource("/pbb/engine/nn/" + name + ".safetensors");
      assertTrue(resource != null, "no fixture " + name + ": run scripts/fixtures/llama.py");
      return new Fixture(Safetensors.open(Path.of(resource.toURI())));
    }

    TrainerConfig config() {
      return new TrainerConfig(
          batch,
          length,
          1,
          integer("steps"),
          new OptimizerConfig(
              setting("learningRate"),
              setting("beta1"),
              setting("beta2"),
              setting("epsilon"),
              setting("weightDecay"),
              setting("gradientClipNorm")),
          new Schedule.Constant(integer("warmUpSteps")));
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
    void writeBatch(Executable executable, Transformer.Training inputs, int step)
        throws IOException {
      executable.write(inputs.tokens(), ofStep("tokens", step));
      executable.write(inputs.positions(), ofStep("positions", step));
      executable.write(inputs.documentStart(), ofStep("documentStart", step));
      executable.write(inputs.targets(), ofStep("targets", step));
      MemorySegment weights = ofStep("weights", step);
      double sum = 0;
      for (float weight : weights.toArray(ValueLayout.JAVA_FLOAT)) {
        sum += weight;
      }
      for (long i = 0; i < (long) batch * length; i++) {
        float weight = weights.getAtIndex(ValueLayout.JAVA_FLOAT, i);
        weights.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (weight / sum));
      }
      executable.write(inputs.weights(), weights);
    }

    void writeSchedule(Executable executable, TrainingProgram program, double rate, int step) {
      MemorySegment schedule = Arena.ofAuto().allocate(3 * Float.BYTES, Float.BYTES);
      double t = step + 1.0;
      schedule.setAtIndex(ValueLayout.JAVA_FLOAT, 0, (float) rate);
      schedule.setAtIndex(ValueLayout.JAVA_FLOAT, 1, (float) (1 - Math.pow(setting("beta1"), t)));
      schedule.setAtIndex(ValueLayout.JAVA_FLOAT, 2, (float) (1 - Math.pow(setting("beta2"), t)));
      executable.write(program.schedule(), schedule);
    }

    private MemorySegment ofStep(String name, int step) throws IOException {
      long bytes = (long) batch * length * Integer.BYTES;
      return Arena.ofAuto()
          .allocate(bytes, Integer.BYTES)
          .copyFrom(file.tensor(name).data().asSlice(step * bytes, bytes));
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
