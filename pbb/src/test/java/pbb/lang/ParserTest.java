package pbb.lang;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import pbb.lang.Expression.IntLiteral;
import pbb.lang.Expression.StringLiteral;

final class ParserTest {

  /** The expression that {@code source} is. */
  private static Expression expression(String source) {
    Program program = Parser.parse("def f(x, y):\n    " + source + "\n");
    return ((Statement.ExpressionStatement) program.main().body().getFirst()).expression();
  }

  private static String message(String source) {
    return String.valueOf(
        assertThrows(SyntaxException.class, () -> Parser.parse(source), source).getMessage());
  }

  @Test
  void aParsedProgramEqualsABuiltOne() {
    Program parsed =
        Parser.parse(
            """
            # Comments and blank lines do not count.

            def half(n):
              return n // 2   # any consistent indentation will do


            def zib(x):
                    y = [1,
               2,     # inside brackets lines go on
                  3,]

                    if x: y[0] = -x
                    elif not x:
                            pass
                    y += [half(x)]
                    return y
            """);
    Program built =
        Ast.program(
            Ast.function(
                "half",
                List.of("n"),
                Ast.returns(
                    Ast.binary(Ast.name("n"), BinaryOperator.FLOOR_DIVIDE, Ast.integer(2)))),
            Ast.function(
                "zib",
                List.of("x"),
                Ast.assign("y", Ast.list(Ast.integer(1), Ast.integer(2), Ast.integer(3))),
                Ast.when(
                    Ast.name("x"),
                    List.of(
                        Ast.assign(
                            Ast.index(Ast.name("y"), Ast.integer(0)),
                            Ast.unary(UnaryOperator.NEGATE, Ast.name("x")))),
                    List.of(Ast.when(Ast.not(Ast.name("x")), List.of(Ast.pass())))),
                Ast.augment("y", BinaryOperator.ADD, Ast.list(Ast.call("half", Ast.name("x")))),
                Ast.returns(Ast.name("y"))));

    assertEquals(built, parsed);
    assertEquals("zib", parsed.name());
    assertEquals(15, parsed.main().body().get(2).position().line());
    assertEquals(9, parsed.main().body().get(2).position().column());
  }

  @Test
  void programsThatDifferAreNotEqual() {
    assertNotEquals(expression("x + y"), expression("y + x"));
    assertNotEquals(expression("(x and y) and x"), expression("x and y and x"));
    assertNotEquals(expression("(x < y) < x"), expression("x < y < x"));
  }

