package pbb.document;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import pbb.engine.data.Document;
import pbb.engine.tokenizer.Tokenizer;

/**
 * A document to train on, in parts: what is given has no loss; what is learnt has loss on its
 * tokens and on the end-of-text token that follows each learnt part.
 *
 * @param kind what the document is
 * @param program the id of the program that it is about; empty for a fresh one
 * @param turns what is run in it, in order; none where nothing is run
 * @param parts the text, cut where loss begins or ends; the last part is learnt
 */
public record TrainingText(
    Kind kind, Optional<String> program, List<Turn> turns, List<Part> parts) {

  /** Copies the lists. */
  public TrainingText {
    turns = List.copyOf(turns);
    parts = List.copyOf(parts);
    if (parts.isEmpty() || !parts.getLast().learned()) {
      throw new IllegalArgumentException("the last part of a document must be learnt: " + parts);
    }
  }

  /**
   * A stretch of text.
   *
   * @param text the text
   * @param learned whether its tokens have loss
   */
  public record Part(String text, boolean learned) {

    static Part given(String text) {
      return new Part(text, false);
    }

    static Part learned(String text) {
      return new Part(text, true);
    }
  }

  /**
   * One run of a program.
   *
   * @param mode how its answer is given
   * @param input the input that it is run on
   */
  public record Turn(Mode mode, String input) {}

  /** Kinds of training documents. */
  public enum Kind {
    /** A pointer context and the source: the declarative loss. */
    SOURCE("source"),
    /** A pointer context, an input and the answer: the execution loss. */
    EXECUTION("execution"),
    /** The source of a fresh program, and executions of it. */
    IN_CONTEXT("in_context"),
    /** A pointer context and words that say nothing of the program. */
    MENTION("mention");

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    /** The name in files and tables. */
    public String label() {
      return label;
    }
  }

  /** The whole text, without end-of-text tokens. */
  public String text() {
    return parts.stream().map(Part::text).collect(Collectors.joining());
  }

  /** The tokens, and loss on those of its learnt parts and on the end-of-text token after each. */
  public Document encode(Tokenizer tokenizer) {
    int[] tokens = new int[64];
    boolean[] targets = new boolean[64];
    int count = 0;
    for (Part part : parts) {
      int[] encoded = tokenizer.encode(part.text());
      int end = count + encoded.length + (part.learned() ? 1 : 0);
      if (end > tokens.length) {
        tokens = Arrays.copyOf(tokens, Math.max(end, 2 * tokens.length));
        targets = Arrays.copyOf(targets, tokens.length);
      }
      System.arraycopy(encoded, 0, tokens, count, encoded.length);
      if (part.learned()) {
        tokens[end - 1] = tokenizer.endOfText();
        Arrays.fill(targets, count, end, true);
      }
      count = end;
    }
    return Document.masked(Arrays.copyOf(tokens, count), Arrays.copyOf(targets, count));
  }
}
