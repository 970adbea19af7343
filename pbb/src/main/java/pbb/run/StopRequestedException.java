package pbb.run;

/** Work was given up because a stop was requested; what it was writing is not there. */
public final class StopRequestedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** An exception without a stack trace: nothing is wrong. */
  public StopRequestedException() {
    super("a stop was requested", null, false, false);
  }
}
