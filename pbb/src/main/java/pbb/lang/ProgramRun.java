package pbb.lang;

/** What the frames of one run share: where it is, and how much it has used of its limits. */
class ProgramRun {

  private final Limits limits;
  private long steps;
  private int line;
  private int depth;

  ProgramRun(Limits limits) {
    this.limits = limits;
  }

  /** Begins a step, as {@link Limits} defines it, and returns its number. */
  final long step(int atLine) {
    line = atLine;
    if (steps == limits.steps()) {
      throw new ProgramError(ErrorKind.STEP_LIMIT_EXCEEDED, "more than " + steps + " steps");
    }
    return ++steps;
  }

  /**
   * Says that a step assigned or changed the variables in {@code slots}; not called for a step that
   * failed.
   */
  void changed(Frame frame, long step, int atLine, int[] slots) {}

  final long steps() {
    return steps;
  }

  /** The line of the statement that runs. */
  final int line() {
    return line;
  }

  /**
   * Leaves a call; when the program's own is left, the line stays, for what its result may be
   * refused for.
   */
  final void leave(int callingLine) {
    depth--;
    if (depth > 0) {
      line = callingLine;
    }
  }

  final void enter() {
    if (depth == limits.depth()) {
      throw new ProgramError(
          ErrorKind.RECURSION_ERROR, "more than " + depth + " calls inside one another");
    }
    depth++;
  }

  final int depth() {
    return depth;
  }
}
