package pbb.lang;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Reads programs of the language: function definitions made of assignments, {@code if}, {@code
 * while}, {@code for}, {@code return}, {@code pass}, {@code break}, {@code continue} and
 * expressions. It is a subset of Python 3, save that a call names a function of the program, a
 * {@link Builtin} or a {@link Method}, and that functions are not values.
 */
public final class Parser {

  /**
   * How deep brackets, signs and blocks may nest; enough for every program that {@link Program}
   * accepts.
   */
  private static final int MAX_NESTING = 2 * ProgramCheck.MAX_DEPTH + 50;

  private static final String METHODS =
      Arrays.stream(Method.values()).map(Method::identifier).collect(Collectors.joining(", "));

  private final List<Token> tokens;
  private int next;
  private int nesting;

  private Parser(List<Token> tokens) {
    this.tokens = tokens;
  }

  /**
   * The program that {@code source} defines: one or more functions, of which the last is the
   * program itself.
   *
   * @throws SyntaxException if the source is not in the language
   */
  public static Program parse(String source) {
    return new Parser(Lexer.tokens(source)).program();
  }

  private Program program() {
    List<Function> functions = new ArrayList<>();
    while (peek().type() != Token.Type.END) {
      if (!peek().is("def")) {
        throw error(peek(), "expected a function definition (def) but found " + peek().describe());
      }
      functions.add(function());
    }
    return new Program(functions);
  }

  private Function function() {
    Position position = take().position();
    Token name = name("a function's name");
    expect("(", "after the function's name");
    List<String> parameters = new ArrayList<>();
    while (!peek().is(")")) {
      parameters.add(name("a parameter").text());
      refuse("=", "default values of parameters are not supported");
      refuse(":", "annotations are not supported");
      if (!peek().is(")")) {
        expect(",", "or ')' after a parameter");
      }
    }
    take();
    refuse("->", "annotations are not supported");
    return new Function(name.text(), parameters, block("def"), position);
  }

  /** A colon and what it governs: indented lines, or one simple statement on the same line. */
  private List<Statement> block(String owner) {
    expect(":", "at the end of '" + owner + "'");
    if (peek().type() != Token.Type.NEWLINE) {
      return List.of(simpleStatement());
    }
    take();
    if (peek().type() != Token.Type.INDENT) {
      throw error(peek(), "expected an indented block after '" + owner + "'");
    }
    take();
    List<Statement> body = new ArrayList<>();
    while (peek().type() != Token.Type.DEDENT) {
      body.add(statement());
    }
    take();
    return body;
  }

  private Statement statement() {
    Token token = peek();
    if (token.type() == Token.Type.INDENT) {
      throw error(token, "this line is indented more than its block");
    }
    enter(token);
    Statement statement =
        switch (token.type() == Token.Type.KEYWORD ? token.text() : "") {
          case "if" -> conditional();
          case "while" -> whileLoop();
          case "for" -> forLoop();
          case "def" -> throw error(token, "a function inside a function is not supported");
          case "elif", "else" -> throw error(token, token.describe() + " has no 'if' before it");
          default -> simpleStatement();
        };
    nesting--;
    return statement;
  }

  /** From {@code if} or {@code elif} to the end of the last branch. */
  private Statement conditional() {
    Token keyword = take();
    enter(keyword);
    Expression condition = expression();
    List<Statement> then = block(keyword.text());
    List<Statement> otherwise = List.of();
    if (peek().is("elif")) {
      otherwise = List.of(conditional());
    } else if (peek().is("else")) {
      take();
      otherwise = block("else");
    }
    nesting--;
    return new Statement.If(condition, then, otherwise, keyword.position());
  }

  private Statement whileLoop() {
    Position position = take().position();
    Expression condition = expression();
    List<Statement> body = block("while");
    refuse("else", "'else' after a loop is not supported");
    return new Statement.While(condition, body, position);
  }

