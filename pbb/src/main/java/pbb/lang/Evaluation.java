package pbb.lang;

/** An expression, ready to be evaluated. */
@FunctionalInterface
interface Evaluation {

  /** The value, or a {@link ProgramError}. */
  Value evaluate(Frame frame);
}
