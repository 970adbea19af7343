package pbb.document;

import java.util.Optional;

/**
 * A document to train on: what is given, and what is learnt, that is, has loss on its tokens and on the end of the text.
 *
 * @param kind what the document is
 * @param program the id of the program that it is about; empty for a fresh, anonymous one
 * @param mode how its answer is given; empty where nothing is run
 * @param input the input that is run on; empty where nothing is run
 * @param given the start of the text, without loss
 * @param learned the rest
 */
public record TrainingText(
    Kind kind, Optional<String> program, Optional<Mode> mode, Optional<String> input, String given, String learned) {

  /** Kinds of training documents. */
  public enum Kind {
    /** A pointer context and the source: the declarative loss. */
    SOURCE("source"),
    /** A pointer context, an input and the answer: the execution loss. */
    EXECUTION("execution"),
    /** The same with the source of a fresh, anonymous program in the given part. */
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

  /** The whole text, without the end-of-text token. */
  public String text() {
    return given + learned;
  }
}
