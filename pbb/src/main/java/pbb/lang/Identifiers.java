package pbb.lang;

import java.util.Set;

/** Which words can name a variable or a function. */
final class Identifiers {

  /** Python's reserved words, those included that this language has no use for. */
  static final Set<String> KEYWORDS =
      Set.of(
          "False",
          "None",
          "True",
          "and",
          "as",
          "assert",
          "async",
          "await",
          "break",
          "class",
          "continue",
          "def",
          "del",
          "elif",
          "else",
          "except",
          "finally",
          "for",
          "from",
          "global",
          "if",
          "import",
          "in",
          "is",
          "lambda",
          "nonlocal",
          "not",
          "or",
          "pass",
          "raise",
          "return",
          "try",
          "while",
          "with",
          "yield");

  private Identifiers() {}

  static void check(String identifier, Position position) {
    boolean wellFormed = !identifier.isEmpty() && isStart(identifier.charAt(0));
    for (int i = 1; i < identifier.length(); i++) {
      wellFormed &= isPart(identifier.charAt(i));
    }
    if (!wellFormed) {
      throw new SyntaxException(
          position,
          "'" + identifier + "' is no name: use ASCII letters, digits and _, no digit first");
    }
    if (KEYWORDS.contains(identifier)) {
      throw new SyntaxException(
          position, "'" + identifier + "' is a Python keyword and cannot be a name");
    }
  }

  static boolean isStart(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  }

  static boolean isPart(int c) {
    return isStart(c) || (c >= '0' && c <= '9');
  }
}
