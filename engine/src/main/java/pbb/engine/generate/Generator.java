package pbb.engine.generate;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import pbb.engine.backend.Backend;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Weights;

/**
 * Completes prompts of any lengths, many at a time, with a key-value cache. What follows a prompt
 * does not depend on the others.
 *
 * <p>Programs are compiled for a few static shapes and kept for later calls. The cache takes 2 ×
 * layers × batch × capacity × key-value width floats: 64 MiB for 128 sequences of 128 tokens in 4
 * layers of width 128.
 *
 * <p>One thread at a time may use it.
 */
public final class Generator implements AutoCloseable {

  /**
   * How many tokens a pass over prompts reads at most, all sequences together, unless that were
   * under 8 of each.
   */
  private static final int CHUNK_TOKENS = 2048;

  private static final int SHORTEST_CHUNK = 8;

  /** Capacities are multiples of this, so that calls of about the same lengths share a program. */
  private static final int CAPACITY_UNIT = 32;

  private static final int COMPILED_AT_MOST = 4;

  private final Backend backend;
  private final int batchSize;
  private final Map<Decoder.Shape, Decoder> decoders = new LinkedHashMap<>(8, 0.75f, true);
  private Weights weights;

  /**
   * A generator.
   *
   * @param weights the model; not copied, so they must not change but through {@link #load}
   * @param batchSize how many sequences are generated at a time, at most; 64 to 256 suit a small
   *     model
   */
  public Generator(Backend backend, Weights weights, int batchSize) {
    if (batchSize < 1) {
      throw new IllegalArgumentException("batchSize must be at least 1, not " + batchSize);
    }
    this.backend = backend;
    this.weights = weights;
    this.batchSize = batchSize;
  }

  /** Goes on with other weights of the same model, as training has changed them. */
  public void load(Weights changed) {
    if (!changed.model().config().equals(weights.model().config())) {
      throw new IllegalArgumentException(
          "the weights are of another model: "
              + changed.model().config()
              + " instead of "
              + weights.model().config());
    }
    weights = changed;
    decoders.values().forEach(decoder -> decoder.load(changed));
  }

  /** Completes prompts; see {@link #generate(List, GenerationConfig, Consumer)}. */
  public List<Completion> generate(List<int[]> prompts, GenerationConfig config) {
    return generate(prompts, config, _ -> {});
  }

  /**
   * Completes prompts.
   *
   * @param prompts the token ids of each, at least 1
   * @param config how many tokens may follow, what ends a sequence, and how tokens are chosen
   * @param progress told of each completion when it is done, in an order that depends on their
   *     lengths; may throw to give up
   * @return a completion for each prompt, in the order of the prompts
   * @throws IllegalArgumentException if a prompt is empty, holds an unknown id, or is too long for
   *     the model with what may follow; the message names it
   */
  public List<Completion> generate(
      List<int[]> prompts, GenerationConfig config, Consumer<Completion> progress) {
    if (prompts.isEmpty()) {
      return List.of();
    }
    int longest = 0;
    for (int i = 0; i < prompts.size(); i++) {
      check(i, prompts.get(i), config.maxNewTokens());
      longest = Math.max(longest, prompts.get(i).length);
    }
    Sampler sampler = new Sampler(config.sampling(), weights.model().config().vocabularySize());
    Completion[] completions = new Completion[prompts.size()];
    decoder(shape(prompts.size(), longest, config.maxNewTokens()))
        .generate(prompts, config, sampler, completions, progress);
    return Arrays.asList(completions);
  }

  private void check(int index, int[] prompt, int maxNewTokens) {
    ModelConfig model = weights.model().config();
    if (prompt.length == 0) {
      throw new IllegalArgumentException("prompt " + index + " is empty: give it at least 1 token");
    }
    if (prompt.length + (long) maxNewTokens > model.maxPositionEmbeddings()) {
      throw new IllegalArgumentException(
          "prompt "
              + index
              + " has "
              + prompt.length
              + " tokens and "
              + maxNewTokens
              + " may follow, but the model takes "
              + model.maxPositionEmbeddings()
              + " in all: shorten it or lower maxNewTokens");
    }
    for (int token : prompt) {
      if (token < 0 || token >= model.vocabularySize()) {
        throw new IllegalArgumentException(
            "prompt "
                + index
                + " holds token "
                + token
                + ", but the model's ids lie in [0, "
                + model.vocabularySize()
                + "): was it encoded with this model's tokenizer?");
      }
    }
  }

  private Decoder.Shape shape(int prompts, int longest, int maxNewTokens) {
    int batch = Math.min(batchSize, powerOfTwo(prompts));
    int chunk = Math.min(powerOfTwo(longest), Math.max(SHORTEST_CHUNK, CHUNK_TOKENS / batch));
    int capacity = (longest + maxNewTokens + CAPACITY_UNIT - 1) / CAPACITY_UNIT * CAPACITY_UNIT;
    capacity = Math.min(capacity, weights.model().config().maxPositionEmbeddings());
    return new Decoder.Shape(batch, Math.min(chunk, capacity), capacity);
  }

  private Decoder decoder(Decoder.Shape shape) {
    Decoder present = decoders.get(shape);
    if (present != null) {
      return present;
    }
    while (decoders.size() >= COMPILED_AT_MOST) {
      Decoder.Shape oldest = decoders.keySet().iterator().next();
      Decoder unused = decoders.remove(oldest);
      if (unused != null) {
        unused.close();
      }
    }
    Decoder decoder = new Decoder(backend, weights, shape);
    decoders.put(shape, decoder);
    return decoder;
  }

  private static int powerOfTwo(int least) {
    return least == 1 ? 1 : Integer.highestOneBit(least - 1) << 1;
  }

  @Override
  public void close() {
    decoders.values().forEach(Decoder::close);
    decoders.clear();
  }
}
