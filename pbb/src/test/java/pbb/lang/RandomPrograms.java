package pbb.lang;

import static pbb.lang.Ast.assign;
import static pbb.lang.Ast.augment;
import static pbb.lang.Ast.binary;
import static pbb.lang.Ast.call;
import static pbb.lang.Ast.compare;
import static pbb.lang.Ast.conditional;
import static pbb.lang.Ast.expression;
import static pbb.lang.Ast.index;
import static pbb.lang.Ast.integer;
import static pbb.lang.Ast.name;
import static pbb.lang.Ast.slice;
import static pbb.lang.Ast.string;
import static pbb.lang.Ast.unary;
import static pbb.lang.Ast.when;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import pbb.engine.random.RandomStream;

/**
 * Draws programs from the whole language, mostly well-typed ones, with enough mistakes that every
 * kind of error occurs. Each has two helpers, one of them recursive, and the parameters {@link
 * #PARAMETERS}.
 */
final class RandomPrograms {

  /** Two integers, a string and a list of integers: what {@link #arguments} draws. */
  static final List<String> PARAMETERS = List.of("x", "y", "s", "a");

  private static final List<String> INTEGERS = List.of("x", "y", "z", "n");
  private static final List<String> STRINGS = List.of("s", "t");
  private static final List<String> LISTS = List.of("a", "b");
  private static final List<String> TEXTS =
      List.of(
          "",
          "a",
          "abc",
          "Zz9",
          "it's",
          "\"",
          "a\\b\n",
          "\t\u0000\u007f",
          "é€",
          "😀x",
          " 12 ",
          "-7",
          "1_0");

  private static final double WRONG_TYPE = 0.012;
  private static final int MAX_EXPRESSION_DEPTH = 3;
  private static final int MAX_BLOCK_DEPTH = 3;

  private enum Kind {
    INTEGER,
    TRUTH,
    STRING,
    LIST,
    NONE
  }

  private final RandomStream random;
  private boolean inHelper;

  /** What the function being drawn has bound so far, in some branch at least. */
  private final Set<String> bound = new HashSet<>();

  RandomPrograms(RandomStream random) {
    this.random = random;
  }

  /** A program whose main function is called {@code main}. */
  Program program() {
    inHelper = true;
    Function shift =
        new Function(
            "shift", List.of("x", "s"), bodyEndingInReturn(List.of("x", "s"), 2, Kind.STRING));
    // Recursive: with a way out mostly, without one at times.
    List<Statement> recursion = new ArrayList<>();
    bind(List.of("n", "y"));
    if (random.nextDouble() < 0.8) {
      recursion.add(
          when(
              compare(name("n"), ComparisonOperator.LESS_EQUAL, integer(random.nextInt(3))),
              List.of(returned(expressionOf(Kind.INTEGER, 1)))));
    }
    recursion.addAll(block(MAX_BLOCK_DEPTH - 1, false, 2));
    Expression deeper =
        call(
            "walk",
            binary(name("n"), BinaryOperator.SUBTRACT, integer(1 + random.nextInt(3))),
            expressionOf(Kind.INTEGER, 1));
    recursion.add(returned(binary(deeper, arithmetic(), expressionOf(Kind.INTEGER, 1))));
    Function walk = new Function("walk", List.of("n", "y"), recursion);
    inHelper = false;
    Kind result = pick(List.of(Kind.INTEGER, Kind.INTEGER, Kind.LIST, Kind.STRING, Kind.TRUTH));
    Function main = new Function("main", PARAMETERS, bodyEndingInReturn(PARAMETERS, 5, result));
    return new Program(List.of(shift, walk, main));
  }

  /** One value per parameter. */
  List<Value> arguments() {
    List<Value> elements = new ArrayList<>();
    for (int i = random.nextInt(6); i > 0; i--) {
      elements.add(Value.of(random.nextInt(41) - 20));
    }
    return List.of(
        Value.of(random.nextInt(41) - 20),
        random.nextInt(10) == 0
            ? Value.of(bigMagnitude().negate())
            : Value.of(random.nextInt(200) - 100),
        Value.of(pick(TEXTS)),
        Value.of(elements));
  }

