package pbb.lang;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Cuts source text into tokens, indentation included, by Python's rules. */
final class Lexer {

  /**
   * Longest first, so that the first one that fits is the one meant. Those not supported get a
   * better message later.
   */
  private static final List<String> OPERATORS =
      List.of(
          "**=", "//=", "<<=", ">>=", "...", "**", "//", "<<", ">>", "==", "!=", "<=", ">=", "->",
          ":=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=", "+", "-", "*", "/", "%", "&",
          "|", "^", "~", "<", ">", "(", ")", "[", "]", "{", "}", ",", ":", ".", "=", ";", "@");

  /** The most digits of a literal that Python reads by default. */
  private static final int MAX_DIGITS = 4_300;

  private static final int END = -1;

  /** One entry per code point, so that columns count those. */
  private final int[] source;

  private final List<Token> tokens = new ArrayList<>();
  private final List<Integer> indents = new ArrayList<>(List.of(0));
  private final List<Token> brackets = new ArrayList<>();
  private int next;
  private int line = 1;
  private int lineStart;

  private Lexer(String source) {
    this.source = source.replace("\r\n", "\n").replace('\r', '\n').codePoints().toArray();
  }

  /** The tokens of {@code source}, the last of type {@code END}. */
  static List<Token> tokens(String source) {
    Lexer lexer = new Lexer(source);
    lexer.run();
    return List.copyOf(lexer.tokens);
  }

  private void run() {
    boolean atLineStart = true;
    while (true) {
      if (atLineStart) {
        atLineStart = false;
        if (!indentation()) {
          break;
        }
      }
      int c = peek(0);
      if (c == ' ' || c == '\t') {
        next++;
      } else if (c == '#') {
        skipComment();
      } else if (c == '\n') {
        if (brackets.isEmpty()) {
          add(Token.Type.NEWLINE, "", here());
          atLineStart = true;
        }
        newLine();
      } else if (c == END) {
        break;
      } else {
        token(c);
      }
    }
    if (!brackets.isEmpty()) {
      Token open = brackets.getLast();
      throw new SyntaxException(open.position(), "'" + open.text() + "' is never closed");
    }
    if (!tokens.isEmpty() && tokens.getLast().type() != Token.Type.NEWLINE) {
      add(Token.Type.NEWLINE, "", here());
    }
    for (int i = indents.size() - 1; i > 0; i--) {
      add(Token.Type.DEDENT, "", here());
    }
    add(Token.Type.END, "", here());
  }

  /**
   * Skips lines without a statement, then compares the next line's indentation; false at the end of
   * the source.
   */
  private boolean indentation() {
    while (true) {
      int start = next;
      while (peek(0) == ' ' || peek(0) == '\t') {
        next++;
      }
      if (peek(0) == '#') {
        skipComment();
      }
      if (peek(0) == '\n') {
        newLine();
        continue;
      }
      if (peek(0) == END) {
        return false;
      }
      for (int i = start; i < next; i++) {
        if (source[i] == '\t') {
          throw new SyntaxException(
              new Position(line, i - lineStart + 1), "a tab indents this line; indent with spaces");
        }
      }
      indent(next - start);
      return true;
    }
  }

  private void indent(int width) {
    if (width > indents.getLast()) {
      indents.add(width);
      add(Token.Type.INDENT, "", here());
    }
    while (width < indents.getLast()) {
      indents.removeLast();
      if (width > indents.getLast()) {
        throw new SyntaxException(
            here(),
            "this line is indented by " + width + ", which fits no block that is open here");
      }
      add(Token.Type.DEDENT, "", here());
    }
  }

  private void skipComment() {
    while (peek(0) != '\n' && peek(0) != END) {
      next++;
    }
  }

  private void newLine() {
    next++;
    line++;
    lineStart = next;
  }

  private void token(int c) {
    if (Identifiers.isStart(c)) {
      word();
    } else if (isDigit(c, 10)) {
      number();
    } else if (c == '\'' || c == '"') {
      string(c);
    } else if (c == '.' && isDigit(peek(1), 10)) {
      throw new SyntaxException(here(), "numbers with a fraction are not supported; use integers");
    } else {
      operator(c);
    }
  }

  private void word() {
    Position position = here();
    int start = next;
    while (Identifiers.isPart(peek(0))) {
      next++;
    }
    String text = new String(source, start, next - start);
    if (peek(0) == '\'' || peek(0) == '"') {
      throw new SyntaxException(
          position, "the string prefix '" + text + "' is not supported; use a plain string");
    }
    add(Identifiers.KEYWORDS.contains(text) ? Token.Type.KEYWORD : Token.Type.NAME, text, position);
  }

