package pbb.lang;

/** {@code None}. */
public enum NoneValue implements Value {
  NONE;

  @Override
  public String type() {
    return "NoneType";
  }

  @Override
  public String toString() {
    return "None";
  }
}
