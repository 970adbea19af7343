package pbb.lang;

/**
 * Ends a run: what Python would raise, or a limit that was hit. Caught by {@link PreparedProgram}.
 */
final class ProgramError extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final ErrorKind kind;
  private final String text;

  ProgramError(ErrorKind kind, String text) {
    // A stack trace of the interpreter would say nothing about the program.
    super(text, null, false, false);
    this.kind = kind;
    this.text = text;
  }

  static ProgramError type(String message) {
    return new ProgramError(ErrorKind.TYPE_ERROR, message);
  }

  static ProgramError value(String message) {
    return new ProgramError(ErrorKind.VALUE_ERROR, message);
  }

  static ProgramError index(String message) {
    return new ProgramError(ErrorKind.INDEX_ERROR, message);
  }

  ErrorKind kind() {
    return kind;
  }

  String text() {
    return text;
  }
}
