package pbb.engine.nn;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import pbb.engine.backend.Executable;
import pbb.engine.graph.MemoryPlan;
import pbb.engine.random.RandomStream;

/**
 * All weights of a model in host memory: what goes from a trainer to a generator, and to and from a
 * checkpoint. The memory is freed with the object.
 */
public final class Weights {

  private final Transformer model;
  private final Map<Parameter, MemorySegment> segments = new LinkedHashMap<>();

  /** Room for the weights of {@code model}, all of them 0. */
  public Weights(Transformer model) {
    this.model = model;
    Arena arena = Arena.ofAuto();
    for (Parameter parameter : model.parameters()) {
      segments.put(
          parameter, arena.allocate(parameter.tensor().size() * Float.BYTES, MemoryPlan.ALIGNMENT));
    }
  }

  /**
   * The weights that training starts from: ones in the norms, draws from a normal distribution of
   * mean 0 and standard deviation {@link ModelConfig#initializerRange()} elsewhere. Each tensor is
   * a pure function of the seed and its name in a checkpoint, so that adding a layer does not
   * change the others.
   */
  public static Weights initial(Transformer model, long seed) {
    Weights weights = new Weights(model);
    for (Parameter parameter : model.parameters()) {
      for (int layer = 0; layer < parameter.tensor().slices(); layer++) {
        initialize(parameter, layer, weights.segment(parameter, layer), model.config(), seed);
      }
    }
    return weights;
  }

  private static void initialize(
      Parameter parameter, int layer, MemorySegment segment, ModelConfig config, long seed) {
    long size = parameter.tensor().shape().size();
    switch (parameter.kind()) {
      case NORM -> {
        for (long i = 0; i < size; i++) {
          segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1);
        }
      }
      case EMBEDDING, MATRIX -> {
        RandomStream random =
            RandomStream.of(seed, "initialization." + parameter.checkpointName(layer), 0);
        for (long i = 0; i < size; i++) {
          float value = (float) (config.initializerRange() * random.nextGaussian());
          segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
        }
      }
    }
  }

  /** A copy of the weights that a program holds. */
  public static Weights from(Transformer model, Executable executable) {
    Weights weights = new Weights(model);
    weights.segments.forEach((parameter, segment) -> executable.read(parameter.tensor(), segment));
    return weights;
  }

  /** Copies the weights into a program that has every parameter of the model. */
  public void writeTo(Executable executable) {
    segments.forEach((parameter, segment) -> executable.write(parameter.tensor(), segment));
  }

  /** The model that the weights are for. */
  public Transformer model() {
    return model;
  }

  /**
   * The memory of a parameter: floats in native order, row-major, all layers one after the other.
   */
  public MemorySegment segment(Parameter parameter) {
    MemorySegment segment = segments.get(parameter);
    if (segment == null) {
      throw new IllegalArgumentException(parameter.tensor() + " is no parameter of this model");
    }
    return segment;
  }

  /** The memory of one layer's slice of a parameter; layer 0 where there is just one slice. */
  public MemorySegment segment(Parameter parameter, int layer) {
    long bytes = parameter.tensor().shape().size() * Float.BYTES;
    return segment(parameter).asSlice(layer * bytes, bytes);
  }
}
