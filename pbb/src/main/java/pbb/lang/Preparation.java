package pbb.lang;

import static java.util.Objects.requireNonNull;

import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Turns one function's syntax into {@link Action}s and {@link Evaluation}s, with variables resolved
 * to slots.
 */
final class Preparation {

  private final Operators operators;
  private final Sequences sequences;
  private final Builtins builtins;
  private final Map<String, ExecutableFunction> functions;
  private final ExecutableFunction function;

  private Preparation(
      Limits limits, Map<String, ExecutableFunction> functions, ExecutableFunction function) {
    this.sequences = new Sequences(limits);
    this.operators = new Operators(limits, sequences);
    this.builtins = new Builtins(operators, sequences);
    this.functions = functions;
    this.function = function;
  }

  /** The program's main function, ready to run. */
  static ExecutableFunction prepare(Program program, Limits limits) {
    Map<String, ExecutableFunction> functions = new LinkedHashMap<>();
    for (Function function : program.functions()) {
      // As in Python, a name that is bound anywhere in a function is local to all of it.
      Set<String> variables = new LinkedHashSet<>(function.parameters());
      function.body().forEach(statement -> collectBound(statement, variables));
      functions.put(
          function.name(),
          new ExecutableFunction(
              function.name(), function.parameters().size(), List.copyOf(variables)));
    }
    for (Function function : program.functions()) {
      ExecutableFunction executable = requireNonNull(functions.get(function.name()));
      executable.define(new Preparation(limits, functions, executable).block(function.body()));
    }
    return requireNonNull(functions.get(program.name()));
  }

  private static void collectBound(Statement statement, Set<String> variables) {
    switch (statement) {
      case Statement.Assign s -> collectBound(s.target(), variables);
      case Statement.AugmentedAssign s -> collectBound(s.target(), variables);
      case Statement.If s -> {
        s.then().forEach(inner -> collectBound(inner, variables));
        s.otherwise().forEach(inner -> collectBound(inner, variables));
      }
      case Statement.While s -> s.body().forEach(inner -> collectBound(inner, variables));
      case Statement.ForRange s -> {
        variables.add(s.variable().identifier());
        s.body().forEach(inner -> collectBound(inner, variables));
      }
      case Statement.ForEach s -> {
        variables.add(s.variable().identifier());
        s.body().forEach(inner -> collectBound(inner, variables));
      }
      case Statement.Return _,
          Statement.ExpressionStatement _,
          Statement.Pass _,
          Statement.Break _,
          Statement.Continue _ -> {}
    }
  }

  private static void collectBound(Expression.Target target, Set<String> variables) {
    if (target instanceof Expression.Name name) {
      variables.add(name.identifier());
    }
  }

  // Statements.

  private Action block(List<Statement> body) {
    Action[] actions = body.stream().map(this::action).toArray(Action[]::new);
    if (actions.length == 1) {
      return actions[0];
    }
    return frame -> {
      for (Action action : actions) {
        Action.Next next = action.execute(frame);
        if (next != Action.Next.STATEMENT) {
          return next;
        }
      }
      return Action.Next.STATEMENT;
    };
  }

  private Action action(Statement statement) {
    int line = statement.position().line();
    return switch (statement) {
      case Statement.Assign s -> assign(s, line);
      case Statement.AugmentedAssign s -> augmentedAssign(s, line);
      case Statement.If s -> conditional(s, line);
      case Statement.While s -> whileLoop(s, line);
      case Statement.ForRange s -> forRange(s, line);
      case Statement.ForEach s -> forEach(s, line);
      case Statement.Return s -> {
        Evaluation value = s.value().map(e -> stepOf(e, line)).orElse(stepOf(line));
        yield frame -> {
          frame.returned = value.evaluate(frame);
          return Action.Next.RETURN;
        };
      }
      case Statement.ExpressionStatement s -> {
        Evaluation expression = stepOf(s.expression(), line);
        yield frame -> {
          expression.evaluate(frame);
          return Action.Next.STATEMENT;
        };
      }
      case Statement.Pass _ -> stepThen(line, Action.Next.STATEMENT);
      case Statement.Break _ -> stepThen(line, Action.Next.LEAVE_LOOP);
      case Statement.Continue _ -> stepThen(line, Action.Next.NEXT_ROUND);
    };
  }

