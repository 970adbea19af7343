package pbb.suite;

/** What a run tells of itself while it works. */
public sealed interface Progress {

  /** The cell that it is about. */
  Cell cell();

  /**
   * A cell begins, or goes on where it was stopped.
   *
   * @param number which one it is, from 1
   * @param of how many there are
   */
  record CellStarted(Cell cell, int number, int of) implements Progress {}

  /**
   * A cell is not run, since an earlier start of the run finished it.
   *
   * @param number which one it is, from 1
   * @param of how many there are
   */
  record CellSkipped(Cell cell, int number, int of) implements Progress {}

  /**
   * Training documents are being written.
   *
   * @param steps steps that have their documents
   * @param of all steps
   */
  record Generating(Cell cell, long steps, long of) implements Progress {}

  /**
   * A step of training is done.
   *
   * @param step how many are done
   * @param of all steps
   * @param loss the step's training loss, in nats a target
   * @param tokensPerSecond over the last few seconds, padding not counted
   * @param secondsLeft what training still takes at this pace
   */
  record Training(
      Cell cell, long step, long of, double loss, double tokensPerSecond, double secondsLeft)
      implements Progress {}

  /**
   * An answer was generated.
   *
   * @param done queries that have their answers
   * @param of all queries
   */
  record Evaluating(Cell cell, int done, int of) implements Progress {}

  /**
   * A cell is done.
   *
   * @param seconds how long this start of the run worked on it
   */
  record CellFinished(Cell cell, double seconds) implements Progress {}

  /**
   * A cell was stopped on request; its state is saved.
   *
   * @param step training steps that are done
   */
  record CellStopped(Cell cell, long step) implements Progress {}

  /**
   * Something that a user should know, though it stops nothing.
   *
   * @param text one sentence
   */
  record Notice(Cell cell, String text) implements Progress {}
}