  private void bind(List<String> parameters) {
    bound.clear();
    bound.addAll(parameters);
  }

  private List<Statement> bodyEndingInReturn(List<String> parameters, int statements, Kind result) {
    bind(parameters);
    List<Statement> body = new ArrayList<>();
    for (Kind kind : List.of(Kind.INTEGER, Kind.STRING, Kind.LIST)) {
      if (!inHelper || random.nextInt(3) == 0) {
        body.add(assignment(kind, 1));
      }
    }
    body.addAll(block(MAX_BLOCK_DEPTH, false, statements));
    if (random.nextInt(20) != 0) {
      body.add(returned(expressionOf(result, 2)));
    }
    return body;
  }

  private Statement assignment(Kind kind, int depth) {
    Expression value = expressionOf(kind, depth);
    return assign(target(kind), value);
  }

  private List<Statement> block(int depth, boolean inLoop, int most) {
    Set<String> before = Set.copyOf(bound);
    List<Statement> body = new ArrayList<>();
    for (int i = 1 + random.nextInt(most); i > 0; i--) {
      statement(body, depth, inLoop);
    }
    if (depth < MAX_BLOCK_DEPTH && random.nextInt(20) != 0) {
      bound.retainAll(before); // the block may not run
    }
    return body;
  }

  private void statement(List<Statement> body, int depth, boolean inLoop) {
    switch (random.nextInt(depth > 0 ? 22 : 12)) {
      case 0, 1, 2 -> body.add(assignment(Kind.INTEGER, 3));
      case 3 -> body.add(assignment(Kind.STRING, 2));
      case 4 -> body.add(assignment(Kind.LIST, 2));
      case 5, 6 -> body.add(augmented());
      case 7, 8 -> body.add(elementAssignment());
      case 9 ->
          body.add(
              expression(
                  call(
                      variableOr(Kind.LIST, Ast.list()),
                      Method.APPEND,
                      expressionOf(Kind.INTEGER, 2))));
      case 10 -> body.add(expression(expressionOf(anyKind(), 2)));
      case 11 -> body.add(interruption(inLoop));
      case 12, 13, 14 -> body.add(branches(depth, inLoop));
      case 15, 16 -> countedWhile(body, depth);
      case 17 -> body.add(openWhile(depth));
      case 18, 19 ->
          body.add(
              new Statement.ForRange(
                  name(target(Kind.INTEGER)), range(), block(depth - 1, true, 2)));
      case 20 ->
          body.add(
              new Statement.ForEach(
                  name(target(Kind.STRING)),
                  expressionOf(Kind.STRING, 1),
                  block(depth - 1, true, 2)));
      default ->
          body.add(
              new Statement.ForEach(
                  name(target(Kind.INTEGER)),
                  expressionOf(Kind.LIST, 1),
                  block(depth - 1, true, 2)));
    }
  }

  private Statement augmented() {
    return switch (random.nextInt(6)) {
      case 0 -> augment(variable(Kind.STRING), BinaryOperator.ADD, expressionOf(Kind.STRING, 2));
      case 1 -> augment(variable(Kind.LIST), BinaryOperator.ADD, expressionOf(Kind.LIST, 1));
      case 2 ->
          augment(variable(Kind.LIST), BinaryOperator.MULTIPLY, integer(random.nextInt(4) - 1));
      default -> augment(variable(Kind.INTEGER), arithmetic(), expressionOf(Kind.INTEGER, 2));
    };
  }

  private Statement interruption(boolean inLoop) {
    return switch (random.nextInt(inLoop ? 8 : 4)) {
      case 0 -> returned(expressionOf(anyKind(), 1));
      case 1 -> new Statement.Return(Optional.empty());
      case 2, 3 -> new Statement.Pass();
      case 4, 5 -> new Statement.Break();
      default -> new Statement.Continue();
    };
  }