  private static Action stepThen(int line, Action.Next next) {
    return frame -> {
      frame.execution.step(line);
      return next;
    };
  }

  private static Evaluation stepOf(int line) {
    return frame -> {
      frame.execution.step(line);
      return NoneValue.NONE;
    };
  }

  /**
   * A step that is the evaluation of one expression: a condition, a returned value, a statement of
   * its own.
   */
  private Evaluation stepOf(Expression expression, int line) {
    Evaluation evaluation = evaluation(expression);
    int[] changed = slots(Optional.empty(), expression);
    if (changed.length == 0) {
      return frame -> {
        frame.execution.step(line);
        return evaluation.evaluate(frame);
      };
    }
    return frame -> {
      long step = frame.execution.step(line);
      Value value = evaluation.evaluate(frame);
      frame.execution.changed(frame, step, line, changed);
      return value;
    };
  }

  private Action assign(Statement.Assign statement, int line) {
    Evaluation value = evaluation(statement.value());
    return switch (statement.target()) {
      case Expression.Name name -> {
        int slot = function.slot(name.identifier());
        int[] changed = slots(Optional.of(name), statement.value());
        yield frame -> {
          long step = frame.execution.step(line);
          frame.slots[slot] = value.evaluate(frame);
          frame.execution.changed(frame, step, line, changed);
          return Action.Next.STATEMENT;
        };
      }
      case Expression.Index target -> {
        Evaluation sequence = evaluation(target.sequence());
        Evaluation index = evaluation(target.index());
        int[] changed = slots(root(target), statement.value(), target.sequence(), target.index());
        yield frame -> {
          long step = frame.execution.step(line);
          // Python's order: the value, then what it is assigned to.
          Value assigned = value.evaluate(frame);
          Value changedSequence = sequence.evaluate(frame);
          sequences.set(changedSequence, index.evaluate(frame), assigned);
          frame.execution.changed(frame, step, line, changed);
          return Action.Next.STATEMENT;
        };
      }
    };
  }

  private Action augmentedAssign(Statement.AugmentedAssign statement, int line) {
    Evaluation value = evaluation(statement.value());
    BinaryOperator operator = statement.operator();
    return switch (statement.target()) {
      case Expression.Name name -> {
        int slot = function.slot(name.identifier());
        Evaluation before = evaluation(name);
        int[] changed = slots(Optional.of(name), statement.value());
        yield frame -> {
          long step = frame.execution.step(line);
          Value left = before.evaluate(frame);
          frame.slots[slot] = operators.augmented(left, operator, value.evaluate(frame));
          frame.execution.changed(frame, step, line, changed);
          return Action.Next.STATEMENT;
        };
      }
      case Expression.Index target -> {
        Evaluation sequence = evaluation(target.sequence());
        Evaluation index = evaluation(target.index());
        int[] changed = slots(root(target), target.sequence(), target.index(), statement.value());
        yield frame -> {
          long step = frame.execution.step(line);
          Value changedSequence = sequence.evaluate(frame);
          Value position = index.evaluate(frame);
          Value left = sequences.get(changedSequence, position);
          Value result = operators.augmented(left, operator, value.evaluate(frame));
          sequences.set(changedSequence, position, result);
          frame.execution.changed(frame, step, line, changed);
          return Action.Next.STATEMENT;
        };
      }
    };
  }

  private Action conditional(Statement.If statement, int line) {
    Evaluation condition = stepOf(statement.condition(), line);
    Action then = block(statement.then());
    Action otherwise = block(statement.otherwise());
    return frame ->
        Operators.truth(condition.evaluate(frame)) ? then.execute(frame) : otherwise.execute(frame);
  }

  private Action whileLoop(Statement.While statement, int line) {
    Evaluation condition = stepOf(statement.condition(), line);
    Action body = block(statement.body());
    return frame -> {
      while (Operators.truth(condition.evaluate(frame))) {
        Action.Next next = body.execute(frame);
        if (next == Action.Next.LEAVE_LOOP) {
          break;
        }
        if (next == Action.Next.RETURN) {
          return next;
        }
      }
      return Action.Next.STATEMENT;
    };
  }

