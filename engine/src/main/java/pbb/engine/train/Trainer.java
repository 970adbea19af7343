package pbb.engine.train;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import pbb.engine.backend.Backend;
import pbb.engine.backend.Executable;
import pbb.engine.backend.Placement;
import pbb.engine.backend.Transfers;
import pbb.engine.checkpoint.Checkpoint;
import pbb.engine.checkpoint.LayerSlices;
import pbb.engine.checkpoint.NamedTensor;
import pbb.engine.checkpoint.Safetensors;
import pbb.engine.data.Batch;
import pbb.engine.data.BatchSource;
import pbb.engine.graph.MemoryPlan;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.nn.Parameter;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;
import pbb.engine.tokenizer.Tokenizer;

/**
 * Trains a model, step by step. Its state is the parameters, AdamW's moments, the number of steps
 * done and the data's cursor: a trainer that is resumed from a checkpoint goes on with the same
 * bits as one that was never stopped.
 *
 * <p>One thread at a time may use it; only {@link #requestStop} may be called by another.
 */
public final class Trainer implements AutoCloseable {

  private final TrainerConfig config;
  private final Transformer model;
  private final BatchSource data;
  private final TrainingProgram program;
  private final Executable executable;
  private final List<Batch> batches = new ArrayList<>();
  private final MemorySegment lossValue; // (1)
  private final MemorySegment clipValue; // (2)
  private final MemorySegment scheduleValue; // (3)

  private long stepsDone;
  private long tokensRead;
  private long cursor;
  private boolean diverged;
  private volatile boolean stopRequested;

  private Trainer(Backend backend, TrainerConfig config, Transformer model, BatchSource data) {
    this.config = config;
    this.model = model;
    this.data = data;
    program = new TrainingProgram(model, config);
    for (int i = 0; i < config.accumulationSteps(); i++) {
      batches.add(new Batch(config.batchSize(), config.sequenceLength()));
    }
    Arena arena = Arena.ofAuto();
    lossValue = arena.allocate(Float.BYTES, MemoryPlan.ALIGNMENT);
    clipValue = arena.allocate(2 * Float.BYTES, MemoryPlan.ALIGNMENT);
    scheduleValue = arena.allocate(3 * Float.BYTES, MemoryPlan.ALIGNMENT);
    executable = backend.compile(program.program());
  }

  /**
   * A training that begins with these weights.
   *
   * @param data where batches come from; its cursor begins at 0
   */
  public static Trainer start(
      Backend backend, TrainerConfig config, Weights weights, BatchSource data) {
    Trainer trainer = new Trainer(backend, config, weights.model(), data);
    weights.writeTo(trainer.executable);
    return trainer;
  }

  /**
   * A training that goes on where the checkpoint was written.
   *
   * @param config the settings that the training began with
   * @param data the source that the training began with
   * @throws InvalidFileException if the checkpoint cannot be read, or was written by a training
   *     with other settings
   */
  public static Trainer resume(
      Backend backend, TrainerConfig config, Checkpoint checkpoint, BatchSource data)
      throws IOException {
    JsonObject state = checkpoint.trainer();
    JsonObject settings = state.object("config");
    for (Map.Entry<String, String> setting : config.describe().entrySet()) {
      String before = settings.string(setting.getKey());
      if (!before.equals(setting.getValue())) {
        throw state.invalid(
            "config." + setting.getKey(),
            "is "
                + before
                + ", but the training is to go on with "
                + setting.getValue()
                + ": resume with the settings that it began with");
      }
    }
    Weights weights = checkpoint.weights();
    Trainer trainer = new Trainer(backend, config, weights.model(), data);
    try {
      trainer.stepsDone = state.integer("step", 0L, config.steps());
      trainer.tokensRead = state.integer("tokens", 0L, Long.MAX_VALUE);
      trainer.cursor = state.integer("cursor", 0L, Long.MAX_VALUE);
      weights.writeTo(trainer.executable);
      trainer.loadMoments(checkpoint);
      return trainer;
    } catch (IOException | RuntimeException e) {
      trainer.close();
      throw e;
    }
  }

