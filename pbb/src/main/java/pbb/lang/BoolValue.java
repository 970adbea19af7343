package pbb.lang;

/** {@code True} or {@code False}; it counts as 1 or 0 where an integer is wanted. */
public enum BoolValue implements Value {
  FALSE("False"),
  TRUE("True");

  private final String text;

  BoolValue(String text) {
    this.text = text;
  }

  public boolean value() {
    return this == TRUE;
  }

  @Override
  public String type() {
    return "bool";
  }

  @Override
  public String toString() {
    return text;
  }
}
