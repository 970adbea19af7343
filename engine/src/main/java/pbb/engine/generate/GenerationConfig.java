package pbb.engine.generate;

import java.util.Set;

/**
 * How sequences are generated.
 *
 * @param maxNewTokens how many tokens may follow a prompt, at least 1
 * @param stopTokens the ids that end a sequence, such as end-of-text; may be empty
 * @param sampling how each token is chosen
 */
public record GenerationConfig(int maxNewTokens, Set<Integer> stopTokens, Sampling sampling) {

  /** Checks the number of tokens. */
  public GenerationConfig {
    if (maxNewTokens < 1) {
      throw new IllegalArgumentException("maxNewTokens must be at least 1, not " + maxNewTokens);
    }
    stopTokens = Set.copyOf(stopTokens);
  }

  /** The most likely token each time, until {@code stopToken}. */
  public static GenerationConfig greedy(int maxNewTokens, int stopToken) {
    return new GenerationConfig(maxNewTokens, Set.of(stopToken), new Sampling.Greedy());
  }
}
