package pbb.lang;

import java.math.BigInteger;
import java.util.List;

/** What Python's operators do to values, within {@link Limits}. */
final class Operators {

  /** How much longer than {@link Limits#size} a comparison of nested lists may take. */
  private static final int COMPARED_PER_ELEMENT = 64;

  private final Limits limits;
  private final Sequences sequences;

  Operators(Limits limits, Sequences sequences) {
    this.limits = limits;
    this.sequences = sequences;
  }

  /** Whether a value counts as true. */
  static boolean truth(Value value) {
    return switch (value) {
      case BoolValue v -> v.value();
      case IntValue v -> v.signum() != 0;
      case StringValue v -> !v.value().isEmpty();
      case ListValue v -> v.size() > 0;
      case NoneValue _ -> false;
    };
  }

  /** Whether the value is an integer or a bool, which counts as one. */
  static boolean isInteger(Value value) {
    return value instanceof IntValue || value instanceof BoolValue;
  }

  /** The integer that an {@link #isInteger} value counts as. */
  static IntValue integer(Value value) {
    return switch (value) {
      case IntValue v -> v;
      case BoolValue v -> IntValue.of(v.value() ? 1 : 0);
      case StringValue _, ListValue _, NoneValue _ ->
          throw new IllegalArgumentException(value.type() + " does not count as an integer");
    };
  }

  boolean isWithinLimit(IntValue value) {
    return value.bitLength() <= limits.bits();
  }

  /** The result of a computation, if it has no more bits than it may. */
  IntValue limited(long value) {
    if (limits.bits() < Long.SIZE && IntValue.bitLength(value) > limits.bits()) {
      throw tooManyBits();
    }
    return IntValue.of(value);
  }

  /** The result of a computation, if it has no more bits than it may. */
  IntValue limited(BigInteger value) {
    return limited(IntValue.of(value));
  }

  /** The result of a computation, if it has no more bits than it may. */
  IntValue limited(IntValue value) {
    if (!isWithinLimit(value)) {
      throw tooManyBits();
    }
    return value;
  }

  private ProgramError tooManyBits() {
    return new ProgramError(
        ErrorKind.INTEGER_LIMIT_EXCEEDED, "an integer of more than " + limits.bits() + " bits");
  }

  Value unary(UnaryOperator operator, Value operand) {
    if (operator == UnaryOperator.NOT) {
      return Value.of(!truth(operand));
    }
    if (!isInteger(operand)) {
      throw ProgramError.type(
          "bad operand type for unary " + operator.symbol() + ": '" + operand.type() + "'");
    }
    IntValue value = integer(operand);
    boolean small = value.fitsLong() && value.longValue() != Long.MIN_VALUE;
    return switch (operator) {
      case NEGATE -> small ? limited(-value.longValue()) : limited(value.value().negate());
      case INVERT -> small ? limited(~value.longValue()) : limited(value.value().not());
      case PLUS, NOT -> limited(value);
    };
  }

  Value binary(Value left, BinaryOperator operator, Value right) {
    if (left instanceof IntValue a && right instanceof IntValue b) {
      return arithmetic(a, operator, b);
    }
    if (left instanceof BoolValue a && right instanceof BoolValue b) {
      switch (operator) {
        case BIT_AND -> {
          return Value.of(a.value() && b.value());
        }
        case BIT_OR -> {
          return Value.of(a.value() || b.value());
        }
        case BIT_XOR -> {
          return Value.of(a.value() ^ b.value());
        }
        default -> {}
      }
    }
    if (isInteger(left) && isInteger(right)) {
      return arithmetic(integer(left), operator, integer(right));
    }
    if (operator == BinaryOperator.ADD
        && left instanceof StringValue a
        && right instanceof StringValue b) {
      return sequences.concatenate(a, b);
    }
    if (operator == BinaryOperator.ADD
        && left instanceof ListValue a
        && right instanceof ListValue b) {
      return sequences.concatenate(a, b);
    }
    if (operator == BinaryOperator.MULTIPLY && isInteger(right)) {
      if (left instanceof StringValue text) {
        return sequences.repeat(text, integer(right));
      }
      if (left instanceof ListValue list) {
        return sequences.repeat(list, integer(right));
      }
    }
    if (operator == BinaryOperator.MULTIPLY && isInteger(left)) {
      if (right instanceof StringValue text) {
        return sequences.repeat(text, integer(left));
      }
      if (right instanceof ListValue list) {
        return sequences.repeat(list, integer(left));
      }
    }
    if (operator == BinaryOperator.MODULO && left instanceof StringValue) {
      throw ProgramError.type("formatting a string with % is not supported");
    }
    throw ProgramError.type(
        "unsupported operand type(s) for "
            + operator.symbol()
            + ": '"
            + left.type()
            + "' and '"
            + right.type()
            + "'");
  }

