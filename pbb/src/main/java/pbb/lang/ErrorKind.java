package pbb.lang;

/** Why a program failed: Python's exceptions, and the limits of {@link Limits}. */
public enum ErrorKind {
  ZERO_DIVISION_ERROR("ZeroDivisionError"),
  INDEX_ERROR("IndexError"),
  TYPE_ERROR("TypeError"),
  NAME_ERROR("NameError"),
  UNBOUND_LOCAL_ERROR("UnboundLocalError"),
  VALUE_ERROR("ValueError"),
  ATTRIBUTE_ERROR("AttributeError"),
  OVERFLOW_ERROR("OverflowError"),
  RECURSION_ERROR("RecursionError"),
  STEP_LIMIT_EXCEEDED("StepLimitExceeded"),
  INTEGER_LIMIT_EXCEEDED("IntegerLimitExceeded"),
  SIZE_LIMIT_EXCEEDED("SizeLimitExceeded");

  private final String text;

  ErrorKind(String text) {
    this.text = text;
  }

  /** The name of Python's exception, or of the limit in the same style. */
  @Override
  public String toString() {
    return text;
  }
}