  private Statement forLoop() {
    Position position = take().position();
    Token variable = name("the loop's variable");
    expect("in", "after the loop's variable");
    Expression sequence = expression();
    List<Statement> body = block("for");
    refuse("else", "'else' after a loop is not supported");
    Expression.Name name = new Expression.Name(variable.text(), variable.position());
    if (sequence instanceof Expression.Call call && call.function().equals("range")) {
      return new Statement.ForRange(name, call.arguments(), body, position);
    }
    return new Statement.ForEach(name, sequence, body, position);
  }

  private Statement simpleStatement() {
    Token token = peek();
    Statement statement =
        switch (token.type() == Token.Type.KEYWORD ? token.text() : "") {
          case "return" -> {
            take();
            boolean bare = peek().type() == Token.Type.NEWLINE;
            yield new Statement.Return(
                bare ? Optional.empty() : Optional.of(expression()), token.position());
          }
          case "pass" -> new Statement.Pass(take().position());
          case "break" -> new Statement.Break(take().position());
          case "continue" -> new Statement.Continue(take().position());
          case "", "not", "True", "False", "None" -> expressionOrAssignment();
          case "if", "while", "for" ->
              throw error(token, token.describe() + " must begin a line of its own");
          default ->
              throw error(
                  token,
                  "'"
                      + token.text()
                      + "' is not supported; statements are assignments, calls, if, while, for,"
                      + " return, pass, break and continue");
        };
    refuse(",", "tuples are not supported; use a list or one statement per value");
    refuse(";", "one statement a line; ';' is not supported");
    if (peek().type() != Token.Type.NEWLINE) {
      throw unexpected("the end of the line");
    }
    take();
    return statement;
  }

  private Statement expressionOrAssignment() {
    Expression expression = expression();
    Token token = peek();
    if (token.type() != Token.Type.OPERATOR) {
      return new Statement.ExpressionStatement(expression, expression.position());
    }
    if (token.is("=")) {
      Expression.Target target = target(expression);
      take();
      Expression value = expression();
      refuse("=", "only one '=' a statement is supported");
      return new Statement.Assign(target, value, expression.position());
    }
    for (BinaryOperator operator : BinaryOperator.values()) {
      if (token.is(operator.symbol() + "=")) {
        Expression.Target target = target(expression);
        take();
        return new Statement.AugmentedAssign(target, operator, expression(), expression.position());
      }
    }
    refuse("/=", "'/' makes fractions, which are not supported; use '//='");
    refuse("**=", "'**' is not supported; multiply in a loop");
    refuse(":", "annotations are not supported");
    return new Statement.ExpressionStatement(expression, expression.position());
  }

  private static Expression.Target target(Expression expression) {
    return switch (expression) {
      case Expression.Target target -> target;
      case Expression.Slice slice ->
          throw new SyntaxException(
              slice.position(),
              "assignment to a slice is not supported; assign to a variable or an element");
      default ->
          throw new SyntaxException(
              expression.position(),
              "this cannot be assigned to; assign to a variable or an element");
    };
  }

  // Expressions, from the operators that bind least to those that bind most.

  private Expression expression() {
    enter(peek());
    Expression then = or();
    Expression result = then;
    if (peek().is("if")) {
      take();
      Expression condition = or();
      expect("else", "in 'A if CONDITION else B'");
      result = new Expression.Conditional(condition, then, expression(), then.position());
    }
    refuse(":=", "':=' is not supported; use an assignment");
    nesting--;
    return result;
  }

  private Expression or() {
    Expression first = and();
    if (!peek().is("or")) {
      return first;
    }
    List<Expression> operands = new ArrayList<>(List.of(first));
    while (peek().is("or")) {
      take();
      operands.add(and());
    }
    return new Expression.BoolOp(LogicalOperator.OR, operands, first.position());
  }

  private Expression and() {
    Expression first = not();
    if (!peek().is("and")) {
      return first;
    }
    List<Expression> operands = new ArrayList<>(List.of(first));
    while (peek().is("and")) {
      take();
      operands.add(not());
    }
    return new Expression.BoolOp(LogicalOperator.AND, operands, first.position());
  }

