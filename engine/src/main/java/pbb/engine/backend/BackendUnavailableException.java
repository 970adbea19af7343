package pbb.engine.backend;

/**
 * A backend or device that was asked for cannot be used; the message is one sentence with the
 * remedy.
 */
public final class BackendUnavailableException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** An exception whose message stands by itself. */
  public BackendUnavailableException(String message) {
    super(message);
  }

  /** An exception with its cause. */
  public BackendUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