  /**
   * As {@link #binary}, save that a list on the left of {@code +=} and {@code *=} changes in place.
   */
  Value augmented(Value left, BinaryOperator operator, Value right) {
    if (left instanceof ListValue list && operator == BinaryOperator.ADD) {
      sequences.extend(list, right);
      return list;
    }
    if (left instanceof ListValue list && operator == BinaryOperator.MULTIPLY && isInteger(right)) {
      List<Value> repeated = sequences.repeat(list, integer(right)).elements();
      list.clear();
      list.addAll(repeated);
      return list;
    }
    return binary(left, operator, right);
  }

  private Value arithmetic(IntValue left, BinaryOperator operator, IntValue right) {
    return left.fitsLong() && right.fitsLong()
        ? arithmetic(left.longValue(), operator, right.longValue())
        : arithmetic(left.value(), operator, right.value());
  }

  private Value arithmetic(long a, BinaryOperator operator, long b) {
    return switch (operator) {
      case ADD -> {
        long sum = a + b;
        // Overflown if both operands differ from the sum in sign.
        yield ((a ^ sum) & (b ^ sum)) < 0
            ? arithmetic(BigInteger.valueOf(a), operator, BigInteger.valueOf(b))
            : limited(sum);
      }
      case SUBTRACT -> {
        long difference = a - b;
        yield ((a ^ b) & (a ^ difference)) < 0
            ? arithmetic(BigInteger.valueOf(a), operator, BigInteger.valueOf(b))
            : limited(difference);
      }
      case MULTIPLY -> {
        long low = a * b;
        yield Math.multiplyHigh(a, b) != low >> (Long.SIZE - 1)
            ? arithmetic(BigInteger.valueOf(a), operator, BigInteger.valueOf(b))
            : limited(low);
      }
      case FLOOR_DIVIDE -> {
        if (b == 0) {
          throw zeroDivision(operator);
        }
        yield a == Long.MIN_VALUE && b == -1
            ? limited(BigInteger.valueOf(a).negate())
            : limited(Math.floorDiv(a, b));
      }
      case MODULO -> {
        if (b == 0) {
          throw zeroDivision(operator);
        }
        yield limited(Math.floorMod(a, b));
      }
      case BIT_AND -> limited(a & b);
      case BIT_OR -> limited(a | b);
      case BIT_XOR -> limited(a ^ b);
      case SHIFT_LEFT -> shiftLeft(BigInteger.valueOf(a), BigInteger.valueOf(b));
      case SHIFT_RIGHT -> {
        if (b < 0) {
          throw ProgramError.value("negative shift count");
        }
        yield limited(a >> Math.min(b, Long.SIZE - 1));
      }
    };
  }

  private Value arithmetic(BigInteger a, BinaryOperator operator, BigInteger b) {
    return switch (operator) {
      case ADD -> limited(a.add(b));
      case SUBTRACT -> limited(a.subtract(b));
      case MULTIPLY -> {
        // The product has as many bits as both factors, or one less.
        if ((long) a.bitLength() + b.bitLength() - 1 > limits.bits() + 1L) {
          throw tooManyBits();
        }
        yield limited(a.multiply(b));
      }
      case FLOOR_DIVIDE -> {
        if (b.signum() == 0) {
          throw zeroDivision(operator);
        }
        BigInteger[] parts = a.divideAndRemainder(b);
        boolean inexact = parts[1].signum() != 0;
        boolean negative = a.signum() != b.signum();
        yield limited(inexact && negative ? parts[0].subtract(BigInteger.ONE) : parts[0]);
      }
      case MODULO -> {
        if (b.signum() == 0) {
          throw zeroDivision(operator);
        }
        BigInteger remainder = a.remainder(b);
        boolean otherSign = remainder.signum() != 0 && remainder.signum() != b.signum();
        yield limited(otherSign ? remainder.add(b) : remainder);
      }
      case BIT_AND -> limited(a.and(b));
      case BIT_OR -> limited(a.or(b));
      case BIT_XOR -> limited(a.xor(b));
      case SHIFT_LEFT -> shiftLeft(a, b);
      case SHIFT_RIGHT -> {
        if (b.signum() < 0) {
          throw ProgramError.value("negative shift count");
        }
        yield limited(
            a.shiftRight(b.bitLength() < Integer.SIZE ? b.intValue() : Integer.MAX_VALUE));
      }
    };
  }

  private Value shiftLeft(BigInteger a, BigInteger b) {
    if (b.signum() < 0) {
      throw ProgramError.value("negative shift count");
    }
    if (a.signum() == 0) {
      return IntValue.of(0);
    }
    if (b.bitLength() >= Integer.SIZE || a.bitLength() + b.longValue() > limits.bits() + 1L) {
      throw tooManyBits();
    }
    return limited(a.shiftLeft(b.intValue()));
  }

