package pbb.lang;

/** An operator with two operands that always evaluates both; all are left-associative. */
public enum BinaryOperator {
  ADD("+"),
  SUBTRACT("-"),
  MULTIPLY("*"),
  /** Rounds towards minus infinity. */
  FLOOR_DIVIDE("//"),
  /** Has the sign of the divisor. */
  MODULO("%"),
  BIT_AND("&"),
  BIT_OR("|"),
  BIT_XOR("^"),
  SHIFT_LEFT("<<"),
  SHIFT_RIGHT(">>");

  private final String symbol;

  BinaryOperator(String symbol) {
    this.symbol = symbol;
  }

  /** As Python writes it. */
  public String symbol() {
    return symbol;
  }
}