  private Statement branches(int depth, boolean inLoop) {
    Expression condition = expressionOf(random.nextInt(5) == 0 ? anyKind() : Kind.TRUTH, 2);
    List<Statement> then = block(depth - 1, inLoop, 2);
    List<Statement> otherwise =
        switch (random.nextInt(3)) {
          case 0 -> List.of();
          case 1 -> List.of(branches(depth - 1, inLoop));
          default -> block(depth - 1, inLoop, 2);
        };
    return when(condition, then, depth == 0 ? List.of() : otherwise);
  }

  private void countedWhile(List<Statement> body, int depth) {
    String counter = "i" + depth;
    body.add(assign(counter, integer(0)));
    List<Statement> rounds = new ArrayList<>(block(depth - 1, false, 2));
    rounds.add(augment(counter, BinaryOperator.ADD, integer(1)));
    Expression bound = integer(random.nextInt(6));
    body.add(new Statement.While(compare(name(counter), ComparisonOperator.LESS, bound), rounds));
  }

  private Statement openWhile(int depth) {
    Expression condition = expressionOf(random.nextInt(3) == 0 ? anyKind() : Kind.TRUTH, 1);
    return new Statement.While(condition, block(depth - 1, true, 3));
  }

  private List<Expression> range() {
    return switch (random.nextInt(4)) {
      case 0 -> List.of(expressionOf(Kind.INTEGER, 1));
      case 1 -> List.of(integer(random.nextInt(8)));
      case 2 -> List.of(integer(random.nextInt(8) - 4), expressionOf(Kind.INTEGER, 1));
      default ->
          List.of(
              expressionOf(Kind.INTEGER, 1),
              integer(random.nextInt(20) - 10),
              random.nextInt(10) == 0
                  ? expressionOf(Kind.INTEGER, 0)
                  : integer(random.nextInt(13) == 0 ? 0 : random.nextInt(6) - 6));
    };
  }

  private Statement elementAssignment() {
    Kind kind = random.nextInt(40) == 0 ? Kind.STRING : Kind.LIST;
    Expression sequence = variableOr(kind, Ast.list(integer(0), integer(1)));
    Expression.Index element = index(sequence, position(sequence));
    Expression value = expressionOf(Kind.INTEGER, 2);
    Statement assignment =
        random.nextInt(2) == 0 ? assign(element, value) : augment(element, arithmetic(), value);
    return random.nextInt(8) == 0 ? assignment : when(sequence, List.of(assignment));
  }

  /** An expression about a sequence that must not be empty, which it mostly guards against. */
  private Expression unlessEmpty(Expression sequence, Expression expression, Expression otherwise) {
    return random.nextInt(8) == 0 ? expression : conditional(sequence, expression, otherwise);
  }

  /** An index that fits mostly, if the sequence is not empty. */
  private Expression position(Expression sequence) {
    return switch (random.nextInt(20)) {
      case 0 -> expressionOf(Kind.INTEGER, 1);
      case 1, 2, 3, 4, 5 -> integer(0);
      case 6, 7, 8, 9, 10 -> integer(-1);
      default ->
          binary(expressionOf(Kind.INTEGER, 0), BinaryOperator.MODULO, call(Builtin.LEN, sequence));
    };
  }

  // Expressions.

  private Expression expressionOf(Kind wanted, int depth) {
    Kind kind = random.nextDouble() < WRONG_TYPE ? anyKind() : wanted;
    int most = Math.min(depth, MAX_EXPRESSION_DEPTH);
    if (most > 0 && random.nextInt(30) == 0) {
      return conditional(
          expressionOf(Kind.TRUTH, most - 1),
          expressionOf(kind, most - 1),
          expressionOf(kind, most - 1));
    }
    if (most > 0 && random.nextInt(30) == 0) {
      LogicalOperator operator = pick(List.of(LogicalOperator.values()));
      return new Expression.BoolOp(
          operator, List.of(expressionOf(kind, most - 1), expressionOf(kind, most - 1)));
    }
    return switch (kind) {
      case INTEGER -> integerExpression(most);
      case TRUTH -> truthExpression(most);
      case STRING -> stringExpression(most);
      case LIST -> listExpression(most);
      case NONE -> Ast.none();
    };
  }

