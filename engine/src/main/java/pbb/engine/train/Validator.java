package pbb.engine.train;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import pbb.engine.backend.Backend;
import pbb.engine.backend.Executable;
import pbb.engine.data.Batch;
import pbb.engine.data.BatchSource;
import pbb.engine.graph.Graph;
import pbb.engine.graph.MemoryPlan;
import pbb.engine.graph.Program;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;

/**
 * Computes the loss of weights on held-out data, on a backend of its own: beside a training, which
 * goes on meanwhile. On the backend that trains, {@link Trainer#validate} gives the same bits.
 *
 * <p>One thread at a time may use it.
 */
public final class Validator implements AutoCloseable {

  private final Transformer.Training inputs;
  private final Executable executable;
  private final Batch batch;
  private final MemorySegment loss; // (1)

  /**
   * Compiles the model's forward pass.
   *
   * @param batchSize rows of a batch
   * @param sequenceLength tokens of a row
   */
  public Validator(Backend backend, Transformer model, int batchSize, int sequenceLength) {
    inputs = model.training("forward", batchSize, sequenceLength, false);
    batch = new Batch(batchSize, sequenceLength);
    loss = Arena.ofAuto().allocate(Float.BYTES, MemoryPlan.ALIGNMENT);
    executable =
        backend.compile(Program.of(new Graph(TrainingProgram.VALIDATE, inputs.graph().sections())));
  }

  /**
   * The loss of these weights.
   *
   * @param source read from its start
   * @param maxBatches the number of batches to read, unless the source ends before
   * @throws IllegalArgumentException if the source has no target
   */
  public Validation validate(Weights weights, BatchSource source, long maxBatches) {
    weights.writeTo(executable);
    return Validation.of(
        source,
        maxBatches,
        batch,
        () -> run(executable, inputs, TrainingProgram.VALIDATE, batch, loss));
  }

  /** Runs a graph on a batch and returns its loss, summed over the targets by their weights. */
  static double run(
      Executable executable,
      Transformer.Training inputs,
      String graph,
      Batch batch,
      MemorySegment loss) {
    executable.write(inputs.tokens(), batch.tokens());
    executable.write(inputs.positions(), batch.positions());
    executable.write(inputs.documentStart(), batch.documentStart());
    executable.write(inputs.targets(), batch.targets());
    executable.write(inputs.weights(), batch.weights());
    executable.run(graph);
    executable.read(inputs.loss(), loss);
    return loss.get(ValueLayout.JAVA_FLOAT, 0);
  }

  @Override
  public void close() {
    executable.close();
  }
}