  @Test
  void lineEndingsOfOtherSystemsMakeTheSameProgram() {
    String source = "def f(x):\n    y = x\n    return y\n";
    assertEquals(Parser.parse(source), Parser.parse(source.replace("\n", "\r\n")));
    assertEquals(Parser.parse(source), Parser.parse(source.replace("\n", "\r")));
    assertEquals(Parser.parse(source), Parser.parse(source.strip()));
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "0x1F, 31", "0b101, 5", "0o17, 15", "1_000, 1000", "00, 0", "0x_f, 15"})
  void integersAreWrittenAsInPython(String source, long value) {
    assertEquals(new IntLiteral(BigInteger.valueOf(value)), expression(source));
  }

  @Test
  void stringsAreWrittenAsInPython() {
    assertEquals(new StringLiteral("it's"), expression("\"it's\""));
    assertEquals(
        new StringLiteral("\\ ' \" \n \t \u00e9 \u20ac \ud83d\ude00 A \0"),
        expression("'\\\\ \\' \\\" \\n \\t \\xe9 \\u20ac \\U0001F600 \\101 \\0'"));
    assertEquals(new StringLiteral("# no comment"), expression("'# no comment'"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x + y * 2 - -x",
        "(x + y) * 2 % 3",
        "x - (y - 1)",
        "x << 1 + y & 3 | x ^ ~y",
        "not x == y and (x or y) in [1, 2]",
        "x < y <= 3 != (x < y)",
        "(not x) + 1",
        "x if y else y if x else 3",
        "(x if y else 2) if (1 if x else 0) else 3",
        "(x + y)[0][1:2][::-1][:]",
        "(-x)[1]",
        "(5).append(x)",
        "[].pop(-1) not in 'abc' + \"it's\"",
        "f(x, f(1, 2))[len([1, [2]])]",
        "--x + +~x",
        "(x and y) and x",
        "not not x",
        "True == None",
      })
  void canonicalExpressionsAreRenderedAsTheyStand(String source) {
    assertEquals(source, PythonRenderer.render(expression(source)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "((x))+(y*2)          | x + y * 2",
        "(x-y)-1              | x - y - 1",
        "x  if (y) else(2)    | x if y else 2",
        "(x or y) or (x and y)| (x or y) or x and y",
        "\"abc\"              | 'abc'",
        "0x10                 | 16",
        "x [ 1 : ] . append ( 2 , ) | x[1:].append(2)",
      })
  void renderingLeavesOutWhatPythonDoesNotNeed(String source, String rendered) {
    assertEquals(rendered, PythonRenderer.render(expression(source)));
    assertEquals(expression(rendered), expression(source));
  }

  @Test
  void renderingIsAFixedPoint() {
    String source =
        """
        def gcd(a, b):
            while b != 0:
                t = a % b
                a = b
                b = t
            return a

        def main(x, s):
            n = 0
            for i in range(10, x, -2):
                if i == 3:
                    continue
                elif i < 3:
                    break
                else:
                    n += gcd(i, x)
            for c in s:
                n ^= ord(c)
            if n:
                if x:
                    return
                pass
            s[0][n] = 'a' * 3
            return [n, s]
        """;
    assertEquals(source, PythonRenderer.render(Parser.parse(source)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "return x / 2    | line 2, column 14: '/' makes fractions, which are not supported; use"
            + " '//'",
        "return 2 ** x   | line 2, column 14: '**' is not supported; multiply in a loop",
        "return 1.5      | line 2, column 12: numbers with a fraction or exponent are not"
            + " supported; use integers",
        "return 12ab     | line 2, column 12: '12ab' is no integer",
        "return 012      | line 2, column 12: an integer must not begin with 0; octal numbers begin"
            + " with 0o",
        "return x +      | line 2, column 15: expected an expression but found the end of the line",
        "return (x, y)   | line 2, column 14: tuples are not supported; use a list",
        "return x, y     | line 2, column 13: tuples are not supported; use a list or one statement"
            + " per value",
        "return [x, y    | line 2, column 12: '[' is never closed",
        "return x]       | line 2, column 13: ']' closes nothing",
        "return (x]      | line 2, column 14: ']' does not close the '(' of line 2, column 12",
        "return 'abc     | line 2, column 12: this string is not closed on its line",
        "return f'{x}'   | line 2, column 12: the string prefix 'f' is not supported; use a plain"
            + " string",
        "return '\\q'    | line 2, column 13: unknown escape in a string; supported are \\\\ \\'"
            + " \\\" \\n"
            + " \\r"
            + " \\t \\a \\b \\f \\v \\x \\u \\U and octal",
        "return x is y   | line 2, column 14: 'is' is not supported; compare with '=='",
        "return {x: 1}   | line 2, column 12: dictionaries and sets are not supported; use a list",
        "return [i for i in x] | line 2, column 15: comprehensions are not supported; use a loop",
        "return lambda x: x | line 2, column 12: 'lambda' is not supported",
        "return x.size   | line 2, column 14: attributes are not supported; call a method (append,"
            + " pop)",
        "return x.sort() | line 2, column 14: the method 'sort' is not supported; supported are"
            + " append, pop",
        "return print(x) | line 2, column 12: no function 'print' is defined here; built in are"
            + " len, str, int, ord, chr, min, max, abs",
        "return f        | line 2, column 12: 'f' is a function; functions can only be called, and"
            + " no variable may take their name",
        "return x[0](1)  | line 2, column 16: only a function's name or a method can be called",
        "return f(x=1)   | line 2, column 15: arguments by name are not supported",
        "return x ? y    | line 2, column 14: the character '?' is not supported outside strings"
            + " and comments",
        "return x y      | line 2, column 14: expected the end of the line but found 'y'",
        "x = y = 1       | line 2, column 11: only one '=' a statement is supported",
        "x + 1 = 2       | line 2, column 5: this cannot be assigned to; assign to a variable or an"
            + " element",
        "x[1:] = y       | line 2, column 5: assignment to a slice is not supported; assign to a"
            + " variable or an element",
        "x: int = 3      | line 2, column 6: annotations are not supported",
        "max = 3         | line 2, column 5: 'max' is a function; functions can only be called, and"
            + " no variable may take their name",
        "x = 1; y = 2    | line 2, column 10: one statement a line; ';' is not supported",
        "break           | line 2, column 5: 'break' stands outside a loop",
        "import os       | line 2, column 5: 'import' is not supported; statements are assignments,"
            + " calls, if, while, for, return, pass, break and continue",
        "else: pass      | line 2, column 5: 'else' has no 'if' before it",
        "def g(): pass   | line 2, column 5: a function inside a function is not supported",
        "if x            | line 2, column 9: expected ':' at the end of 'if' but found the end of"
            + " the line",
        "if x:           | line 3, column 1: expected an indented block after 'if'",
        "for i in range(): pass | line 2, column 5: range takes 1 to 3 arguments, not 0",
        "x = range(3)    | line 2, column 9: range is supported only as 'for NAME in range(...)'",
        "for x[0] in y: pass | line 2, column 10: expected 'in' after the loop's variable but found"
            + " '['",
      })
  void whatIsWrongIsSaidInOneSentence(String statement, String expected) {
    assertEquals(expected, message("def f(x, y):\n    " + statement.strip() + "\n"));
  }

  @Test
  void indentationIsCheckedAsInPython() {
    assertEquals(
        "line 3, column 1: a tab indents this line; indent with spaces",
        message("def f(x):\n    y = x\n\treturn y\n"));
    assertEquals(
        "line 3, column 7: this line is indented more than its block",
        message("def f(x):\n    y = x\n      return y\n"));
    assertEquals(
        "line 3, column 3: this line is indented by 2, which fits no block that is open here",
        message("def f(x):\n    y = x\n  return y\n"));
    assertEquals(
        "line 2, column 1: expected an indented block after 'def'",
        message("def f(x):\nreturn x\n"));
  }

  @Test
  void aProgramIsFunctionsOnly() {
    assertEquals("a program needs at least one function definition (def)", message("# nothing\n"));
    assertEquals(
        "line 1, column 1: expected a function definition (def) but found 'x'", message("x = 1\n"));
    assertEquals(
        "line 3, column 1: function 'f' is defined twice",
        message("def f():\n    pass\ndef f():\n    pass\n"));
    assertEquals(
        "line 1, column 1: 'len' is a built-in function and cannot be redefined",
        message("def len(x):\n    return 3\n"));
    assertEquals(
        "line 1, column 1: function 'f' has two parameters named 'x'",
        message("def f(x, x):\n    return 3\n"));
    assertEquals(
        "line 1, column 8: default values of parameters are not supported",
        message("def f(x=1):\n    return 3\n"));
  }

  @Test
  void columnsCountCharactersEvenBeyondTheBasicPlane() {
    assertEquals(
        "line 2, column 22: expected the end of the line but found 'x'",
        message("def f(x):\n    return '\ud83d\ude00\u00e9' + 'a'x\n"));
  }

  @Test
  void nestingThatWouldOverflowTheStackIsRefused() {
    String deep = "(".repeat(100_000) + "x" + ")".repeat(100_000);
    assertEquals(
        "line 2, column 261: brackets, signs and blocks are nested more than 250 deep; split this"
            + " up",
        message("def f(x):\n    return " + deep + "\n"));
    String wide = "x + ".repeat(100_000) + "x";
    assertEquals(
        "line 2, column 12: blocks and expressions are nested more than 100 deep; split this up",
        message("def f(x):\n    return " + wide + "\n"));
    assertThrows(
        SyntaxException.class,
        () -> Parser.parse("def f(x):\n    return " + "not ".repeat(100_000) + "x\n"));
  }

  @Test
  void whatIsBuiltIsCheckedToo() {
    assertThrows(SyntaxException.class, () -> Ast.name("for"));
    assertThrows(SyntaxException.class, () -> Ast.name("2x"));
    assertThrows(IllegalArgumentException.class, () -> new IntLiteral(BigInteger.valueOf(-1)));
    assertThrows(
        SyntaxException.class, () -> Ast.program(Ast.function("f", List.of(), Ast.breakLoop())));
    assertThrows(IllegalArgumentException.class, () -> Ast.whileLoop(Ast.bool(true)));
  }
}