  private Expression integerExpression(int depth) {
    int next = depth - 1;
    return switch (random.nextInt(depth > 0 ? 24 : 6)) {
      case 0, 1 -> integer(random.nextInt(10));
      case 2 -> random.nextInt(12) == 0 ? integer(bigMagnitude()) : integer(random.nextInt(100));
      case 3, 4, 5 -> variableOr(Kind.INTEGER, integer(random.nextInt(10)));
      case 6, 7, 8, 9, 10, 11 ->
          binary(expressionOf(Kind.INTEGER, next), arithmetic(), expressionOf(Kind.INTEGER, next));
      case 12 -> {
        BinaryOperator shift =
            random.nextInt(2) == 0 ? BinaryOperator.SHIFT_LEFT : BinaryOperator.SHIFT_RIGHT;
        boolean tame = random.nextInt(4) != 0;
        Expression by = tame ? integer(random.nextInt(40)) : expressionOf(Kind.INTEGER, 0);
        yield binary(expressionOf(Kind.INTEGER, next), shift, by);
      }
      case 13, 14 ->
          unary(
              pick(List.of(UnaryOperator.NEGATE, UnaryOperator.PLUS, UnaryOperator.INVERT)),
              expressionOf(Kind.INTEGER, next));
      case 15 -> call(Builtin.LEN, expressionOf(sequence(), next));
      case 16 ->
          random.nextInt(8) == 0
              ? call(Builtin.INT, expressionOf(Kind.STRING, next))
              : call(Builtin.INT, call(Builtin.STR, expressionOf(Kind.INTEGER, next)));
      case 17 ->
          random.nextInt(30) == 0
              ? call(Builtin.ORD, expressionOf(Kind.STRING, next))
              : call(Builtin.ORD, characterOf());
      case 18 -> {
        Builtin extreme = random.nextInt(2) == 0 ? Builtin.MIN : Builtin.MAX;
        Expression sequence = variableOr(sequence(), Ast.list(integer(1)));
        yield random.nextInt(3) == 0
            ? unlessEmpty(sequence, call(extreme, sequence), integer(0))
            : call(extreme, expressionOf(Kind.INTEGER, next), expressionOf(Kind.INTEGER, next));
      }
      case 19 -> call(Builtin.ABS, expressionOf(Kind.INTEGER, next));
      case 20 -> {
        Expression list = variableOr(Kind.LIST, Ast.list(integer(7)));
        yield unlessEmpty(list, index(list, position(list)), integer(1));
      }
      case 21 -> helperCall(next);
      case 22 -> {
        Expression list = variableOr(Kind.LIST, Ast.list(integer(1)));
        Expression pop =
            random.nextInt(2) == 0
                ? call(list, Method.POP)
                : call(list, Method.POP, position(list));
        yield unlessEmpty(list, pop, integer(2));
      }
      default -> truthExpression(next);
    };
  }

  private Expression helperCall(int depth) {
    if (inHelper) {
      return call(Builtin.ABS, expressionOf(Kind.INTEGER, depth));
    }
    if (random.nextInt(25) == 0) {
      return call("walk", expressionOf(Kind.INTEGER, depth)); // one argument too few
    }
    return call("walk", integer(random.nextInt(12)), expressionOf(Kind.INTEGER, depth));
  }

