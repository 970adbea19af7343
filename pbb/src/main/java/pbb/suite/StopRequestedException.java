package pbb.suite;

/** Work was given up because a stop was requested; never leaves the package. */
final class StopRequestedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  StopRequestedException() {
    super("a stop was requested", null, false, false);
  }
}
