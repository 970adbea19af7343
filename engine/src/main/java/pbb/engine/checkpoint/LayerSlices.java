package pbb.engine.checkpoint;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import pbb.engine.graph.Shape;
import pbb.engine.graph.Tensor;
import pbb.engine.io.InvalidFileException;
import pbb.engine.nn.Parameter;
import pbb.engine.nn.Weights;

/**
 * Between the engine, which keeps a weight of all layers in one stacked tensor, and a file, which
 * has a tensor a layer under Hugging Face's names.
 */
public final class LayerSlices {

  /**
   * What stands before a weight's name in the file of the optimizer: AdamW's first moment, as
   * PyTorch calls it.
   */
  public static final String FIRST_MOMENT = "exp_avg.";

  /**
   * What stands before a weight's name in the file of the optimizer: AdamW's second moment, as
   * PyTorch calls it.
   */
  public static final String SECOND_MOMENT = "exp_avg_sq.";

  private LayerSlices() {}

  /** The names of a weight's slices in a file, layer by layer; one name if the layers share it. */
  public static List<String> names(Parameter parameter, String prefix) {
    List<String> names = new ArrayList<>();
    for (int layer = 0; layer < parameter.tensor().slices(); layer++) {
      names.add(prefix + parameter.checkpointName(layer));
    }
    return names;
  }

  /**
   * A weight's slices as a file's tensors, without copying.
   *
   * @param prefix {@code ""} for the weight itself, {@link #FIRST_MOMENT} or {@link #SECOND_MOMENT}
   * @param stacked (slices, …): all of the weight's elements
   */
  public static List<NamedTensor> of(Parameter parameter, String prefix, MemorySegment stacked) {
    Shape shape = parameter.tensor().shape();
    long bytes = sliceBytes(parameter.tensor(), stacked);
    List<NamedTensor> slices = new ArrayList<>();
    for (String name : names(parameter, prefix)) {
      slices.add(NamedTensor.floats(name, shape, stacked.asSlice(slices.size() * bytes, bytes)));
    }
    return slices;
  }

  /** All weights of a model as a file's tensors, without copying. */
  public static List<NamedTensor> of(Weights weights) {
    List<NamedTensor> slices = new ArrayList<>();
    for (Parameter parameter : weights.model().parameters()) {
      slices.addAll(of(parameter, "", weights.segment(parameter)));
    }
    return slices;
  }

  /**
   * Copies a weight's slices from a file.
   *
   * @param stacked (slices, …): room for all of the weight's elements
   * @throws InvalidFileException if the file lacks a slice, or it has another shape
   */
  public static void copy(
      Safetensors file, Parameter parameter, String prefix, MemorySegment stacked)
      throws InvalidFileException {
    long bytes = sliceBytes(parameter.tensor(), stacked);
    long offset = 0;
    for (String name : names(parameter, prefix)) {
      file.copyFloats(name, parameter.tensor().shape(), stacked.asSlice(offset, bytes));
      offset += bytes;
    }
  }

  private static long sliceBytes(Tensor tensor, MemorySegment stacked) {
    long expected = tensor.size() * Float.BYTES;
    if (stacked.byteSize() != expected) {
      throw new IllegalArgumentException(
          tensor + " takes " + expected + " bytes, not " + stacked.byteSize());
    }
    return expected / tensor.slices();
  }
}
