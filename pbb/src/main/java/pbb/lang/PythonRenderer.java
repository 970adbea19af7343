package pbb.lang;

import java.util.List;
import java.util.Optional;

/**
 * Writes syntax trees as Python: one text for a tree, indented by four spaces, with no more
 * parentheses than Python needs, so that {@code Parser.parse(render(program))} equals {@code
 * program}.
 *
 * <p>A rendering as another language is another class like this one: a walk over the sealed types
 * {@link Statement} and {@link Expression}, which the compiler keeps exhaustive.
 */
public final class PythonRenderer {

  // What binds tighter has the higher number: Python's operator precedence.
  private static final int CONDITIONAL = 1;
  private static final int OR = 2;
  private static final int AND = 3;
  private static final int NOT = 4;
  private static final int COMPARISON = 5;
  private static final int BIT_OR = 6;
  private static final int BIT_XOR = 7;
  private static final int BIT_AND = 8;
  private static final int SHIFT = 9;
  private static final int SUM = 10;
  private static final int PRODUCT = 11;
  private static final int SIGN = 12;
  private static final int ATOM = 13;

  private final StringBuilder out = new StringBuilder();

  private PythonRenderer() {}

  /** The whole program, its functions parted by an empty line; ends with a line break. */
  public static String render(Program program) {
    PythonRenderer renderer = new PythonRenderer();
    for (Function function : program.functions()) {
      if (!renderer.out.isEmpty()) {
        renderer.out.append('\n');
      }
      renderer.function(function);
    }
    return renderer.out.toString();
  }

  /** One function; ends with a line break. */
  public static String render(Function function) {
    PythonRenderer renderer = new PythonRenderer();
    renderer.function(function);
    return renderer.out.toString();
  }

  /** One statement, not indented, what it contains indented below; ends with a line break. */
  public static String render(Statement statement) {
    PythonRenderer renderer = new PythonRenderer();
    renderer.statement(statement, 0);
    return renderer.out.toString();
  }

  /** One expression, without a line break. */
  public static String render(Expression expression) {
    PythonRenderer renderer = new PythonRenderer();
    renderer.expression(expression, CONDITIONAL);
    return renderer.out.toString();
  }

  private void function(Function function) {
    out.append("def ").append(function.name()).append('(');
    out.append(String.join(", ", function.parameters())).append("):\n");
    body(function.body(), 1);
  }

  private void body(List<Statement> body, int indent) {
    for (Statement statement : body) {
      statement(statement, indent);
    }
  }

  private void statement(Statement statement, int indent) {
    indent(indent);
    switch (statement) {
      case Statement.Assign s -> {
        expression(s.target(), ATOM);
        out.append(" = ");
        line(s.value());
      }
      case Statement.AugmentedAssign s -> {
        expression(s.target(), ATOM);
        out.append(' ').append(s.operator().symbol()).append("= ");
        line(s.value());
      }
      case Statement.If s -> conditional(s, indent);
      case Statement.While s -> {
        out.append("while ");
        expression(s.condition(), CONDITIONAL);
        out.append(":\n");
        body(s.body(), indent + 1);
      }
      case Statement.ForRange s -> {
        out.append("for ").append(s.variable().identifier()).append(" in range(");
        commaSeparated(s.range());
        out.append("):\n");
        body(s.body(), indent + 1);
      }
      case Statement.ForEach s -> {
        out.append("for ").append(s.variable().identifier()).append(" in ");
        expression(s.sequence(), CONDITIONAL);
        out.append(":\n");
        body(s.body(), indent + 1);
      }
      case Statement.Return s -> {
        out.append("return");
        s.value().ifPresent(_ -> out.append(' '));
        s.value().ifPresent(value -> expression(value, CONDITIONAL));
        out.append('\n');
      }
      case Statement.ExpressionStatement s -> line(s.expression());
      case Statement.Pass _ -> out.append("pass\n");
      case Statement.Break _ -> out.append("break\n");
      case Statement.Continue _ -> out.append("continue\n");
    }
  }

  private void conditional(Statement.If first, int indent) {
    out.append("if ");
    Statement.If branch = first;
    while (true) {
      expression(branch.condition(), CONDITIONAL);
      out.append(":\n");
      body(branch.then(), indent + 1);
      List<Statement> otherwise = branch.otherwise();
      if (otherwise.isEmpty()) {
        return;
      }
      indent(indent);
      if (otherwise.size() == 1 && otherwise.getFirst() instanceof Statement.If next) {
        out.append("elif ");
        branch = next;
      } else {
        out.append("else:\n");
        body(otherwise, indent + 1);
        return;
      }
    }
  }

