package pbb.job;

/** Is told how far a job is. */
public interface Reporter {

  /**
   * Something is under way.
   *
   * @param what what is being done
   * @param done how much of {@code total} is done
   * @param details such as the loss
   */
  void progress(String what, long done, long total, String details);

  /** Something that a user should know, in one sentence. */
  void say(String sentence);
}
