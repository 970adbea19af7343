package pbb.job;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import pbb.engine.backend.Backend;
import pbb.engine.checkpoint.Model;
import pbb.engine.generate.Completion;
import pbb.engine.generate.GenerationConfig;
import pbb.engine.generate.Generator;
import pbb.engine.generate.Sampling;
import pbb.engine.tokenizer.ByteTokenizer;
import pbb.engine.tokenizer.Tokenizer;
import pbb.run.UsageException;

/** A model with a prompt to continue. */
public final class Sample {

  private static final int DEFAULT_NEW_TOKENS = 128;

  private final Model model;
  private final int[] prompt;
  private final GenerationConfig config;

  /** A prompt as token ids, which are not copied. */
  Sample(Model model, int[] prompt, GenerationConfig config) {
    this.model = model;
    this.prompt = prompt;
    this.config = config;
  }

  /**
   * Loads the model and checks the numbers.
   *
   * @param checkpoint a checkpoint's folder, or a training's
   * @param prompt the text to continue
   * @param maxNewTokens how many tokens may follow; null for as many as there is room for, up to
   *     128
   * @param temperature 0 takes the most likely token each time
   * @param topK null leaves all tokens
   * @param topP null leaves all tokens
   * @throws UsageException if a number is out of its range, or the prompt is nothing that the model
   *     knows
   */
  public static Sample of(
      Path checkpoint,
      String prompt,
      @Nullable Integer maxNewTokens,
      double temperature,
      @Nullable Integer topK,
      @Nullable Double topP,
      long seed)
      throws IOException {
    require(
        maxNewTokens == null || maxNewTokens >= 1,
        "--max-new-tokens must be at least 1, not " + maxNewTokens);
    require(
        temperature >= 0 && temperature < Double.POSITIVE_INFINITY,
        "--temperature must be at least 0, not " + temperature);
    require(topK == null || topK >= 1, "--top-k must be at least 1, not " + topK);
    require(topP == null || (topP > 0 && topP <= 1), "--top-p must lie in (0, 1], not " + topP);
    require(
        temperature > 0 || (topK == null && topP == null),
        "--top-k and --top-p need a --temperature above 0: at 0 the most likely token is taken");
    Model model = Model.of(CheckpointFolder.open(checkpoint));
    int[] tokens;
    try {
      tokens = encode(model.tokenizer(), prompt);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--prompt cannot be read by this model: " + e.getMessage(), e);
    }
    int room = model.config().maxPositionEmbeddings() - tokens.length;
    require(tokens.length > 0, "--prompt is empty: give the model at least one token to continue");
    require(
        room >= (maxNewTokens == null ? 1 : maxNewTokens),
        "--prompt has "
            + tokens.length
            + " tokens and the model takes "
            + model.config().maxPositionEmbeddings()
            + " in all: shorten it"
            + (maxNewTokens == null ? "" : ", or lower --max-new-tokens"));
    Sampling sampling =
        temperature == 0
            ? new Sampling.Greedy()
            : new Sampling.Random(
                temperature,
                topK == null ? Integer.MAX_VALUE : topK,
                topP == null ? 1 : topP,
                seed);
    return new Sample(
        model,
        tokens,
        new GenerationConfig(
            maxNewTokens == null ? Math.min(DEFAULT_NEW_TOKENS, room) : maxNewTokens,
            Set.of(model.tokenizer().endOfText()),
            sampling));
  }

  /** What the model has read where a text of its training begins. */
  static int[] encode(Tokenizer tokenizer, String text) {
    int[] tokens = tokenizer.encode(text);
    if (!(tokenizer instanceof ByteTokenizer)) {
      return tokens;
    }
    int[] begun = new int[tokens.length + 1]; // In shards, each text follows an end-of-text.
    begun[0] = tokenizer.endOfText();
    System.arraycopy(tokens, 0, begun, 1, tokens.length);
    return begun;
  }

  private static void require(boolean condition, String sentence) {
    if (!condition) {
      throw new UsageException(sentence);
    }
  }

  /** Prompt and continuation. */
  public String run(Backend backend) {
    try (Generator generator = new Generator(backend, model.weights(), 1)) {
      Completion completion = generator.generate(List.of(prompt), config).getFirst();
      Tokenizer tokenizer = model.tokenizer();
      int begin = prompt[0] == tokenizer.endOfText() ? 1 : 0;
      int[] all = new int[prompt.length - begin + completion.tokens().length];
      System.arraycopy(prompt, begin, all, 0, prompt.length - begin);
      System.arraycopy(
          completion.tokens(), 0, all, prompt.length - begin, completion.tokens().length);
      return tokenizer.decode(all);
    }
  }
}
