package pbb.lang;

/** A statement, ready to be executed. */
@FunctionalInterface
interface Action {

  /** What comes after a statement. */
  enum Next {
    STATEMENT,
    LEAVE_LOOP,
    NEXT_ROUND,
    RETURN
  }

  /** Executes the statement, or throws a {@link ProgramError}. */
  Next execute(Frame frame);
}