  private void loadMoments(Checkpoint checkpoint) throws IOException {
    List<String> names = new ArrayList<>();
    for (Parameter parameter : model.parameters()) {
      names.addAll(LayerSlices.names(parameter, LayerSlices.FIRST_MOMENT));
      names.addAll(LayerSlices.names(parameter, LayerSlices.SECOND_MOMENT));
    }
    Weights moments = new Weights(model);
    try (Safetensors file = checkpoint.openOptimizer(names)) {
      for (Map.Entry<Parameter, TrainingProgram.Moments> entry : program.moments().entrySet()) {
        MemorySegment values = moments.segment(entry.getKey());
        LayerSlices.copy(file, entry.getKey(), LayerSlices.FIRST_MOMENT, values);
        executable.write(entry.getValue().first(), values);
        LayerSlices.copy(file, entry.getKey(), LayerSlices.SECOND_MOMENT, values);
        executable.write(entry.getValue().second(), values);
      }
    }
  }

  /**
   * Trains until all steps are done, or a stop is requested.
   *
   * @param listener is told of each step when it is done, and may save, validate or request a stop
   * @return whether all steps are done
   * @throws TrainingDivergedException if a loss or gradient is not finite
   */
  public boolean train(Consumer<StepReport> listener) {
    while (!finished() && !stopRequested) {
      listener.accept(step());
    }
    return finished();
  }

  /**
   * Runs the next step, whether or not a stop was requested.
   *
   * @throws TrainingDivergedException if a loss or gradient is not finite
   * @throws IllegalStateException if all steps are done
   */
  public StepReport step() {
    requireSound();
    if (finished()) {
      throw new IllegalStateException("all " + config.steps() + " steps are done");
    }
    long next = cursor;
    double weight = 0;
    long tokens = 0;
    long targets = 0;
    for (Batch batch : batches) {
      next = data.fill(next, batch);
      weight += batch.weightSum();
      tokens += batch.tokenCount();
      targets += batch.targetCount();
    }
    if (!(weight > 0)) {
      throw new IllegalStateException(
          "step "
              + (stepsDone + 1)
              + " has nothing to learn from: its batch holds "
              + tokens
              + " tokens and no target; is the data's end reached, or every target weight 0?");
    }
    double loss = 0;
    for (int i = 0; i < batches.size(); i++) {
      Batch batch = batches.get(i);
      batch.scaleWeights(1 / weight);
      loss += run(i == 0 ? TrainingProgram.FIRST : TrainingProgram.NEXT, batch);
    }
    double learningRate =
        config.optimizer().learningRate() * config.schedule().factor(stepsDone, config.steps());
    requireFinite(loss, "loss", learningRate);
    double gradientNorm = update(learningRate);
    requireFinite(gradientNorm, "gradient norm", learningRate);
    stepsDone++;
    tokensRead += tokens;
    cursor = next;
    return new StepReport(stepsDone, loss, gradientNorm, learningRate, tokens, targets);
  }

  private double run(String graph, Batch batch) {
    return Validator.run(executable, program.inputs(), graph, batch, lossValue);
  }

  /** Moves the parameters and returns the gradient norm. */
  private double update(double learningRate) {
    OptimizerConfig optimizer = config.optimizer();
    double t = stepsDone + 1.0;
    scheduleValue.setAtIndex(ValueLayout.JAVA_FLOAT, 0, (float) learningRate);
    scheduleValue.setAtIndex(
        ValueLayout.JAVA_FLOAT, 1, (float) (1 - StrictMath.pow(optimizer.beta1(), t)));
    scheduleValue.setAtIndex(
        ValueLayout.JAVA_FLOAT, 2, (float) (1 - StrictMath.pow(optimizer.beta2(), t)));
    executable.write(program.schedule(), scheduleValue);
    executable.run(TrainingProgram.UPDATE);
    executable.read(program.clip(), clipValue);
    return clipValue.getAtIndex(ValueLayout.JAVA_FLOAT, 0);
  }

