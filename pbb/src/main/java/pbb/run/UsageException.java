package pbb.run;

/**
 * What was asked for cannot be done as things are: an option, a configuration, or a directory that
 * exists, is locked or cannot be written. The message is one sentence that says what to do; nothing
 * was changed. The command line exits with 2.
 */
public final class UsageException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  /** An exception whose message stands by itself. */
  public UsageException(String message) {
    super(message);
  }

  /** An exception with its cause. */
  public UsageException(String message, Throwable cause) {
    super(message, cause);
  }
}
