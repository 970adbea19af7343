package pbb.lang;

/** An operator with one operand. */
public enum UnaryOperator {
  NEGATE("-"),
  PLUS("+"),
  INVERT("~"),
  NOT("not");

  private final String symbol;

  UnaryOperator(String symbol) {
    this.symbol = symbol;
  }

  /** As Python writes it. */
  public String symbol() {
    return symbol;
  }
}