  private static ProgramError zeroDivision(BinaryOperator operator) {
    return new ProgramError(
        ErrorKind.ZERO_DIVISION_ERROR,
        operator == BinaryOperator.MODULO
            ? "integer modulo by zero"
            : "integer division or modulo by zero");
  }

  boolean compare(Value left, ComparisonOperator operator, Value right) {
    if (left instanceof IntValue a && right instanceof IntValue b && a.fitsLong() && b.fitsLong()) {
      long x = a.longValue();
      long y = b.longValue();
      switch (operator) {
        case EQUAL -> {
          return x == y;
        }
        case NOT_EQUAL -> {
          return x != y;
        }
        case LESS -> {
          return x < y;
        }
        case LESS_EQUAL -> {
          return x <= y;
        }
        case GREATER -> {
          return x > y;
        }
        case GREATER_EQUAL -> {
          return x >= y;
        }
        case IN, NOT_IN -> {}
      }
    }
    return switch (operator) {
      case EQUAL -> new Comparison().equal(left, right, 0);
      case NOT_EQUAL -> !new Comparison().equal(left, right, 0);
      case LESS, LESS_EQUAL, GREATER, GREATER_EQUAL ->
          new Comparison().ordered(left, operator, right, 0);
      case IN -> contains(left, right);
      case NOT_IN -> !contains(left, right);
    };
  }

  private boolean contains(Value element, Value container) {
    return switch (container) {
      case StringValue text -> {
        if (!(element instanceof StringValue part)) {
          throw ProgramError.type(
              "'in <string>' requires string as left operand, not " + element.type());
        }
        // Well-formed UTF-16 never matches in the middle of a surrogate pair.
        yield text.value().contains(part.value());
      }
      case ListValue list -> {
        Comparison comparison = new Comparison();
        for (Value candidate : list.elements()) {
          if (comparison.equal(candidate, element, 0)) {
            yield true;
          }
        }
        yield false;
      }
      case IntValue _, BoolValue _, NoneValue _ ->
          throw ProgramError.type("argument of type '" + container.type() + "' is not iterable");
    };
  }

  /**
   * One evaluation of a comparison, with a bound on how many elements of nested lists it visits.
   */
  private final class Comparison {

    private long left = (long) limits.size() * COMPARED_PER_ELEMENT;

    @SuppressWarnings("ReferenceEquality") // As in Python, what is the same object is equal.
    boolean equal(Value a, Value b, int depth) {
      visit(depth);
      if (a == b) {
        return true;
      }
      if (isInteger(a) && isInteger(b)) {
        return integer(a).equals(integer(b));
      }
      if (a instanceof ListValue x && b instanceof ListValue y) {
        return x.size() == y.size() && firstDifference(x, y, depth) == x.size();
      }
      return a.equals(b);
    }

    boolean ordered(Value a, ComparisonOperator operator, Value b, int depth) {
      visit(depth);
      if (isInteger(a) && isInteger(b)) {
        return holds(integer(a).value().compareTo(integer(b).value()), operator);
      }
      if (a instanceof StringValue x && b instanceof StringValue y) {
        return holds(Sequences.compare(x.value(), y.value()), operator);
      }
      if (a instanceof ListValue x && b instanceof ListValue y) {
        int first = firstDifference(x, y, depth);
        boolean differ = first < x.size() && first < y.size();
        return differ
            ? ordered(x.get(first), operator, y.get(first), depth + 1)
            : holds(Integer.compare(x.size(), y.size()), operator);
      }
      throw ProgramError.type(
          "'"
              + operator.symbol()
              + "' not supported between instances of '"
              + a.type()
              + "' and '"
              + b.type()
              + "'");
    }

    private int firstDifference(ListValue x, ListValue y, int depth) {
      int both = Math.min(x.size(), y.size());
      int i = 0;
      while (i < both && equal(x.get(i), y.get(i), depth + 1)) {
        i++;
      }
      return i;
    }

    private void visit(int depth) {
      if (depth > limits.depth()) {
        throw Sequences.nestedTooDeep();
      }
      if (--left < 0) {
        throw new ProgramError(
            ErrorKind.SIZE_LIMIT_EXCEEDED,
            "a comparison of lists with more than "
                + limits.size()
                + " elements, those of lists in them included");
      }
    }

    private static boolean holds(int order, ComparisonOperator operator) {
      return switch (operator) {
        case LESS -> order < 0;
        case LESS_EQUAL -> order <= 0;
        case GREATER -> order > 0;
        case GREATER_EQUAL -> order >= 0;
        case EQUAL, NOT_EQUAL, IN, NOT_IN ->
            throw new IllegalArgumentException(operator + " asks for no order");
      };
    }
  }
}
