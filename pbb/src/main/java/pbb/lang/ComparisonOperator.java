package pbb.lang;

/** A comparison; comparisons chain as in Python: {@code a < b < c}. */
public enum ComparisonOperator {
  EQUAL("=="),
  NOT_EQUAL("!="),
  LESS("<"),
  LESS_EQUAL("<="),
  GREATER(">"),
  GREATER_EQUAL(">="),
  IN("in"),
  NOT_IN("not in");

  private final String symbol;

  ComparisonOperator(String symbol) {
    this.symbol = symbol;
  }

  /** As Python writes it. */
  public String symbol() {
    return symbol;
  }
}
