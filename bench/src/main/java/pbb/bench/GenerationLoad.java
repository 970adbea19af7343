package pbb.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import pbb.engine.backend.Backend;
import pbb.engine.generate.Completion;
import pbb.engine.generate.GenerationConfig;
import pbb.engine.generate.Generator;
import pbb.engine.generate.Sampling;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;
import pbb.engine.random.RandomStream;

/**
 * Greedy generation after random prompts, all of one length, with nothing that ends a sequence
 * early.
 */
final class GenerationLoad implements AutoCloseable {

  /** Sequences at a time, tokens of a prompt, and tokens that follow it: the peers' numbers. */
  static final int BATCH = 64;

  static final int PROMPT = 32;
  static final int NEW = 64;

  private static final long SEED = 1;

  private final Generator generator;
  private final List<int[]> prompts = new ArrayList<>();
  private final GenerationConfig config;

  /** The peers' load. */
  GenerationLoad(Backend backend, ModelShape shape) {
    this(backend, shape, BATCH, PROMPT, NEW);
  }

  /**
   * Another one.
   *
   * @param batch sequences at a time
   * @param prompt tokens of a prompt
   * @param fresh tokens that follow it
   */
  GenerationLoad(Backend backend, ModelShape shape, int batch, int prompt, int fresh) {
    Weights weights = Weights.initial(new Transformer(shape.config(prompt + fresh)), SEED);
    generator = new Generator(backend, weights, batch);
    config = new GenerationConfig(fresh, Set.of(), new Sampling.Greedy());
    for (int row = 0; row < batch; row++) {
      RandomStream random = RandomStream.of(SEED, "prompts", row);
      int[] tokens = new int[prompt];
      for (int i = 0; i < prompt; i++) {
        tokens[i] = random.nextInt(shape.vocab());
      }
      prompts.add(tokens);
    }
  }

  /** Floating-point operations of the peers' load, once. */
  static double flops(ModelShape shape) {
    return BATCH * shape.generationFlops(PROMPT, NEW);
  }

  /** Reads the prompts and generates all tokens after each. */
  List<Completion> generate() {
    return generator.generate(prompts, config);
  }

  @Override
  public void close() {
    generator.close();
  }
}
