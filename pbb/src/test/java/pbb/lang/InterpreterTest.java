package pbb.lang;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * What a reader wants to know of the interpreter; that it does as Python is {@link
 * InterpreterAgainstPythonTest}'s.
 */
final class InterpreterTest {

  private static final String COLLATZ =
      """
      def collatz(n):
          steps = 0
          while n != 1:
              if n % 2 == 0:
                  n //= 2
              else:
                  n = 3 * n + 1
              steps += 1
          return steps
      """;

  private static Outcome run(String source, Value... arguments) {
    return new Interpreter().run(Parser.parse(source), List.of(arguments));
  }

  private static Outcome run(Limits limits, String source, Value... arguments) {
    return new Interpreter(limits).run(Parser.parse(source), List.of(arguments));
  }

  private static Limits limits(long steps, int bits, int size, int depth) {
    return new Limits(steps, bits, size, depth);
  }

  @Test
  void aProgramReturnsAValueAndCountsItsSteps() {
    // n = 3, 10, 5, 16, 8, 4, 2, 1: seven rounds of condition, if, assignment and count.
    assertEquals(new Outcome.Returned(Value.of(7), 1 + 7 * 4 + 1 + 1), run(COLLATZ, Value.of(3)));
  }

  @Test
  void aFailureSaysKindMessageAndLine() {
    Outcome outcome = run("def f(x):\n    y = 1\n    return y // x\n", Value.of(0));
    assertEquals(
        new Outcome.Failed(
            ErrorKind.ZERO_DIVISION_ERROR, "integer division or modulo by zero", 3, 2),
        outcome);
    assertEquals(
        "ZeroDivisionError: integer division or modulo by zero (line 3)", outcome.toString());
  }

  @Test
  void aFailureAfterACallIsTheCallersLine() {
    String source =
        """
        def g(x):
            y = x
            return y

        def f(x):
            return g(x) // 0
        """;
    assertEquals(
        new Outcome.Failed(
            ErrorKind.ZERO_DIVISION_ERROR, "integer division or modulo by zero", 6, 3),
        run(source, Value.of(1)));
  }

  @Test
  void programsBuiltInCodeHaveNoLines() {
    Program program = Ast.program(Ast.function("f", List.of(), Ast.returns(Ast.name("q"))));
    assertEquals(
        new Outcome.Failed(ErrorKind.NAME_ERROR, "name 'q' is not defined", 0, 1),
        new Interpreter().run(program, List.of()));
  }

  @Test
  void theStepLimitIsTheNumberOfStepsThatMayRun() {
    long needed = run(COLLATZ, Value.of(27)).steps();
    assertEquals(
        run(COLLATZ, Value.of(27)), run(Limits.DEFAULT.withSteps(needed), COLLATZ, Value.of(27)));
    assertEquals(
        new Outcome.Failed(
            ErrorKind.STEP_LIMIT_EXCEEDED, "more than " + (needed - 1) + " steps", 9, needed - 1),
        run(Limits.DEFAULT.withSteps(needed - 1), COLLATZ, Value.of(27)));
  }

  @Test
  void aLoopWithoutEndHitsTheStepLimit() {
    for (String loop : List.of("while True:", "for i in range(1000000000000000000000):")) {
      Outcome outcome = run("def f():\n    " + loop + "\n        pass\n");
      assertEquals(100_000, outcome.steps(), loop);
      assertTrue(
          outcome instanceof Outcome.Failed f && f.kind() == ErrorKind.STEP_LIMIT_EXCEEDED,
          outcome::toString);
    }
  }

  @Test
  void integersAreUnboundedUpToTheBitLimit() {
    String source = "def f(x, y):\n    return x * y\n";
    Value two64 = Value.of(java.math.BigInteger.TWO.pow(64));
    assertEquals("340282366920938463463374607431768211456", returned(run(source, two64, two64)));
    assertEquals(
        "-9223372036854775808",
        returned(run(limits(9, 64, 9, 9), source, Value.of(1L << 62), Value.of(-2))));
    assertEquals(
        new Outcome.Failed(
            ErrorKind.INTEGER_LIMIT_EXCEEDED, "an integer of more than 8 bits", 2, 1),
        run(limits(9, 8, 9, 9), source, Value.of(16), Value.of(-16)));
    assertEquals("255", returned(run(limits(9, 8, 9, 9), source, Value.of(17), Value.of(15))));
  }

  @Test
  void largeResultsAreRefusedBeforeTheyAreComputed() {
    Limits small = limits(1000, 64, 20, 9);
    assertEquals(
        ErrorKind.INTEGER_LIMIT_EXCEEDED,
        failure(run(small, "def f():\n    return 1 << 1000000000000\n")));
    assertEquals(
        ErrorKind.SIZE_LIMIT_EXCEEDED,
        failure(run(small, "def f():\n    return 'ab' * 1000000000000\n")));
    assertEquals(
        ErrorKind.SIZE_LIMIT_EXCEEDED, failure(run(small, "def f():\n    return [0] * 21\n")));
    assertEquals("'" + "a".repeat(20) + "'", repr(run(small, "def f():\n    return 'a' * 20\n")));
    assertEquals(
        ErrorKind.SIZE_LIMIT_EXCEEDED,
        failure(run(small, "def f(a):\n    while True:\n        a += a\n", list(1))));
  }

