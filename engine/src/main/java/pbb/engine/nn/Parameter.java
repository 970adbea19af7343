package pbb.engine.nn;

import pbb.engine.graph.Tensor;

/**
 * A weight of the model.
 *
 * @param tensor where it is kept; stacked over the layers if each has its own
 * @param kind what it is, which decides how it begins and whether it decays
 * @param checkpointName its name in a checkpoint, as Hugging Face's Llama has it; {@code %d} stands
 *     for the layer
 */
public record Parameter(Tensor tensor, Kind kind, String checkpointName) {

  /** Kinds of weights. */
  public enum Kind {
    /** A table of token vectors: begins normal, does not decay. */
    EMBEDDING,
    /** A matrix: begins normal, decays. */
    MATRIX,
    /** The scale of a norm: begins as ones, does not decay. */
    NORM
  }

  /** Whether weight decay applies. */
  public boolean decays() {
    return kind == Kind.MATRIX;
  }

  /** The name in a checkpoint of the slice that belongs to {@code layer}. */
  public String checkpointName(int layer) {
    return checkpointName.replace("%d", Integer.toString(layer));
  }
}