  /** One round of a {@code for}: a step that binds the variable, then the body. */
  private interface Round {
    Action.Next run(Frame frame, Value element);
  }

  private Round round(Expression.Name variable, List<Statement> statements, int line) {
    int slot = function.slot(variable.identifier());
    int[] changed = {slot};
    Action body = block(statements);
    return (frame, element) -> {
      long step = frame.execution.step(line);
      frame.slots[slot] = element;
      frame.execution.changed(frame, step, line, changed);
      return body.execute(frame);
    };
  }

  private Action forRange(Statement.ForRange statement, int line) {
    List<Expression> range = statement.range();
    Evaluation[] bounds = evaluations(range);
    int[] changed = slots(Optional.empty(), range.toArray(Expression[]::new));
    Round round = round(statement.variable(), statement.body(), line);
    return frame -> {
      long step = frame.execution.step(line);
      Value[] values = evaluate(bounds, frame);
      frame.execution.changed(frame, step, line, changed);
      BigInteger start = values.length == 1 ? BigInteger.ZERO : bound(values[0]);
      BigInteger stop = bound(values.length == 1 ? values[0] : values[1]);
      BigInteger by = values.length == 3 ? bound(values[2]) : BigInteger.ONE;
      if (by.signum() == 0) {
        throw ProgramError.value("range() arg 3 must not be zero");
      }
      // With two bits to spare, the sum of position and stride is a long too.
      boolean fits = Math.max(start.bitLength(), Math.max(stop.bitLength(), by.bitLength())) < 62;
      return fits
          ? loop(frame, start.longValue(), stop.longValue(), by.longValue(), round)
          : loop(frame, start, stop, by, round);
    };
  }

  private static BigInteger bound(Value value) {
    if (!Operators.isInteger(value)) {
      throw ProgramError.type("'" + value.type() + "' object cannot be interpreted as an integer");
    }
    return Operators.integer(value).value();
  }

  private static Action.Next loop(Frame frame, long start, long stop, long by, Round round) {
    for (long i = start; by > 0 ? i < stop : i > stop; i += by) {
      Action.Next next = round.run(frame, IntValue.of(i));
      if (next == Action.Next.LEAVE_LOOP) {
        break;
      }
      if (next == Action.Next.RETURN) {
        return next;
      }
    }
    return Action.Next.STATEMENT;
  }

  private static Action.Next loop(
      Frame frame, BigInteger start, BigInteger stop, BigInteger by, Round round) {
    boolean up = by.signum() > 0;
    for (BigInteger i = start; up ? i.compareTo(stop) < 0 : i.compareTo(stop) > 0; i = i.add(by)) {
      Action.Next next = round.run(frame, IntValue.of(i));
      if (next == Action.Next.LEAVE_LOOP) {
        break;
      }
      if (next == Action.Next.RETURN) {
        return next;
      }
    }
    return Action.Next.STATEMENT;
  }

  private Action forEach(Statement.ForEach statement, int line) {
    Evaluation sequence = stepOf(statement.sequence(), line);
    Round round = round(statement.variable(), statement.body(), line);
    return frame -> {
      Value value = sequence.evaluate(frame);
      // A list is read as it stands when the round begins: the body may change it.
      List<Value> elements =
          switch (value) {
            case ListValue list -> list.elements();
            case StringValue text -> Sequences.characters(text.value());
            case IntValue _, BoolValue _, NoneValue _ -> throw Sequences.notIterable(value);
          };
      for (int i = 0; i < elements.size(); i++) {
        Action.Next next = round.run(frame, elements.get(i));
        if (next == Action.Next.LEAVE_LOOP) {
          break;
        }
        if (next == Action.Next.RETURN) {
          return next;
        }
      }
      return Action.Next.STATEMENT;
    };
  }

  // Which variables a step changes.

  /** The variables that methods in {@code expressions} are called on, then {@code assigned}. */
  private int[] slots(Optional<Expression.Name> assigned, Expression... expressions) {
    Set<Integer> slots = new LinkedHashSet<>();
    for (Expression expression : expressions) {
      collectReceivers(expression, slots);
    }
    assigned.ifPresent(
        name -> {
          int slot = function.slot(name.identifier());
          slots.remove(slot);
          slots.add(slot);
        });
    slots.remove(-1);
    return slots.stream().mapToInt(Integer::intValue).toArray();
  }

