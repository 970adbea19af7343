package pbb.lang;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** What must hold across a whole program, whether it was parsed or built. */
final class ProgramCheck {

  /** Deeper trees than this would need more of the Java stack than a thread has by default. */
  static final int MAX_DEPTH = 100;

  private static final String BUILTINS =
      Arrays.stream(Builtin.values()).map(Builtin::identifier).collect(Collectors.joining(", "));

  private final Set<String> functions = new HashSet<>();

  private ProgramCheck() {}

  static void check(List<Function> functions) {
    if (functions.isEmpty()) {
      throw new SyntaxException(
          Position.NONE, "a program needs at least one function definition (def)");
    }
    ProgramCheck check = new ProgramCheck();
    for (Function function : functions) {
      if (isBuiltin(function.name())) {
        throw new SyntaxException(
            function.position(),
            "'" + function.name() + "' is a built-in function and cannot be redefined");
      }
      if (!check.functions.add(function.name())) {
        throw new SyntaxException(
            function.position(), "function '" + function.name() + "' is defined twice");
      }
    }
    for (Function function : functions) {
      for (String parameter : function.parameters()) {
        check.variable(parameter, function.position());
      }
      check.statements(function.body(), false, 1);
    }
  }

  private static boolean isBuiltin(String name) {
    return name.equals("range") || Builtin.of(name).isPresent();
  }

  private void variable(String name, Position position) {
    if (isBuiltin(name) || functions.contains(name)) {
      throw new SyntaxException(
          position,
          "'"
              + name
              + "' is a function; functions can only be called, and no variable may take their"
              + " name");
    }
  }

  private void statements(List<Statement> body, boolean inLoop, int depth) {
    for (Statement statement : body) {
      statement(statement, inLoop, depth);
    }
  }

  private void statement(Statement statement, boolean inLoop, int depth) {
    deep(depth, statement.position());
    switch (statement) {
      case Statement.Assign s -> {
        expression(s.target(), depth + 1);
        expression(s.value(), depth + 1);
      }
      case Statement.AugmentedAssign s -> {
        expression(s.target(), depth + 1);
        expression(s.value(), depth + 1);
      }
      case Statement.If s -> {
        expression(s.condition(), depth + 1);
        statements(s.then(), inLoop, depth + 1);
        statements(s.otherwise(), inLoop, depth + 1);
      }
      case Statement.While s -> {
        expression(s.condition(), depth + 1);
        statements(s.body(), true, depth + 1);
      }
      case Statement.ForRange s -> {
        expression(s.variable(), depth + 1);
        s.range().forEach(e -> expression(e, depth + 1));
        statements(s.body(), true, depth + 1);
      }
      case Statement.ForEach s -> {
        expression(s.variable(), depth + 1);
        expression(s.sequence(), depth + 1);
        statements(s.body(), true, depth + 1);
      }
      case Statement.Return s -> s.value().ifPresent(e -> expression(e, depth + 1));
      case Statement.ExpressionStatement s -> expression(s.expression(), depth + 1);
      case Statement.Pass _ -> {}
      case Statement.Break s -> loopOnly(inLoop, "break", s.position());
      case Statement.Continue s -> loopOnly(inLoop, "continue", s.position());
    }
  }

  private static void loopOnly(boolean inLoop, String keyword, Position position) {
    if (!inLoop) {
      throw new SyntaxException(position, "'" + keyword + "' stands outside a loop");
    }
  }

  private void expression(Expression expression, int depth) {
    deep(depth, expression.position());
    switch (expression) {
      case Expression.IntLiteral _,
          Expression.StringLiteral _,
          Expression.BoolLiteral _,
          Expression.NoneLiteral _ -> {}
      case Expression.Name e -> variable(e.identifier(), e.position());
      case Expression.ListLiteral e -> expressions(e.elements(), depth);
      case Expression.Unary e -> expression(e.operand(), depth + 1);
      case Expression.Binary e -> {
        expression(e.left(), depth + 1);
        expression(e.right(), depth + 1);
      }
      case Expression.Compare e -> {
        expression(e.first(), depth + 1);
        e.links().forEach(link -> expression(link.operand(), depth + 1));
      }
      case Expression.BoolOp e -> expressions(e.operands(), depth);
      case Expression.Conditional e -> {
        expression(e.condition(), depth + 1);
        expression(e.then(), depth + 1);
        expression(e.otherwise(), depth + 1);
      }
      case Expression.Call e -> {
        if (e.function().equals("range")) {
          throw new SyntaxException(
              e.position(), "range is supported only as 'for NAME in range(...)'");
        }
        if (!functions.contains(e.function()) && Builtin.of(e.function()).isEmpty()) {
          throw new SyntaxException(
              e.position(),
              "no function '" + e.function() + "' is defined here; built in are " + BUILTINS);
        }
        expressions(e.arguments(), depth);
      }
      case Expression.MethodCall e -> {
        expression(e.receiver(), depth + 1);
        expressions(e.arguments(), depth);
      }
      case Expression.Index e -> {
        expression(e.sequence(), depth + 1);
        expression(e.index(), depth + 1);
      }
      case Expression.Slice e -> {
        expression(e.sequence(), depth + 1);
        e.lower().ifPresent(bound -> expression(bound, depth + 1));
        e.upper().ifPresent(bound -> expression(bound, depth + 1));
        e.step().ifPresent(step -> expression(step, depth + 1));
      }
    }
  }

  private void expressions(List<Expression> expressions, int depth) {
    expressions.forEach(e -> expression(e, depth + 1));
  }

  private static void deep(int depth, Position position) {
    if (depth > MAX_DEPTH) {
      throw new SyntaxException(
          position,
          "blocks and expressions are nested more than " + MAX_DEPTH + " deep; split this up");
    }
  }
}