  private void indent(int indent) {
    out.repeat("    ", indent);
  }

  private void line(Expression expression) {
    expression(expression, CONDITIONAL);
    out.append('\n');
  }

  /** Writes {@code expression}, in parentheses if it binds less tightly than {@code least}. */
  private void expression(Expression expression, int least) {
    boolean parentheses = precedence(expression) < least;
    if (parentheses) {
      out.append('(');
    }
    switch (expression) {
      case Expression.IntLiteral e -> out.append(e.value());
      case Expression.StringLiteral e -> out.append(Quoting.quote(e.value()));
      case Expression.BoolLiteral e -> out.append(e.value() ? "True" : "False");
      case Expression.NoneLiteral _ -> out.append("None");
      case Expression.ListLiteral e -> {
        out.append('[');
        commaSeparated(e.elements());
        out.append(']');
      }
      case Expression.Name e -> out.append(e.identifier());
      case Expression.Unary e -> {
        out.append(e.operator().symbol());
        if (e.operator() == UnaryOperator.NOT) {
          out.append(' ');
        }
        expression(e.operand(), precedence(e));
      }
      case Expression.Binary e -> {
        expression(e.left(), precedence(e));
        out.append(' ').append(e.operator().symbol()).append(' ');
        expression(e.right(), precedence(e) + 1);
      }
      case Expression.Compare e -> {
        expression(e.first(), COMPARISON + 1);
        for (Expression.Compare.Link link : e.links()) {
          out.append(' ').append(link.operator().symbol()).append(' ');
          expression(link.operand(), COMPARISON + 1);
        }
      }
      case Expression.BoolOp e -> {
        expression(e.operands().getFirst(), precedence(e) + 1);
        for (Expression operand : e.operands().subList(1, e.operands().size())) {
          out.append(' ').append(e.operator().symbol()).append(' ');
          expression(operand, precedence(e) + 1);
        }
      }
      case Expression.Conditional e -> {
        expression(e.then(), CONDITIONAL + 1);
        out.append(" if ");
        expression(e.condition(), CONDITIONAL + 1);
        out.append(" else ");
        expression(e.otherwise(), CONDITIONAL);
      }
      case Expression.Call e -> {
        out.append(e.function()).append('(');
        commaSeparated(e.arguments());
        out.append(')');
      }
      case Expression.MethodCall e -> {
        // "5.append" would read as a number with a fraction.
        expression(e.receiver(), e.receiver() instanceof Expression.IntLiteral ? ATOM + 1 : ATOM);
        out.append('.').append(e.method().identifier()).append('(');
        commaSeparated(e.arguments());
        out.append(')');
      }
      case Expression.Index e -> {
        expression(e.sequence(), ATOM);
        out.append('[');
        expression(e.index(), CONDITIONAL);
        out.append(']');
      }
      case Expression.Slice e -> {
        expression(e.sequence(), ATOM);
        out.append('[');
        optional(e.lower());
        out.append(':');
        optional(e.upper());
        e.step().ifPresent(_ -> out.append(':'));
        optional(e.step());
        out.append(']');
      }
    }
    if (parentheses) {
      out.append(')');
    }
  }

  private void optional(Optional<Expression> expression) {
    expression.ifPresent(e -> expression(e, CONDITIONAL));
  }

  private void commaSeparated(List<Expression> expressions) {
    String separator = "";
    for (Expression expression : expressions) {
      out.append(separator);
      expression(expression, CONDITIONAL);
      separator = ", ";
    }
  }

  private static int precedence(Expression expression) {
    return switch (expression) {
      case Expression.Conditional _ -> CONDITIONAL;
      case Expression.BoolOp e -> e.operator() == LogicalOperator.OR ? OR : AND;
      case Expression.Unary e -> e.operator() == UnaryOperator.NOT ? NOT : SIGN;
      case Expression.Compare _ -> COMPARISON;
      case Expression.Binary e ->
          switch (e.operator()) {
            case BIT_OR -> BIT_OR;
            case BIT_XOR -> BIT_XOR;
            case BIT_AND -> BIT_AND;
            case SHIFT_LEFT, SHIFT_RIGHT -> SHIFT;
            case ADD, SUBTRACT -> SUM;
            case MULTIPLY, FLOOR_DIVIDE, MODULO -> PRODUCT;
          };
      case Expression.IntLiteral _,
          Expression.StringLiteral _,
          Expression.BoolLiteral _,
          Expression.NoneLiteral _,
          Expression.ListLiteral _,
          Expression.Name _,
          Expression.Call _,
          Expression.MethodCall _,
          Expression.Index _,
          Expression.Slice _ ->
          ATOM;
    };
  }
}
