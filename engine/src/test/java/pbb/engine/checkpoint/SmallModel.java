package pbb.engine.checkpoint;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Parameter;
import pbb.engine.nn.Transformer;
import pbb.engine.tokenizer.ByteTokenizer;

/** A model small enough to write often, whose weights follow a formula. */
final class SmallModel {

  static final ModelConfig CONFIG =
      new ModelConfig(300, 8, 12, 2, 4, 2, 4, 1e-5, 10_000, 64, false, true, 0.02);

  private SmallModel() {}

  /**
   * The value of element {@code i} of a tensor: a small multiple of 1/64, which bfloat16 holds too.
   */
  static float value(String name, long i) {
    return ((i * 37 + name.length()) % 251 - 125) / 64f;
  }

  static List<Parameter> parameters(ModelConfig config) {
    return new Transformer(config).parameters();
  }

  static List<String> names(ModelConfig config, String... prefixes) {
    List<String> names = new ArrayList<>();
    for (Parameter parameter : parameters(config)) {
      for (String prefix : prefixes) {
        names.addAll(LayerSlices.names(parameter, prefix));
      }
    }
    return names;
  }

  static List<NamedTensor> tensors(ModelConfig config, String... prefixes) {
    List<NamedTensor> tensors = new ArrayList<>();
    for (Parameter parameter : parameters(config)) {
      for (String prefix : prefixes) {
        MemorySegment stacked = Arena.ofAuto().allocate(parameter.tensor().size() * 4, 64);
        for (NamedTensor tensor : LayerSlices.of(parameter, prefix, stacked)) {
          for (long i = 0; i < tensor.size(); i++) {
            tensor.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, value(tensor.name(), i));
          }
          tensors.add(tensor);
        }
      }
    }
    return tensors;
  }

  static Checkpoint.Contents contents(long step) {
    return new Checkpoint.Contents(
        CONFIG,
        new ByteTokenizer(),
        tensors(CONFIG, ""),
        tensors(CONFIG, LayerSlices.FIRST_MOMENT, LayerSlices.SECOND_MOMENT),
        Map.of("step", step));
  }
}