  /** The variable that {@code a[i][j]} is an element of, if it is a variable's. */
  private static Optional<Expression.Name> root(Expression expression) {
    return switch (expression) {
      case Expression.Name name -> Optional.of(name);
      case Expression.Index index -> root(index.sequence());
      default -> Optional.empty();
    };
  }

  private void collectReceivers(Expression expression, Set<Integer> slots) {
    switch (expression) {
      case Expression.IntLiteral _,
          Expression.StringLiteral _,
          Expression.BoolLiteral _,
          Expression.NoneLiteral _,
          Expression.Name _ -> {}
      case Expression.ListLiteral e -> e.elements().forEach(x -> collectReceivers(x, slots));
      case Expression.Unary e -> collectReceivers(e.operand(), slots);
      case Expression.Binary e -> {
        collectReceivers(e.left(), slots);
        collectReceivers(e.right(), slots);
      }
      case Expression.Compare e -> {
        collectReceivers(e.first(), slots);
        e.links().forEach(link -> collectReceivers(link.operand(), slots));
      }
      case Expression.BoolOp e -> e.operands().forEach(x -> collectReceivers(x, slots));
      case Expression.Conditional e -> {
        collectReceivers(e.condition(), slots);
        collectReceivers(e.then(), slots);
        collectReceivers(e.otherwise(), slots);
      }
      case Expression.Call e -> e.arguments().forEach(x -> collectReceivers(x, slots));
      case Expression.MethodCall e -> {
        collectReceivers(e.receiver(), slots);
        e.arguments().forEach(x -> collectReceivers(x, slots));
        root(e.receiver()).ifPresent(name -> slots.add(function.slot(name.identifier())));
      }
      case Expression.Index e -> {
        collectReceivers(e.sequence(), slots);
        collectReceivers(e.index(), slots);
      }
      case Expression.Slice e -> {
        collectReceivers(e.sequence(), slots);
        e.lower().ifPresent(x -> collectReceivers(x, slots));
        e.upper().ifPresent(x -> collectReceivers(x, slots));
        e.step().ifPresent(x -> collectReceivers(x, slots));
      }
    }
  }

  // Expressions.

  private Evaluation[] evaluations(List<Expression> expressions) {
    return expressions.stream().map(this::evaluation).toArray(Evaluation[]::new);
  }

  private static Value[] evaluate(Evaluation[] evaluations, Frame frame) {
    Value[] values = new Value[evaluations.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = evaluations[i].evaluate(frame);
    }
    return values;
  }