  private void requireFinite(double value, String what, double learningRate) {
    if (!Double.isFinite(value)) {
      diverged = true;
      throw new TrainingDivergedException(
          "training diverged at step "
              + (stepsDone + 1)
              + ": the "
              + what
              + " is "
              + value
              + "; lower the learning rate ("
              + learningRate
              + " here), lengthen the warm-up, or lower gradientClipNorm");
    }
  }

  private void requireSound() {
    if (diverged) {
      throw new IllegalStateException(
          "training diverged at step " + (stepsDone + 1) + ": go on from an earlier checkpoint");
    }
  }

  /**
   * The loss on other data, with the weights as they are now; changes nothing.
   *
   * @param source read from its start
   * @param maxBatches the number of batches to read, unless the source ends before
   * @throws IllegalArgumentException if the source has no target
   */
  public Validation validate(BatchSource source, long maxBatches) {
    Batch batch = batches.getFirst(); // free between steps
    return Validation.of(source, maxBatches, batch, () -> run(TrainingProgram.VALIDATE, batch));
  }

  /**
   * Asks {@link #train} to return after the step that it is in. Any thread may call this, a signal
   * handler's too.
   */
  public void requestStop() {
    stopRequested = true;
  }

  /** Whether a stop was requested. */
  public boolean stopRequested() {
    return stopRequested;
  }

  /** Whether all steps are done. */
  public boolean finished() {
    return stepsDone >= config.steps();
  }

  /** How many steps are done, those before a resume counted. */
  public long stepsDone() {
    return stepsDone;
  }

  /** How many tokens were read in the steps that are done, padding not counted. */
  public long tokensRead() {
    return tokensRead;
  }

  /** The settings. */
  public TrainerConfig config() {
    return config;
  }

  /** The model. */
  public Transformer model() {
    return model;
  }

  /** The ops of a step that the device refused and that run on the host, with a step's bytes. */
  public List<Placement> placements() {
    return executable.placements().stream()
        .filter(placement -> !placement.graph().equals(TrainingProgram.VALIDATE))
        .map(
            placement ->
                new Placement(
                    placement.graph(),
                    placement.op(),
                    placement.reason(),
                    placement.bytesPerRun()
                        * (placement.graph().equals(TrainingProgram.NEXT)
                            ? config.accumulationSteps() - 1
                            : 1)))
        .toList();
  }

  /** What was moved between host and device so far. */
  public Transfers transfers() {
    return executable.transfers();
  }

  /** Bytes of memory that the training holds. */
  public long bytes() {
    return executable.bytes();
  }

  /** A copy of the weights as they are now. */
  public Weights weights() {
    requireSound();
    return Weights.from(model, executable);
  }

  /**
   * A copy of the training's state, to be written as a checkpoint.
   *
   * @param tokenizer what the token ids mean
   */
  public Checkpoint.Contents contents(Tokenizer tokenizer) {
    requireSound();
    List<NamedTensor> optimizer = new ArrayList<>();
    Weights first = new Weights(model);
    Weights second = new Weights(model);
    program
        .moments()
        .forEach(
            (parameter, moments) -> {
              executable.read(moments.first(), first.segment(parameter));
              executable.read(moments.second(), second.segment(parameter));
              optimizer.addAll(
                  LayerSlices.of(parameter, LayerSlices.FIRST_MOMENT, first.segment(parameter)));
              optimizer.addAll(
                  LayerSlices.of(parameter, LayerSlices.SECOND_MOMENT, second.segment(parameter)));
            });
    Map<String, Object> state = new LinkedHashMap<>();
    state.put("step", stepsDone);
    state.put("tokens", tokensRead);
    state.put("cursor", cursor);
    state.put("config", config.describe());
    return new Checkpoint.Contents(
        model.config(), tokenizer, LayerSlices.of(weights()), optimizer, state);
  }

  @Override
  public void close() {
    executable.close();
  }
}
