package pbb.lang;

/**
 * How much a run may use; a run that wants more fails with a clear kind of error, and in the same
 * way on every machine.
 *
 * <p>A <b>step</b>, counted alike by the limit, by {@link Outcome#steps} and by {@link State#step},
 * is
 *
 * <ul>
 *   <li>the execution of a simple statement: assignment, augmented assignment, {@code return},
 *       {@code break}, {@code continue}, {@code pass}, expression;
 *   <li>the evaluation of the condition of an {@code if}, {@code elif} or {@code while}, each time;
 *   <li>the evaluation of what a {@code for} runs over, once, and each round that it begins.
 * </ul>
 *
 * @param steps the most steps, in all functions together ({@link ErrorKind#STEP_LIMIT_EXCEEDED})
 * @param bits the most bits in the magnitude of an integer that an operator, a literal, {@code abs}
 *     or {@code int} yields ({@link ErrorKind#INTEGER_LIMIT_EXCEEDED})
 * @param size the most characters in a string and elements in a list that the program makes, and
 *     elements, those of lists in lists included, in what it returns ({@link
 *     ErrorKind#SIZE_LIMIT_EXCEEDED})
 * @param depth the most calls inside one another, the program's own included, and lists inside one
 *     another where they are compared, printed or returned ({@link ErrorKind#RECURSION_ERROR});
 *     from 1 to 400, which the stack of a Java thread has room for
 */
public record Limits(long steps, int bits, int size, int depth) {

  /** 100,000 steps, integers of 4,096 bits, 100,000 elements, 200 calls deep. */
  public static final Limits DEFAULT = new Limits(100_000, 4_096, 100_000, 200);

  private static final int MAX_DEPTH = 400;

  public Limits {
    if (steps < 1 || bits < 1 || size < 1 || depth < 1 || depth > MAX_DEPTH) {
      throw new IllegalArgumentException(
          "limits must be at least 1, and the depth at most "
              + MAX_DEPTH
              + ", not steps "
              + steps
              + ", bits "
              + bits
              + ", size "
              + size
              + ", depth "
              + depth);
    }
  }

  /** The same limits with another number of steps. */
  public Limits withSteps(long newSteps) {
    return new Limits(newSteps, bits, size, depth);
  }
}
