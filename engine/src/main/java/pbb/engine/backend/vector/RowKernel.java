package pbb.engine.backend.vector;

import pbb.engine.backend.host.Kernel;

/**
 * A kernel that computes rows of its outputs from the same rows of its inputs, and from parameters:
 * several of them can be run on one strip of rows, while it is in a worker's cache, before the next
 * strip ({@link StripKernel}).
 */
abstract class RowKernel implements Kernel, Workers.Task {

  final Workers workers;
  final Strips strips;

  RowKernel(Workers workers, Strips strips) {
    this.workers = workers;
    this.strips = strips;
  }

  /**
   * Computes rows.
   *
   * @param first the first of them, where a strip begins
   * @param end the row after the last of them, where it ends
   * @param worker whose scratch memory may be used
   */
  abstract void rows(int first, int end, int worker);

  /**
   * What is left to do, by one thread, when all rows are done. A kernel that adds up sums of rows
   * here keeps one for each {@linkplain Strips#unit unit}, never for a strip, and must be known to
   * {@link Strips.Cut#of}: its bits depend on how rows are cut.
   */
  void finish() {}

  /** Whether the rows of each strip can be computed without those of others. */
  boolean independent() {
    return true;
  }

  @Override
  public final void run(int strip, int worker) {
    rows(strips.first(strip), strips.end(strip), worker);
  }

  @Override
  public void run() {
    workers.run(this, strips.count());
    finish();
  }
}
