package pbb.lang;

import java.math.BigInteger;
import java.util.List;
import java.util.Optional;
import pbb.lang.Expression.Binary;
import pbb.lang.Expression.BoolLiteral;
import pbb.lang.Expression.BoolOp;
import pbb.lang.Expression.Call;
import pbb.lang.Expression.Compare;
import pbb.lang.Expression.Conditional;
import pbb.lang.Expression.Index;
import pbb.lang.Expression.IntLiteral;
import pbb.lang.Expression.ListLiteral;
import pbb.lang.Expression.MethodCall;
import pbb.lang.Expression.Name;
import pbb.lang.Expression.NoneLiteral;
import pbb.lang.Expression.Slice;
import pbb.lang.Expression.StringLiteral;
import pbb.lang.Expression.Target;
import pbb.lang.Expression.Unary;
import pbb.lang.Statement.Assign;
import pbb.lang.Statement.AugmentedAssign;
import pbb.lang.Statement.Break;
import pbb.lang.Statement.Continue;
import pbb.lang.Statement.ExpressionStatement;
import pbb.lang.Statement.ForEach;
import pbb.lang.Statement.ForRange;
import pbb.lang.Statement.If;
import pbb.lang.Statement.Pass;
import pbb.lang.Statement.Return;
import pbb.lang.Statement.While;

/**
 * Writes programs in Java so that they read like the Python they become. Made for {@code import
 * static}:
 *
 * <pre>{@code
 * program(function("zib", List.of("x"),
 *     assign("y", binary(name("x"), MULTIPLY, integer(3))),
 *     assign("y", binary(name("y"), MODULO, integer(32))),
 *     returns(name("y"))))
 * }</pre>
 */
public final class Ast {

  private Ast() {}

  /** A program of helpers and, last, the program itself. */
  public static Program program(Function... functions) {
    return new Program(List.of(functions));
  }

  public static Function function(String name, List<String> parameters, Statement... body) {
    return new Function(name, parameters, List.of(body));
  }

  public static Statement assign(String variable, Expression value) {
    return new Assign(name(variable), value);
  }

  public static Statement assign(Target target, Expression value) {
    return new Assign(target, value);
  }

  /** {@code variable += value} and the like. */
  public static Statement augment(String variable, BinaryOperator operator, Expression value) {
    return new AugmentedAssign(name(variable), operator, value);
  }

  public static Statement augment(Target target, BinaryOperator operator, Expression value) {
    return new AugmentedAssign(target, operator, value);
  }

  /** An {@code if} without {@code else}. */
  public static Statement when(Expression condition, List<Statement> then) {
    return new If(condition, then, List.of());
  }

  /**
   * {@code if} and {@code else}; an {@code otherwise} that is a single {@code if} reads {@code
   * elif}.
   */
  public static Statement when(
      Expression condition, List<Statement> then, List<Statement> otherwise) {
    return new If(condition, then, otherwise);
  }

  public static Statement whileLoop(Expression condition, Statement... body) {
    return new While(condition, List.of(body));
  }

  /** {@code for variable in range(…)}, with the one to three arguments of {@code range}. */
  public static Statement forRange(String variable, List<Expression> range, Statement... body) {
    return new ForRange(name(variable), range, List.of(body));
  }

  /** {@code for variable in sequence}. */
  public static Statement forEach(String variable, Expression sequence, Statement... body) {
    return new ForEach(name(variable), sequence, List.of(body));
  }

  public static Statement returns(Expression value) {
    return new Return(Optional.of(value));
  }

  public static Statement expression(Expression expression) {
    return new ExpressionStatement(expression);
  }

  public static Statement pass() {
    return new Pass();
  }

  public static Statement breakLoop() {
    return new Break();
  }

  public static Statement continueLoop() {
    return new Continue();
  }

  /** The integer, with a unary minus before it if it is negative. */
  public static Expression integer(long value) {
    return integer(BigInteger.valueOf(value));
  }

  /** The integer, with a unary minus before it if it is negative. */
  public static Expression integer(BigInteger value) {
    return value.signum() < 0
        ? new Unary(UnaryOperator.NEGATE, new IntLiteral(value.negate()))
        : new IntLiteral(value);
  }

  public static Expression string(String value) {
    return new StringLiteral(value);
  }

  public static Expression bool(boolean value) {
    return new BoolLiteral(value);
  }

  public static Expression none() {
    return new NoneLiteral();
  }

  public static Expression list(Expression... elements) {
    return new ListLiteral(List.of(elements));
  }

  public static Name name(String identifier) {
    return new Name(identifier);
  }

  public static Expression unary(UnaryOperator operator, Expression operand) {
    return new Unary(operator, operand);
  }

  public static Expression not(Expression operand) {
    return new Unary(UnaryOperator.NOT, operand);
  }

  public static Expression binary(Expression left, BinaryOperator operator, Expression right) {
    return new Binary(left, operator, right);
  }

  public static Expression compare(Expression left, ComparisonOperator operator, Expression right) {
    return new Compare(left, List.of(new Compare.Link(operator, right)));
  }

  public static Expression and(Expression... operands) {
    return new BoolOp(LogicalOperator.AND, List.of(operands));
  }

  public static Expression or(Expression... operands) {
    return new BoolOp(LogicalOperator.OR, List.of(operands));
  }

  /** {@code then if condition else otherwise}. */
  public static Expression conditional(
      Expression condition, Expression then, Expression otherwise) {
    return new Conditional(condition, then, otherwise);
  }

  /** A call of one of the program's functions or of a {@link Builtin} by its name. */
  public static Expression call(String function, Expression... arguments) {
    return new Call(function, List.of(arguments));
  }

  public static Expression call(Builtin function, Expression... arguments) {
    return new Call(function.identifier(), List.of(arguments));
  }

  public static Expression call(Expression receiver, Method method, Expression... arguments) {
    return new MethodCall(receiver, method, List.of(arguments));
  }

  public static Index index(Expression sequence, Expression index) {
    return new Index(sequence, index);
  }

  /** {@code sequence[lower:upper]}. */
  public static Expression slice(Expression sequence, Expression lower, Expression upper) {
    return new Slice(sequence, Optional.of(lower), Optional.of(upper), Optional.empty());
  }

  /** {@code sequence[lower:upper:step]}, each part as Python lets it be left out. */
  public static Expression slice(
      Expression sequence,
      Optional<Expression> lower,
      Optional<Expression> upper,
      Optional<Expression> step) {
    return new Slice(sequence, lower, upper, step);
  }
}
