package pbb.lang;

/** How a run ended. */
public sealed interface Outcome {

  /** How many steps were taken, as {@link Limits} defines them; the one that failed is counted. */
  long steps();

  /** The program returned {@code value}, which is {@code None} if it came to its end. */
  record Returned(Value value, long steps) implements Outcome {}

  /**
   * The program failed.
   *
   * @param message Python's wording where it is short
   * @param line of the statement that failed, from 1; 0 if the program was built in code
   */
  record Failed(ErrorKind kind, String message, int line, long steps) implements Outcome {

    /** One line: kind, message and where. */
    @Override
    public String toString() {
      return kind + ": " + message + (line == 0 ? "" : " (line " + line + ")");
    }
  }
}
