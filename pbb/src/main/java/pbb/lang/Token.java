package pbb.lang;

/**
 * A word of the source.
 *
 * @param text what names, keywords and operators read; the characters of a string, escapes
 *     resolved; the digits of an integer in decimal; empty otherwise
 */
record Token(Type type, String text, Position position) {

  enum Type {
    NAME,
    KEYWORD,
    INTEGER,
    STRING,
    OPERATOR,
    NEWLINE,
    INDENT,
    DEDENT,
    END
  }

  /** Whether this is the given keyword or operator. */
  boolean is(String keywordOrOperator) {
    return (type == Type.KEYWORD || type == Type.OPERATOR) && text.equals(keywordOrOperator);
  }

  /** How an error message names it. */
  String describe() {
    return switch (type) {
      case NAME, KEYWORD, OPERATOR -> "'" + text + "'";
      case INTEGER -> "the number " + text;
      case STRING -> "a string";
      case NEWLINE -> "the end of the line";
      case INDENT -> "more indentation";
      case DEDENT -> "less indentation";
      case END -> "the end of the program";
    };
  }
}
