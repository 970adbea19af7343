package pbb.engine.backend;

/** Whether a backend computes an op itself. */
public sealed interface Support {

  /** It does. */
  record Supported() implements Support {}

  /**
   * It does not.
   *
   * @param reason why, for the log
   */
  record Refused(String reason) implements Support {}
}