  @Test
  void listsThatRepeatThemselvesCannotBlowUpTheResult() {
    // 2 ** 60 elements when written out, though each list has two.
    String doubling =
        """
        def f(a):
            b = [1]
            for i in range(60):
                a = [a, a]
                b = [b, b]
            RESULT
        """;
    for (String result : List.of("return a", "return str(a)", "return a == b")) {
      assertEquals(
          ErrorKind.SIZE_LIMIT_EXCEEDED,
          failure(run(doubling.replace("RESULT", result), list(1))),
          result);
    }
    String itself = "def f(a):\n    b = [0]\n    b.append(b)\n    a.append(a)\n    RESULT\n";
    for (String result : List.of("return a", "return str(a)", "return a == b")) {
      assertEquals(
          ErrorKind.RECURSION_ERROR,
          failure(run(itself.replace("RESULT", result), list(0))),
          result);
    }
    assertEquals("2", returned(run(itself.replace("RESULT", "return len(a)"), list(0))));
  }

  @Test
  void theDepthLimitCountsCallsInsideOneAnother() {
    String source =
        """
        def f(n):
            if n == 1:
                return 1
            return 1 + f(n - 1)
        """;
    assertEquals("200", returned(run(source, Value.of(200))));
    assertEquals(
        new Outcome.Failed(
            ErrorKind.RECURSION_ERROR, "more than 200 calls inside one another", 4, 400),
        run(source, Value.of(201)));
    assertEquals("400", returned(run(limits(10_000, 64, 9, 400), source, Value.of(400))));
  }

  @Test
  void argumentsStayAsTheyAre() {
    ListValue argument = new ListValue(List.of(Value.of(1), list(2)));
    String source = "def f(a):\n    a.append(3)\n    a[1][0] = 9\n    return a\n";
    assertEquals("[1, [9], 3]", returned(run(source, argument)));
    assertEquals("[1, [2]]", argument.toString());
  }

  @Test
  void theNumberOfArgumentsIsTheCallersMistake() {
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> run(COLLATZ));
    assertEquals("the program 'collatz' takes 1 arguments, not 0", error.getMessage());
  }

  @Test
  void limitsAreChecked() {
    assertThrows(IllegalArgumentException.class, () -> limits(0, 1, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> limits(1, 1, 1, 401));
  }

  // Traces.

  private static String trace(String source, Value... arguments) {
    Trace trace = new Interpreter().trace(Parser.parse(source), List.of(arguments));
    assertEquals(
        new Interpreter().run(Parser.parse(source), List.of(arguments)),
        trace.outcome(),
        "a traced run must end as one that is not traced");
    return trace.states().stream()
        .map(
            state ->
                state.step()
                    + " "
                    + state.function()
                    + ":"
                    + state.line()
                    + "/"
                    + state.depth()
                    + state.bindings().stream()
                        .map(b -> " " + b.variable() + "=" + b.value().repr())
                        .collect(Collectors.joining()))
        .collect(Collectors.joining("\n"));
  }

  @Test
  void aStraightProgramHasAStatePerAssignment() {
    String source =
        """
        def zib(x):
            y = x * 3 % 32
            y = y - 9
            z = [y]
            return z
        """;
    assertEquals("1 zib:2/1 y=21\n2 zib:3/1 y=12\n3 zib:4/1 z=[12]", trace(source, Value.of(7)));
  }

  @Test
  void loopsAndCallsHaveAStatePerRoundAndAssignment() {
    String source =
        """
        def twice(n):
            m = 2 * n
            return m

        def main(n):
            s = 0
            for i in range(n):
                if i:
                    s += twice(i)
            return s
        """;
    assertEquals(
        """
        1 main:6/1 s=0
        3 main:7/1 i=0
        5 main:7/1 i=1
        8 twice:2/2 m=2
        7 main:9/1 s=2\
        """,
        trace(source, Value.of(2)));
  }

  @Test
  void aStateShowsListsAsTheyWereThen() {
    String source =
        """
        def f(a):
            b = [a, 0]
            a.append(4)
            b[0][0] = 7
            x = a.pop() + a.pop()
            while a.pop() > 7:
                pass
            return b
        """;
    assertEquals(
        """
        1 f:2/1 b=[[1, 9, 3], 0]
        2 f:3/1 a=[1, 9, 3, 4]
        3 f:4/1 b=[[7, 9, 3, 4], 0]
        4 f:5/1 a=[7, 9] x=7
        5 f:6/1 a=[7]
        7 f:6/1 a=[]\
        """,
        trace(source, list(1, 9, 3)));
  }

  @Test
  void aFailedRunKeepsTheStatesBeforeIt() {
    assertEquals(
        "1 f:2/1 y=1", trace("def f(x):\n    y = 1\n    z = y % x\n    return z\n", Value.of(0)));
  }

  @Test
  void aTraceTakesListsThatHoldThemselves() {
    assertEquals(
        "1 f:2/1 a=[0, [...]]", trace("def f(a):\n    a.append(a)\n    return 1\n", list(0)));
  }

  private static Value list(long... elements) {
    return Value.of(java.util.Arrays.stream(elements).mapToObj(Value::of).toList());
  }

  private static String returned(Outcome outcome) {
    return outcome instanceof Outcome.Returned r ? r.value().toString() : outcome.toString();
  }

  private static String repr(Outcome outcome) {
    return outcome instanceof Outcome.Returned r ? r.value().repr() : outcome.toString();
  }

  private static ErrorKind failure(Outcome outcome) {
    if (outcome instanceof Outcome.Failed failed) {
      return failed.kind();
    }
    throw new AssertionError("the run did not fail: " + outcome);
  }
}