  private Expression not() {
    if (!peek().is("not")) {
      return comparison();
    }
    Token token = take();
    enter(token);
    Expression operand = not();
    nesting--;
    return new Expression.Unary(UnaryOperator.NOT, operand, token.position());
  }

  private Expression comparison() {
    Expression first = binary(0);
    List<Expression.Compare.Link> links = new ArrayList<>();
    while (true) {
      Optional<ComparisonOperator> operator = comparisonOperator();
      if (operator.isEmpty()) {
        return links.isEmpty() ? first : new Expression.Compare(first, links, first.position());
      }
      links.add(new Expression.Compare.Link(operator.get(), binary(0)));
    }
  }

  private Optional<ComparisonOperator> comparisonOperator() {
    refuse("is", "'is' is not supported; compare with '=='");
    Token token = peek();
    if (token.is("not") && tokens.get(next + 1).is("in")) {
      next += 2;
      return Optional.of(ComparisonOperator.NOT_IN);
    }
    for (ComparisonOperator operator : ComparisonOperator.values()) {
      if (token.is(operator.symbol())) {
        take();
        return Optional.of(operator);
      }
    }
    return Optional.empty();
  }

  /** Left-associative operators of at least the given level, 0 being {@code |} and 5 {@code *}. */
  private Expression binary(int level) {
    Expression left = unary();
    while (true) {
      refuse("/", "'/' makes fractions, which are not supported; use '//'");
      refuse("**", "'**' is not supported; multiply in a loop");
      refuse("@", "'@' is not supported");
      Optional<BinaryOperator> operator = binaryOperator(peek());
      if (operator.isEmpty() || level(operator.get()) < level) {
        return left;
      }
      take();
      Expression right = binary(level(operator.get()) + 1);
      left = new Expression.Binary(left, operator.get(), right, left.position());
    }
  }

  private static Optional<BinaryOperator> binaryOperator(Token token) {
    for (BinaryOperator operator : BinaryOperator.values()) {
      if (token.is(operator.symbol())) {
        return Optional.of(operator);
      }
    }
    return Optional.empty();
  }

  private static int level(BinaryOperator operator) {
    return switch (operator) {
      case BIT_OR -> 0;
      case BIT_XOR -> 1;
      case BIT_AND -> 2;
      case SHIFT_LEFT, SHIFT_RIGHT -> 3;
      case ADD, SUBTRACT -> 4;
      case MULTIPLY, FLOOR_DIVIDE, MODULO -> 5;
    };
  }

  private Expression unary() {
    for (UnaryOperator operator : UnaryOperator.values()) {
      if (operator != UnaryOperator.NOT && peek().is(operator.symbol())) {
        Token token = take();
        enter(token);
        Expression operand = unary();
        nesting--;
        return new Expression.Unary(operator, operand, token.position());
      }
    }
    return postfix();
  }

  /** An atom with the indices, slices and calls behind it. */
  private Expression postfix() {
    Expression result = atom();
    while (true) {
      if (peek().is("[")) {
        take();
        result = subscript(result);
      } else if (peek().is(".")) {
        take();
        result = methodCall(result);
      } else if (peek().is("(")) {
        if (!(result instanceof Expression.Name function)) {
          throw error(peek(), "only a function's name or a method can be called");
        }
        take();
        result = new Expression.Call(function.identifier(), arguments(")"), function.position());
      } else {
        return result;
      }
    }
  }

  private Expression methodCall(Expression receiver) {
    Token name = name("a method");
    if (!peek().is("(")) {
      throw error(name, "attributes are not supported; call a method (" + METHODS + ")");
    }
    Optional<Method> method = Method.of(name.text());
    if (method.isEmpty()) {
      throw error(
          name, "the method '" + name.text() + "' is not supported; supported are " + METHODS);
    }
    take();
    return new Expression.MethodCall(receiver, method.get(), arguments(")"), receiver.position());
  }