  private void number() {
    Position position = here();
    int start = next;
    int radix = 10;
    if (peek(0) == '0') {
      radix =
          switch (peek(1)) {
            case 'x', 'X' -> 16;
            case 'o', 'O' -> 8;
            case 'b', 'B' -> 2;
            default -> 10;
          };
    }
    if (radix != 10) {
      next += 2;
    }
    StringBuilder digits = new StringBuilder();
    // An underscore may stand before each digit but the first (or after the prefix).
    while (isDigit(peek(0), radix)
        || (peek(0) == '_' && isDigit(peek(1), radix) && (radix != 10 || !digits.isEmpty()))) {
      if (peek(0) != '_') {
        digits.appendCodePoint(peek(0));
      }
      next++;
    }
    boolean fraction = radix == 10 && (peek(0) == '.' || peek(0) == 'e' || peek(0) == 'E');
    if (fraction) {
      throw new SyntaxException(
          position, "numbers with a fraction or exponent are not supported; use integers");
    }
    if (digits.isEmpty() || Identifiers.isPart(peek(0))) {
      while (Identifiers.isPart(peek(0))) {
        next++;
      }
      throw new SyntaxException(
          position, "'" + new String(source, start, next - start) + "' is no integer");
    }
    if (digits.length() > MAX_DIGITS) {
      throw new SyntaxException(
          position,
          "an integer of " + digits.length() + " digits; at most " + MAX_DIGITS + " are supported");
    }
    BigInteger value = new BigInteger(digits.toString(), radix);
    if (radix == 10 && digits.charAt(0) == '0' && value.signum() != 0) {
      throw new SyntaxException(
          position, "an integer must not begin with 0; octal numbers begin with 0o");
    }
    add(Token.Type.INTEGER, value.toString(), position);
  }

  private void string(int quote) {
    Position position = here();
    if (peek(1) == quote && peek(2) == quote) {
      throw new SyntaxException(
          position, "triple-quoted strings are not supported; use one pair of quotes");
    }
    next++;
    StringBuilder text = new StringBuilder();
    while (peek(0) != quote) {
      int c = peek(0);
      if (c == END || c == '\n') {
        throw new SyntaxException(position, "this string is not closed on its line");
      }
      if (c == '\\') {
        escape(text);
      } else {
        next++;
        character(text, c, here());
      }
    }
    next++;
    add(Token.Type.STRING, text.toString(), position);
  }

  /** Reads a backslash and what belongs to it. */
  private void escape(StringBuilder text) {
    Position position = here();
    int c = peek(1);
    next += 2;
    switch (c) {
      case '\n' -> {
        line++;
        lineStart = next;
      }
      case '\\', '\'', '"' -> text.appendCodePoint(c);
      case 'n' -> text.append('\n');
      case 'r' -> text.append('\r');
      case 't' -> text.append('\t');
      case 'a' -> text.append('\u0007');
      case 'b' -> text.append('\b');
      case 'f' -> text.append('\f');
      case 'v' -> text.append('\u000B');
      case 'x' -> character(text, hexadecimal(2, position), position);
      case 'u' -> character(text, hexadecimal(4, position), position);
      case 'U' -> character(text, hexadecimal(8, position), position);
      case '0', '1', '2', '3', '4', '5', '6', '7' -> {
        int value = c - '0';
        for (int i = 0; i < 2 && isDigit(peek(0), 8); i++, next++) {
          value = value * 8 + peek(0) - '0';
        }
        character(text, value, position);
      }
      default ->
          throw new SyntaxException(
              position,
              "unknown escape in a string; supported are \\\\ \\' \\\" \\n"
                  + " \\r"
                  + " \\t \\a \\b \\f \\v \\x \\u \\U and octal");
    }
  }

  private int hexadecimal(int digits, Position position) {
    long value = 0;
    for (int i = 0; i < digits; i++, next++) {
      if (!isDigit(peek(0), 16)) {
        throw new SyntaxException(position, "this escape needs " + digits + " hexadecimal digits");
      }
      value = value * 16 + Character.digit(peek(0), 16);
    }
    return (int) Math.min(value, Integer.MAX_VALUE);
  }

  private static void character(StringBuilder text, int c, Position position) {
    if (c > Character.MAX_CODE_POINT) {
      throw new SyntaxException(
          position, "no character has this code; the last one is \\U0010ffff");
    }
    if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
      throw new SyntaxException(
          position, "half a surrogate pair is no character; write \\U and 8 digits");
    }
    text.appendCodePoint(c);
  }

  private void operator(int c) {
    Position position = here();
    for (String operator : OPERATORS) {
      if (startsWith(operator)) {
        next += operator.length();
        Token token = add(Token.Type.OPERATOR, operator, position);
        switch (operator) {
          case "(", "[", "{" -> brackets.add(token);
          case ")", "]", "}" -> close(token);
          default -> {}
        }
        return;
      }
    }
    if (c == '\\') {
      throw new SyntaxException(
          position, "a backslash cannot join lines here; put the expression in parentheses");
    }
    throw new SyntaxException(
        position,
        "the character '"
            + Character.toString(c)
            + "' is not supported outside strings and comments");
  }

  private void close(Token token) {
    if (brackets.isEmpty()) {
      throw new SyntaxException(token.position(), token.describe() + " closes nothing");
    }
    Token open = brackets.removeLast();
    String expected =
        switch (open.text()) {
          case "(" -> ")";
          case "[" -> "]";
          default -> "}";
        };
    if (!token.text().equals(expected)) {
      throw new SyntaxException(
          token.position(),
          token.describe() + " does not close the '" + open.text() + "' of " + open.position());
    }
  }

  private boolean startsWith(String operator) {
    for (int i = 0; i < operator.length(); i++) {
      if (peek(i) != operator.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private Token add(Token.Type type, String text, Position position) {
    Token token = new Token(type, text, position);
    tokens.add(token);
    return token;
  }

  private int peek(int ahead) {
    return next + ahead < source.length ? source[next + ahead] : END;
  }

  private Position here() {
    return new Position(line, next - lineStart + 1);
  }

  private static boolean isDigit(int c, int radix) {
    return c >= 0 && c < 128 && Character.digit(c, radix) >= 0;
  }
}
