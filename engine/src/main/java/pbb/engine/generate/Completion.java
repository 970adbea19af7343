package pbb.engine.generate;

import java.util.Arrays;

/** What a model wrote after a prompt. */
public final class Completion {

  private final int[] tokens;
  private final boolean stopped;

  Completion(int[] tokens, boolean stopped) {
    this.tokens = tokens;
    this.stopped = stopped;
  }

  /** A copy of the new tokens, without the one that ended the sequence. */
  public int[] tokens() {
    return tokens.clone();
  }

  /** Whether a stop token ended the sequence, rather than the room for new tokens. */
  public boolean stopped() {
    return stopped;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Completion that
        && stopped == that.stopped
        && Arrays.equals(tokens, that.tokens);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(tokens) + Boolean.hashCode(stopped);
  }

  @Override
  public String toString() {
    return Arrays.toString(tokens) + (stopped ? " stopped" : "");
  }
}
