package pbb.engine.data;

/**
 * Where batches come from. What a batch holds is a pure function of a cursor, so that training goes
 * on where it stopped if it keeps one number.
 */
@FunctionalInterface
public interface BatchSource {

  /**
   * Fills a batch, whatever it held before.
   *
   * @param cursor 0 for the first batch, for each further one what the call before returned
   * @return the cursor of the next batch
   */
  long fill(long cursor, Batch batch);
}
