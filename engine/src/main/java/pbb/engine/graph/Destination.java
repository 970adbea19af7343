package pbb.engine.graph;

/**
 * Where an op's result goes.
 *
 * @param operand what is written
 * @param accumulate whether the result is added to what is there, rather than put in its place
 */
public record Destination(Operand operand, boolean accumulate) {

  /** Puts the result in the place of what is there. */
  public static Destination overwriting(Operand operand) {
    return new Destination(operand, false);
  }

  /** Adds the result to what is there. */
  public static Destination adding(Operand operand) {
    return new Destination(operand, true);
  }

  /** The shape of what is written. */
  public Shape shape() {
    return operand.shape();
  }
}
