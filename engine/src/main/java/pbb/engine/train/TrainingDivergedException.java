package pbb.engine.train;

/**
 * A loss or a gradient is no longer a finite number; the message says at which step and what to do.
 */
public final class TrainingDivergedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** An exception with its message. */
  TrainingDivergedException(String message) {
    super(message);
  }
}
