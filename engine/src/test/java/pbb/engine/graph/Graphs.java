package pbb.engine.graph;

import java.util.List;
import java.util.stream.Stream;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Transformer;

/** Graphs of small models that tests look into. */
final class Graphs {

  static final int LAYERS = 3;

  private Graphs() {}

  static ModelConfig config(boolean tied, boolean qkNorm) {
    return new ModelConfig(11, 12, 20, LAYERS, 4, 2, 6, 1e-5, 10_000, 16, tied, qkNorm, 0.1);
  }

  /** The forward pass over 2 rows of 5 tokens. */
  static Graph forward(boolean tied, boolean qkNorm) {
    return new Transformer(config(tied, qkNorm)).training("forward", 2, 5, false).graph();
  }

  static Graph backward(boolean tied, boolean qkNorm, boolean accumulate) {
    return Gradients.backward("backward", forward(tied, qkNorm), accumulate);
  }

  static Graph generation() {
    return new Transformer(config(true, true)).generation("prefill", 2, 5, 9).graph();
  }

  static Stream<Graph> all() {
    return Stream.of(
        forward(false, false),
        backward(false, false, false),
        backward(true, true, true),
        generation());
  }

  static Graph plain(Op... ops) {
    return new Graph("graph", List.of(new Section.Plain(List.of(ops))));
  }
}