  private Evaluation evaluation(Expression expression) {
    return switch (expression) {
      case Expression.IntLiteral e -> {
        IntValue value = IntValue.of(e.value());
        yield operators.isWithinLimit(value) ? constant(value) : _ -> operators.limited(value);
      }
      case Expression.StringLiteral e -> constant(new StringValue(e.value()));
      case Expression.BoolLiteral e -> constant(Value.of(e.value()));
      case Expression.NoneLiteral _ -> constant(NoneValue.NONE);
      case Expression.ListLiteral e -> {
        Evaluation[] elements = evaluations(e.elements());
        yield frame -> new ListValue(List.of(evaluate(elements, frame)));
      }
      case Expression.Name e -> variable(e);
      case Expression.Unary e -> {
        Evaluation operand = evaluation(e.operand());
        yield frame -> operators.unary(e.operator(), operand.evaluate(frame));
      }
      case Expression.Binary e -> {
        Evaluation left = evaluation(e.left());
        Evaluation right = evaluation(e.right());
        BinaryOperator operator = e.operator();
        yield frame -> operators.binary(left.evaluate(frame), operator, right.evaluate(frame));
      }
      case Expression.Compare e -> comparison(e);
      case Expression.BoolOp e -> {
        Evaluation[] operands = evaluations(e.operands());
        boolean decides = e.operator() == LogicalOperator.OR;
        yield frame -> {
          Value value = operands[0].evaluate(frame);
          for (int i = 1; i < operands.length && Operators.truth(value) != decides; i++) {
            value = operands[i].evaluate(frame);
          }
          return value;
        };
      }
      case Expression.Conditional e -> {
        Evaluation condition = evaluation(e.condition());
        Evaluation then = evaluation(e.then());
        Evaluation otherwise = evaluation(e.otherwise());
        yield frame ->
            Operators.truth(condition.evaluate(frame))
                ? then.evaluate(frame)
                : otherwise.evaluate(frame);
      }
      case Expression.Call e -> call(e);
      case Expression.MethodCall e -> {
        Evaluation receiver = evaluation(e.receiver());
        Evaluation[] arguments = evaluations(e.arguments());
        yield frame -> {
          Value value = receiver.evaluate(frame);
          if (!(value instanceof ListValue list)) {
            throw Builtins.noMethod(value, e.method());
          }
          return builtins.call(list, e.method(), List.of(evaluate(arguments, frame)));
        };
      }
      case Expression.Index e -> {
        Evaluation sequence = evaluation(e.sequence());
        Evaluation index = evaluation(e.index());
        yield frame -> {
          Value value = sequence.evaluate(frame);
          return sequences.get(value, index.evaluate(frame));
        };
      }
      case Expression.Slice e -> {
        Evaluation sequence = evaluation(e.sequence());
        Evaluation lower = orNone(e.lower());
        Evaluation upper = orNone(e.upper());
        Evaluation step = orNone(e.step());
        yield frame -> {
          Value value = sequence.evaluate(frame);
          Value from = lower.evaluate(frame);
          Value to = upper.evaluate(frame);
          return sequences.slice(value, from, to, step.evaluate(frame));
        };
      }
    };
  }

  private static Evaluation constant(Value value) {
    return _ -> value;
  }

  private Evaluation orNone(Optional<Expression> expression) {
    return expression.map(this::evaluation).orElse(constant(NoneValue.NONE));
  }

  private Evaluation variable(Expression.Name name) {
    int slot = function.slot(name.identifier());
    if (slot < 0) {
      return _ -> {
        throw new ProgramError(
            ErrorKind.NAME_ERROR, "name '" + name.identifier() + "' is not defined");
      };
    }
    return frame -> {
      Value value = frame.slots[slot];
      if (value == null) {
        throw new ProgramError(
            ErrorKind.UNBOUND_LOCAL_ERROR,
            "variable '" + name.identifier() + "' is used before it is assigned");
      }
      return value;
    };
  }

  private Evaluation comparison(Expression.Compare expression) {
    Evaluation first = evaluation(expression.first());
    Evaluation[] operands =
        evaluations(expression.links().stream().map(Expression.Compare.Link::operand).toList());
    ComparisonOperator[] chain =
        expression.links().stream()
            .map(Expression.Compare.Link::operator)
            .toArray(ComparisonOperator[]::new);
    return frame -> {
      Value left = first.evaluate(frame);
      for (int i = 0; i < chain.length; i++) {
        Value right = operands[i].evaluate(frame);
        if (!operators.compare(left, chain[i], right)) {
          return BoolValue.FALSE;
        }
        left = right;
      }
      return BoolValue.TRUE;
    };
  }

  private Evaluation call(Expression.Call expression) {
    Evaluation[] arguments = evaluations(expression.arguments());
    Optional<Builtin> builtin = Builtin.of(expression.function());
    if (builtin.isPresent()) {
      Builtin called = builtin.get();
      return frame -> builtins.call(called, List.of(evaluate(arguments, frame)));
    }
    // ProgramCheck has seen to it that a call names a function that there is.
    ExecutableFunction callee = requireNonNull(functions.get(expression.function()));
    return frame -> {
      Value[] values = evaluate(arguments, frame);
      if (values.length != callee.parameters()) {
        throw ProgramError.type(
            callee.name()
                + "() takes "
                + callee.parameters()
                + " arguments but "
                + values.length
                + " were given");
      }
      @Nullable Value[] slots = callee.newSlots();
      System.arraycopy(values, 0, slots, 0, values.length);
      return callee.call(frame.execution, slots);
    };
  }
}
