package pbb.engine.conformance;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import pbb.engine.backend.Backend;
import pbb.engine.backend.Executable;
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
import pbb.engine.train.OptimizerConfig;
import pbb.engine.train.Schedule;
import pbb.engine.train.TrainerConfig;
import pbb.engine.train.TrainingProgram;

/**
 * The model, its gradients and ten steps of AdamW against what PyTorch computes with Hugging Face's
 * models: a file of its figures, which {@code scripts/fixtures/llama.py} makes and describes.
 */
public final class PyTorchFixture implements AutoCloseable {

  /** Of the loss of each step. */
  private static final double LOSS_TOLERANCE = 1e-4;

  /** Of the norm of what differs, by the norm of PyTorch's: logits, each gradient. */
  private static final double TENSOR_TOLERANCE = 1e-5;

  /**
   * The same for each parameter after all steps. Wider: AdamW divides by the gradient's size, so
   * that the rounding of a tiny gradient moves its weight as far as a large gradient does.
   */
  private static final double FINAL_TOLERANCE = 1e-4;

  private final Safetensors file;
  private final Transformer model;
  private final int batch;
  private final int length;

  private PyTorchFixture(Safetensors file) {
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

  /**
   * Opens a file of figures.
   *
   * @throws IOException if there is none
   */
  public static PyTorchFixture open(Path file) throws IOException {
    return new PyTorchFixture(Safetensors.open(file));
  }

  /** Where logits or a gradient differ from PyTorch's by more than they may, in words. */
  public List<String> gradientProblems(Backend backend) throws IOException {
    Transformer.Training training = model.training("forward", batch, length, true);
    Program program = Program.of(Gradients.backward("backward", training.graph(), false));
    List<String> problems = new ArrayList<>();
    try (Executable executable = backend.compile(program)) {
      weights("parameter.").writeTo(executable);
      writeBatch(executable, training, 0);
      executable.run("backward");
      problems.addAll(
          compare(
              "logits",
              floats(file.tensor("logits")),
              read(executable, training.logits()),
              TENSOR_TOLERANCE));
      Weights expected = weights("gradient.");
      for (Parameter parameter : model.parameters()) {
        float[] actual = read(executable, Gradients.of(parameter.tensor()));
        int size = (int) parameter.tensor().shape().size();
        for (int layer = 0; layer < parameter.tensor().slices(); layer++) {
          problems.addAll(
              compare(
                  "gradient of " + parameter.checkpointName(layer),
                  expected.segment(parameter, layer).toArray(ValueLayout.JAVA_FLOAT),
                  Arrays.copyOfRange(actual, layer * size, (layer + 1) * size),
                  TENSOR_TOLERANCE));
        }
      }
    }
    return problems;
  }

  /** Where ten steps of training differ from PyTorch's by more than they may, in words. */
  public List<String> trainingProblems(Backend backend) throws IOException {
    TrainerConfig config = config();
    TrainingProgram program = new TrainingProgram(model, config);
    List<String> problems = new ArrayList<>();
    try (Executable executable = backend.compile(program.program())) {
      weights("parameter.").writeTo(executable);
      for (int step = 0; step < config.steps(); step++) {
        writeBatch(executable, program.inputs(), step);
        executable.run(TrainingProgram.FIRST);
        double rate =
            config.optimizer().learningRate() * config.schedule().factor(step, config.steps());
        if (!(Math.abs(number("learningRates", step) - rate) <= 1e-12)) {
          problems.add(
              "learning rate of step "
                  + step
                  + ": "
                  + rate
                  + " instead of "
                  + number("learningRates", step));
        }
        writeSchedule(executable, program, rate, step);
        executable.run(TrainingProgram.UPDATE);
        problems.addAll(
            compare(
                "loss of step " + step,
                number("losses", step),
                read(executable, program.inputs().loss())[0]));
        problems.addAll(
            compare(
                "gradient norm of step " + step,
                number("gradientNorms", step),
                read(executable, program.clip())[0]));
      }
      Weights expected = weights("final.");
      Weights actual = Weights.from(model, executable);
      for (Parameter parameter : model.parameters()) {
        for (int layer = 0; layer < parameter.tensor().slices(); layer++) {
          problems.addAll(
              compare(
                  parameter.checkpointName(layer) + " after " + config.steps() + " steps",
                  expected.segment(parameter, layer).toArray(ValueLayout.JAVA_FLOAT),
                  actual.segment(parameter, layer).toArray(ValueLayout.JAVA_FLOAT),
                  FINAL_TOLERANCE));
        }
      }
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
    if (expected.length != actual.length) {
      return List.of(what + ": " + actual.length + " values instead of " + expected.length);
    }
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
    MemorySegment values = Arena.ofAuto().allocate(tensor.size() * Float.BYTES, Float.BYTES);
    executable.read(tensor, values);
    return values.toArray(ValueLayout.JAVA_FLOAT);
  }

  private static float[] floats(NamedTensor tensor) {
    return tensor.data().toArray(ValueLayout.JAVA_FLOAT.withByteAlignment(1));
  }

  private TrainerConfig config() {
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
  private Weights weights(String prefix) throws IOException {
    Weights weights = new Weights(model);
    for (Parameter parameter : model.parameters()) {
      LayerSlices.copy(file, parameter, prefix, weights.segment(parameter));
    }
    return weights;
  }

  /** The batch of a step, its weights divided by their sum. */
  private void writeBatch(Executable executable, Transformer.Training inputs, int step)
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

  private void writeSchedule(
      Executable executable, TrainingProgram program, double rate, int step) {
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

  private double number(String name, int index) throws IOException {
    return file.tensor(name)
        .data()
        .get(ValueLayout.JAVA_DOUBLE.withByteAlignment(1), (long) index * Double.BYTES);
  }

  private int integer(String name) {
    return Integer.parseInt(file.metadata().getOrDefault(name, ""));
  }

  private double setting(String name) {
    return Double.parseDouble(file.metadata().getOrDefault(name, ""));
  }

  @Override
  public void close() {
    file.close();
  }
}
