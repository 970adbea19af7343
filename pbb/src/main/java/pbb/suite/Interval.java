package pbb.suite;

/**
 * From when to when something was done.
 *
 * @param start when it began, as {@link System#nanoTime} has it
 * @param end when it ended
 */
record Interval(long start, long end) {

  /** From {@code start} until now. */
  static Interval since(long start) {
    return new Interval(start, System.nanoTime());
  }

  double seconds() {
    return (end - start) * 1e-9;
  }

  /** How long the other was done meanwhile. */
  double secondsWithin(Interval other) {
    return Math.max(0, (Math.min(end, other.end) - Math.max(start, other.start)) * 1e-9);
  }
}