  private Expression subscript(Expression sequence) {
    Optional<Expression> lower = sliceBound();
    if (!peek().is(":")) {
      refuse(",", "only one index is supported; write a[i][j]");
      if (lower.isEmpty()) {
        throw unexpected("an index");
      }
      expect("]", "after an index");
      return new Expression.Index(sequence, lower.get(), sequence.position());
    }
    take();
    Optional<Expression> upper = sliceBound();
    Optional<Expression> step = Optional.empty();
    if (peek().is(":")) {
      take();
      step = sliceBound();
    }
    expect("]", "after a slice");
    return new Expression.Slice(sequence, lower, upper, step, sequence.position());
  }

  private Optional<Expression> sliceBound() {
    return peek().is(":") || peek().is("]") ? Optional.empty() : Optional.of(expression());
  }

  /** Expressions with commas between them, up to and including {@code end}. */
  private List<Expression> arguments(String end) {
    List<Expression> arguments = new ArrayList<>();
    while (!peek().is(end)) {
      refuse("*", "'*' before an argument is not supported");
      arguments.add(expression());
      refuse("=", "arguments by name are not supported");
      refuse("for", "comprehensions are not supported; use a loop");
      if (!peek().is(end)) {
        expect(",", "or '" + end + "'");
      }
    }
    take();
    return arguments;
  }

  private Expression atom() {
    Token token = peek();
    Position position = token.position();
    return switch (token.type()) {
      case INTEGER -> new Expression.IntLiteral(new BigInteger(take().text()), position);
      case STRING -> {
        take();
        if (peek().type() == Token.Type.STRING) {
          throw error(peek(), "two strings side by side are not supported; join them with '+'");
        }
        yield new Expression.StringLiteral(token.text(), position);
      }
      case NAME -> new Expression.Name(take().text(), position);
      case KEYWORD -> {
        Expression constant =
            switch (token.text()) {
              case "True" -> new Expression.BoolLiteral(true, position);
              case "False" -> new Expression.BoolLiteral(false, position);
              case "None" -> new Expression.NoneLiteral(position);
              case "lambda", "await", "yield" ->
                  throw error(token, token.describe() + " is not supported");
              default -> throw unexpected("an expression");
            };
        take();
        yield constant;
      }
      case OPERATOR -> bracketed();
      case NEWLINE, INDENT, DEDENT, END -> throw unexpected("an expression");
    };
  }

  private Expression bracketed() {
    Token open = peek();
    if (open.is("[")) {
      take();
      return new Expression.ListLiteral(arguments("]"), open.position());
    }
    refuse("{", "dictionaries and sets are not supported; use a list");
    if (!open.is("(")) {
      throw unexpected("an expression");
    }
    take();
    refuse(")", "tuples are not supported; use a list");
    Expression inner = expression();
    refuse(",", "tuples are not supported; use a list");
    refuse("for", "comprehensions are not supported; use a loop");
    expect(")", "after an expression in parentheses");
    return inner;
  }

  // Tokens.

  private Token peek() {
    return tokens.get(next);
  }

  private Token take() {
    return tokens.get(next++);
  }

  private Token name(String what) {
    if (peek().type() != Token.Type.NAME) {
      throw unexpected(what);
    }
    return take();
  }

  private void expect(String operator, String where) {
    if (!peek().is(operator)) {
      throw unexpected("'" + operator + "' " + where);
    }
    take();
  }

  /** Throws if the next token is the given keyword or operator. */
  private void refuse(String keywordOrOperator, String message) {
    if (peek().is(keywordOrOperator)) {
      throw error(peek(), message);
    }
  }

  /**
   * Goes one level deeper, of brackets, signs or blocks; whoever calls this takes the level back.
   */
  private void enter(Token token) {
    nesting++;
    if (nesting > MAX_NESTING) {
      throw error(
          token,
          "brackets, signs and blocks are nested more than "
              + MAX_NESTING
              + " deep; split this up");
    }
  }

  private SyntaxException unexpected(String expected) {
    return error(peek(), "expected " + expected + " but found " + peek().describe());
  }

  private static SyntaxException error(Token token, String message) {
    return new SyntaxException(token.position(), message);
  }
}