  private Expression truthExpression(int depth) {
    if (depth <= 0) {
      return random.nextInt(2) == 0
          ? Ast.bool(random.nextInt(2) == 0)
          : compare(variableOf(Kind.INTEGER), order(), integer(random.nextInt(20)));
    }
    int next = depth - 1;
    return switch (random.nextInt(10)) {
      case 0, 1, 2 ->
          compare(expressionOf(Kind.INTEGER, next), order(), expressionOf(Kind.INTEGER, next));
      case 3 -> {
        Kind kind = sequence();
        yield compare(expressionOf(kind, next), order(), expressionOf(kind, next));
      }
      case 4 ->
          // Of any two types: Python compares them for equality, and refuses to order them.
          compare(
              expressionOf(anyKind(), next),
              random.nextInt(5) == 0 ? order() : equality(),
              expressionOf(anyKind(), next));
      case 5 ->
          compare(expressionOf(Kind.INTEGER, next), membership(), expressionOf(Kind.LIST, next));
      case 6 ->
          compare(expressionOf(Kind.STRING, next), membership(), expressionOf(Kind.STRING, next));
      case 7 ->
          new Expression.Compare(
              expressionOf(Kind.INTEGER, next),
              List.of(
                  new Expression.Compare.Link(order(), expressionOf(Kind.INTEGER, next)),
                  new Expression.Compare.Link(order(), expressionOf(Kind.INTEGER, next))));
      case 8 -> Ast.not(expressionOf(Kind.TRUTH, next));
      default ->
          new Expression.BoolOp(
              pick(List.of(LogicalOperator.values())),
              List.of(
                  expressionOf(Kind.TRUTH, next),
                  expressionOf(Kind.TRUTH, next),
                  expressionOf(Kind.TRUTH, next)));
    };
  }

  private Expression stringExpression(int depth) {
    int next = depth - 1;
    return switch (random.nextInt(depth > 0 ? 12 : 4)) {
      case 0 -> string(pick(TEXTS));
      case 1, 2, 3 -> variableOr(Kind.STRING, string(pick(TEXTS)));
      case 4, 5 ->
          binary(
              expressionOf(Kind.STRING, next), BinaryOperator.ADD, expressionOf(Kind.STRING, next));
      case 6 -> binary(expressionOf(Kind.STRING, next), BinaryOperator.MULTIPLY, repeats());
      case 7 -> characterOf();
      case 8 -> sliceOf(Kind.STRING, next);
      case 9 -> call(Builtin.STR, expressionOf(anyKind(), next));
      case 10 ->
          call(
              Builtin.CHR,
              random.nextInt(12) == 0
                  ? integer(bigMagnitude())
                  : binary(
                      expressionOf(Kind.INTEGER, 0),
                      BinaryOperator.MODULO,
                      integer(random.nextInt(2) == 0 ? 300 : 0x12_0000)));
      default ->
          inHelper
              ? call(Builtin.STR, expressionOf(Kind.INTEGER, next))
              : call("shift", expressionOf(Kind.INTEGER, next), expressionOf(Kind.STRING, next));
    };
  }

  private Expression characterOf() {
    Expression text = variableOr(Kind.STRING, string("ab"));
    return unlessEmpty(text, index(text, position(text)), string("-"));
  }

  private Expression listExpression(int depth) {
    int next = depth - 1;
    return switch (random.nextInt(depth > 0 ? 12 : 5)) {
      case 0, 1 -> {
        Expression[] elements = new Expression[random.nextInt(4)];
        for (int i = 0; i < elements.length; i++) {
          elements[i] =
              switch (random.nextInt(8)) {
                case 0 -> string(pick(TEXTS));
                case 1 -> Ast.list(integer(random.nextInt(5)));
                default -> expressionOf(Kind.INTEGER, Math.max(0, next));
              };
        }
        yield Ast.list(elements);
      }
      case 2, 3, 4 -> variableOr(Kind.LIST, Ast.list(integer(random.nextInt(10))));
      case 5, 6 ->
          binary(expressionOf(Kind.LIST, next), BinaryOperator.ADD, expressionOf(Kind.LIST, next));
      case 7 -> binary(repeats(), BinaryOperator.MULTIPLY, expressionOf(Kind.LIST, next));
      default -> sliceOf(Kind.LIST, next);
    };
  }

