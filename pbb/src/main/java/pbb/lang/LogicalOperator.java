package pbb.lang;

/** An operator that stops at the first operand that decides, and yields that operand. */
public enum LogicalOperator {
  AND("and"),
  OR("or");

  private final String symbol;

  LogicalOperator(String symbol) {
    this.symbol = symbol;
  }

  /** As Python writes it. */
  public String symbol() {
    return symbol;
  }
}
