package pbb.lang;

/**
 * A program that is not in the language: one sentence that says where, what is wrong and what is
 * supported.
 */
public final class SyntaxException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int line;
  private final int column;

  /**
   * @param line from 1; 0 if the program was built in code
   * @param column from 1, in code points; 0 if the program was built in code
   * @param message what is wrong, without the position, which {@link #getMessage} puts before it
   */
  public SyntaxException(int line, int column, String message) {
    super(line == 0 ? message : "line " + line + ", column " + column + ": " + message);
    this.line = line;
    this.column = column;
  }

  SyntaxException(Position position, String message) {
    this(position.line(), position.column(), message);
  }

  /** The line from 1, or 0 if the program was built in code. */
  public int line() {
    return line;
  }

  /** The column from 1 in code points, or 0 if the program was built in code. */
  public int column() {
    return column;
  }
}
