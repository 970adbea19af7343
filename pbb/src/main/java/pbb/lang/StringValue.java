package pbb.lang;

/**
 * A string. Its length and indices count code points, as Python's do.
 *
 * @param value must not hold half a surrogate pair
 */
public record StringValue(String value) implements Value {

  public StringValue {
    if (!isLatinOrBasic(value) && value.codePoints().anyMatch(StringValue::isSurrogate)) {
      throw new IllegalArgumentException("a string must not hold half a surrogate pair");
    }
  }

  private static boolean isSurrogate(int c) {
    return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
  }

  /** Whether each {@code char} is a code point of its own. */
  static boolean isLatinOrBasic(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String type() {
    return "str";
  }

  @Override
  public String repr() {
    return Quoting.quote(value);
  }

  @Override
  public String toString() {
    return value;
  }
}
