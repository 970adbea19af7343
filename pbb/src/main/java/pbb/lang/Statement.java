package pbb.lang;

import java.util.List;
import java.util.Optional;

/**
 * What is executed. Each record's constructor without a position is for programs that are built in
 * code.
 */
public sealed interface Statement {

  /** Where it begins in the source; no part of equality. */
  Position position();

  /** {@code target = value}; the value is evaluated first. */
  record Assign(Expression.Target target, Expression value, Position position)
      implements Statement {
    public Assign(Expression.Target target, Expression value) {
      this(target, value, Position.NONE);
    }
  }

  /** {@code target += value} and the like; a list changes in place, as in Python. */
  record AugmentedAssign(
      Expression.Target target, BinaryOperator operator, Expression value, Position position)
      implements Statement {
    public AugmentedAssign(Expression.Target target, BinaryOperator operator, Expression value) {
      this(target, operator, value, Position.NONE);
    }
  }

  /**
   * {@code if condition: then else: otherwise}; an {@code otherwise} that is one {@code If} reads
   * {@code elif}.
   *
   * @param then not empty
   * @param otherwise empty if there is no {@code else}
   */
  record If(
      Expression condition, List<Statement> then, List<Statement> otherwise, Position position)
      implements Statement {
    public If {
      then = Bodies.notEmpty("if", then);
      otherwise = List.copyOf(otherwise);
    }

    public If(Expression condition, List<Statement> then, List<Statement> otherwise) {
      this(condition, then, otherwise, Position.NONE);
    }
  }

  /**
   * {@code while condition: body}.
   *
   * @param body not empty
   */
  record While(Expression condition, List<Statement> body, Position position) implements Statement {
    public While {
      body = Bodies.notEmpty("while", body);
    }

    public While(Expression condition, List<Statement> body) {
      this(condition, body, Position.NONE);
    }
  }

  /**
   * {@code for variable in range(…): body}.
   *
   * @param range the arguments of {@code range}: stop; start and stop; or start, stop and step
   * @param body not empty
   */
  record ForRange(
      Expression.Name variable, List<Expression> range, List<Statement> body, Position position)
      implements Statement {
    public ForRange {
      range = List.copyOf(range);
      body = Bodies.notEmpty("for", body);
      if (range.isEmpty() || range.size() > 3) {
        throw new SyntaxException(position, "range takes 1 to 3 arguments, not " + range.size());
      }
    }

    public ForRange(Expression.Name variable, List<Expression> range, List<Statement> body) {
      this(variable, range, body, Position.NONE);
    }
  }

  /**
   * {@code for variable in sequence: body} over the elements of a list or the characters of a
   * string.
   *
   * @param body not empty
   */
  record ForEach(
      Expression.Name variable, Expression sequence, List<Statement> body, Position position)
      implements Statement {
    public ForEach {
      body = Bodies.notEmpty("for", body);
    }

    public ForEach(Expression.Name variable, Expression sequence, List<Statement> body) {
      this(variable, sequence, body, Position.NONE);
    }
  }

  /** {@code return value}; without a value it returns {@code None}. */
  record Return(Optional<Expression> value, Position position) implements Statement {
    public Return(Optional<Expression> value) {
      this(value, Position.NONE);
    }
  }

  /** An expression that is evaluated for its effect, such as {@code a.append(1)}. */
  record ExpressionStatement(Expression expression, Position position) implements Statement {
    public ExpressionStatement(Expression expression) {
      this(expression, Position.NONE);
    }
  }

  /** {@code pass}. */
  record Pass(Position position) implements Statement {
    public Pass() {
      this(Position.NONE);
    }
  }

  /** {@code break}: leaves the innermost loop. */
  record Break(Position position) implements Statement {
    public Break() {
      this(Position.NONE);
    }
  }

  /** {@code continue}: goes on with the innermost loop's next round. */
  record Continue(Position position) implements Statement {
    public Continue() {
      this(Position.NONE);
    }
  }
}
