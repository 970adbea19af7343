package pbb.engine.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import pbb.engine.io.InvalidFileException;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Weights;
import pbb.engine.tokenizer.Tokenizer;

/**
 * A model that is ready for use: its weights, and the tokenizer that says what its ids mean.
 *
 * @param tokenizer has at most as many ids as the model
 * @param weights the weights, with the model's shape
 */
public record Model(Tokenizer tokenizer, Weights weights) {

  /**
   * Reads a model from a checkpoint's folder.
   *
   * @throws InvalidFileException if there is none, or a file is missing, damaged, or of a model
   *     that this engine does not run
   */
  public static Model load(Path folder) throws IOException {
    return of(Checkpoint.open(folder));
  }

  /**
   * Reads a model from a checkpoint.
   *
   * @throws InvalidFileException if a file is damaged, or the parts do not belong together
   */
  public static Model of(Checkpoint checkpoint) throws IOException {
    return new Model(checkpoint.tokenizer(), checkpoint.weights());
  }

  /** The model's shape. */
  public ModelConfig config() {
    return weights.model().config();
  }

  /** What to write as a checkpoint from which training does not go on. */
  public Checkpoint.Contents contents() {
    return new Checkpoint.Contents(
        config(), tokenizer, LayerSlices.of(weights), List.of(), Map.of());
  }
}