  private Expression sliceOf(Kind kind, int depth) {
    return slice(expressionOf(kind, depth), maybe(depth), maybe(depth), maybe(depth));
  }

  private Optional<Expression> maybe(int depth) {
    return switch (random.nextInt(5)) {
      case 0, 1 -> Optional.empty();
      case 2 -> Optional.of(expressionOf(Kind.INTEGER, depth));
      case 3 -> Optional.of(integer(-1 - random.nextInt(3)));
      default -> Optional.of(integer(1 + random.nextInt(4)));
    };
  }

  private Expression repeats() {
    return switch (random.nextInt(40)) {
      case 0 -> integer(bigMagnitude());
      case 1 -> integer(1_000);
      default -> integer(random.nextInt(5) - 1);
    };
  }

  // What to draw from.

  private BigInteger bigMagnitude() {
    int bits = pick(List.of(31, 32, 62, 63, 64, 65, 100, 200, 255, 256));
    return BigInteger.ONE.shiftLeft(bits).add(BigInteger.valueOf(random.nextInt(3) - 1));
  }

  private BinaryOperator arithmetic() {
    return switch (random.nextInt(16)) {
      case 0, 1, 2 -> BinaryOperator.ADD;
      case 3, 4, 5 -> BinaryOperator.SUBTRACT;
      case 6, 7, 8 -> BinaryOperator.MULTIPLY;
      case 9, 10 -> BinaryOperator.FLOOR_DIVIDE;
      case 11, 12 -> BinaryOperator.MODULO;
      case 13 -> BinaryOperator.BIT_AND;
      case 14 -> BinaryOperator.BIT_OR;
      default -> BinaryOperator.BIT_XOR;
    };
  }

  private ComparisonOperator order() {
    return pick(
        List.of(
            ComparisonOperator.LESS,
            ComparisonOperator.LESS_EQUAL,
            ComparisonOperator.GREATER,
            ComparisonOperator.GREATER_EQUAL,
            ComparisonOperator.EQUAL,
            ComparisonOperator.NOT_EQUAL));
  }

  private ComparisonOperator equality() {
    return random.nextInt(2) == 0 ? ComparisonOperator.EQUAL : ComparisonOperator.NOT_EQUAL;
  }

  private ComparisonOperator membership() {
    return random.nextInt(2) == 0 ? ComparisonOperator.IN : ComparisonOperator.NOT_IN;
  }

  private Kind anyKind() {
    return pick(List.of(Kind.values()));
  }

  private Kind sequence() {
    return random.nextInt(2) == 0 ? Kind.STRING : Kind.LIST;
  }

  /** A variable to read; where none of the kind is bound, or seldom, one that may be unbound. */
  private Expression.Name variableOf(Kind kind) {
    return name(random.nextInt(400) == 0 ? "q" : variable(kind)); // "q" is assigned nowhere
  }

  /** A variable that is bound, or else the given expression. */
  private Expression variableOr(Kind kind, Expression otherwise) {
    return variables(kind).stream().anyMatch(bound::contains) ? variableOf(kind) : otherwise;
  }

  private String variable(Kind kind) {
    List<String> known = variables(kind).stream().filter(bound::contains).toList();
    return pick(known.isEmpty() || random.nextInt(300) == 0 ? variables(kind) : known);
  }

  /** A variable to assign. */
  private String target(Kind kind) {
    String variable = pick(variables(kind));
    bound.add(variable);
    return variable;
  }

  private static List<String> variables(Kind kind) {
    return switch (kind) {
      case INTEGER, TRUTH, NONE -> INTEGERS;
      case STRING -> STRINGS;
      case LIST -> LISTS;
    };
  }

  private Statement returned(Expression value) {
    return new Statement.Return(Optional.of(value));
  }

  private <T> T pick(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
