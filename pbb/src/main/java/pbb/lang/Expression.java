package pbb.lang;

import java.math.BigInteger;
import java.util.List;
import java.util.Optional;

/**
 * What has a value. Each record's constructor without a position is for programs that are built in
 * code.
 */
public sealed interface Expression {

  /** Where it begins in the source; no part of equality. */
  Position position();

  /** What can stand left of {@code =}. */
  sealed interface Target extends Expression {}

  /**
   * A non-negative integer; {@code -5} is {@link Unary} minus 5, as in Python.
   *
   * @param value at least 0
   */
  record IntLiteral(BigInteger value, Position position) implements Expression {
    public IntLiteral {
      if (value.signum() < 0) {
        throw new IllegalArgumentException(
            "an integer literal has no sign, so "
                + value
                + " must be a Unary NEGATE; use Ast.integer");
      }
    }

    public IntLiteral(BigInteger value) {
      this(value, Position.NONE);
    }
  }

  /**
   * A string.
   *
   * @param value its characters, escapes resolved; no surrogate may stand alone
   */
  record StringLiteral(String value, Position position) implements Expression {
    public StringLiteral {
      if (value
          .codePoints()
          .anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
        throw new IllegalArgumentException("a string literal must not hold half a surrogate pair");
      }
    }

    public StringLiteral(String value) {
      this(value, Position.NONE);
    }
  }

  /** {@code True} or {@code False}. */
  record BoolLiteral(boolean value, Position position) implements Expression {
    public BoolLiteral(boolean value) {
      this(value, Position.NONE);
    }
  }

  /** {@code None}. */
  record NoneLiteral(Position position) implements Expression {
    public NoneLiteral() {
      this(Position.NONE);
    }
  }

  /** A new list: {@code [a, b]}. */
  record ListLiteral(List<Expression> elements, Position position) implements Expression {
    public ListLiteral {
      elements = List.copyOf(elements);
    }

    public ListLiteral(List<Expression> elements) {
      this(elements, Position.NONE);
    }
  }

  /** A variable. */
  record Name(String identifier, Position position) implements Target {
    public Name {
      Identifiers.check(identifier, position);
    }

    public Name(String identifier) {
      this(identifier, Position.NONE);
    }
  }

  /** {@code -a}, {@code +a}, {@code ~a}, {@code not a}. */
  record Unary(UnaryOperator operator, Expression operand, Position position)
      implements Expression {
    public Unary(UnaryOperator operator, Expression operand) {
      this(operator, operand, Position.NONE);
    }
  }

  /** {@code a + b} and the like. */
  record Binary(Expression left, BinaryOperator operator, Expression right, Position position)
      implements Expression {
    public Binary(Expression left, BinaryOperator operator, Expression right) {
      this(left, operator, right, Position.NONE);
    }
  }

  /**
   * {@code first op operand op operand …}: all of them must hold, each operand is evaluated at most
   * once.
   *
   * @param links at least one
   */
  record Compare(Expression first, List<Link> links, Position position) implements Expression {

    /** One operator of the chain and what stands right of it. */
    public record Link(ComparisonOperator operator, Expression operand) {}

    public Compare {
      links = List.copyOf(links);
      if (links.isEmpty()) {
        throw new IllegalArgumentException("a comparison needs at least one operator");
      }
    }

    public Compare(Expression first, List<Link> links) {
      this(first, links, Position.NONE);
    }
  }

  /**
   * {@code a and b and c}: yields the operand that decided, as Python does.
   *
   * @param operands at least two
   */
  record BoolOp(LogicalOperator operator, List<Expression> operands, Position position)
      implements Expression {
    public BoolOp {
      operands = List.copyOf(operands);
      if (operands.size() < 2) {
        throw new IllegalArgumentException(
            "'" + operator.symbol() + "' needs at least two operands, not " + operands.size());
      }
    }

    public BoolOp(LogicalOperator operator, List<Expression> operands) {
      this(operator, operands, Position.NONE);
    }
  }

  /** {@code then if condition else otherwise}. */
  record Conditional(Expression condition, Expression then, Expression otherwise, Position position)
      implements Expression {
    public Conditional(Expression condition, Expression then, Expression otherwise) {
      this(condition, then, otherwise, Position.NONE);
    }
  }

  /** A call of a function of the program or of a {@link Builtin}. */
  record Call(String function, List<Expression> arguments, Position position)
      implements Expression {
    public Call {
      Identifiers.check(function, position);
      arguments = List.copyOf(arguments);
    }

    public Call(String function, List<Expression> arguments) {
      this(function, arguments, Position.NONE);
    }
  }

  /** {@code receiver.method(arguments)}. */
  record MethodCall(
      Expression receiver, Method method, List<Expression> arguments, Position position)
      implements Expression {
    public MethodCall {
      arguments = List.copyOf(arguments);
    }

    public MethodCall(Expression receiver, Method method, List<Expression> arguments) {
      this(receiver, method, arguments, Position.NONE);
    }
  }

  /** {@code sequence[index]}. */
  record Index(Expression sequence, Expression index, Position position) implements Target {
    public Index(Expression sequence, Expression index) {
      this(sequence, index, Position.NONE);
    }
  }

  /** {@code sequence[lower:upper:step]}. */
  record Slice(
      Expression sequence,
      Optional<Expression> lower,
      Optional<Expression> upper,
      Optional<Expression> step,
      Position position)
      implements Expression {
    public Slice(
        Expression sequence,
        Optional<Expression> lower,
        Optional<Expression> upper,
        Optional<Expression> step) {
      this(sequence, lower, upper, step, Position.NONE);
    }
  }
}
