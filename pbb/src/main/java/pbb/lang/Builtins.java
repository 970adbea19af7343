package pbb.lang;

import java.math.BigInteger;
import java.util.List;

/** What the built-in functions and methods do. */
final class Builtins {

  private final Operators operators;
  private final Sequences sequences;

  Builtins(Operators operators, Sequences sequences) {
    this.operators = operators;
    this.sequences = sequences;
  }

  Value call(Builtin function, List<Value> arguments) {
    int least = function == Builtin.STR || function == Builtin.INT ? 0 : 1;
    int most = function == Builtin.MIN || function == Builtin.MAX ? Integer.MAX_VALUE : 1;
    if (arguments.size() < least || arguments.size() > most) {
      throw wrongCount(function.identifier(), arguments.size());
    }
    return switch (function) {
      case LEN -> length(arguments.getFirst());
      case STR -> arguments.isEmpty() ? Value.of("") : sequences.text(arguments.getFirst());
      case INT -> arguments.isEmpty() ? Value.of(0) : toInteger(arguments.getFirst());
      case ORD -> ord(arguments.getFirst());
      case CHR -> chr(arguments.getFirst());
      case MIN -> extreme(function, ComparisonOperator.LESS, arguments);
      case MAX -> extreme(function, ComparisonOperator.GREATER, arguments);
      case ABS -> absolute(arguments.getFirst());
    };
  }

  /** The value has no such method. */
  static ProgramError noMethod(Value receiver, Method method) {
    return new ProgramError(
        ErrorKind.ATTRIBUTE_ERROR,
        "'" + receiver.type() + "' object has no attribute '" + method.identifier() + "'");
  }

  Value call(ListValue list, Method method, List<Value> arguments) {
    return switch (method) {
      case APPEND -> {
        if (arguments.size() != 1) {
          throw wrongCount("append", arguments.size());
        }
        sequences.append(list, arguments.getFirst());
        yield Value.none();
      }
      case POP -> {
        if (arguments.size() > 1) {
          throw wrongCount("pop", arguments.size());
        }
        yield Sequences.pop(list, arguments.isEmpty() ? Value.of(-1) : arguments.getFirst());
      }
    };
  }

  private static ProgramError wrongCount(String function, int count) {
    return ProgramError.type(function + "() got a wrong number of arguments (" + count + ")");
  }

  private static Value length(Value value) {
    return switch (value) {
      case StringValue text -> Value.of(Sequences.length(text.value()));
      case ListValue list -> Value.of(list.size());
      case IntValue _, BoolValue _, NoneValue _ ->
          throw ProgramError.type("object of type '" + value.type() + "' has no len()");
    };
  }

  private Value toInteger(Value value) {
    return switch (value) {
      case IntValue v -> operators.limited(v);
      case BoolValue v -> Operators.integer(v);
      case StringValue text -> parse(text);
      case ListValue _, NoneValue _ ->
          throw ProgramError.type(
              "int() argument must be a string or a number, not '" + value.type() + "'");
    };
  }

  /** Decimal digits with single underscores between them, after a sign, with space around. */
  private Value parse(StringValue text) {
    int[] characters = text.value().codePoints().toArray();
    int start = 0;
    int end = characters.length;
    while (start < end && isSpace(characters[start])) {
      start++;
    }
    while (start < end && isSpace(characters[end - 1])) {
      end--;
    }
    boolean negative = start < end && characters[start] == '-';
    if (negative || (start < end && characters[start] == '+')) {
      start++;
    }
    StringBuilder digits = new StringBuilder();
    boolean digitBefore = false;
    for (int i = start; i < end; i++) {
      int digit = Character.isDigit(characters[i]) ? Character.digit(characters[i], 10) : -1;
      boolean underscore = characters[i] == '_' && digitBefore && i + 1 < end;
      if (digit < 0 && !underscore) {
        throw notANumber(text);
      }
      digitBefore = digit >= 0;
      if (digitBefore) {
        digits.append((char) ('0' + digit));
      }
    }
    if (digits.isEmpty()) {
      throw notANumber(text);
    }
    BigInteger magnitude = new BigInteger(digits.toString());
    return operators.limited(negative ? magnitude.negate() : magnitude);
  }

  /** Python's {@code str.isspace}: Unicode's spaces and the controls that separate. */
  private static boolean isSpace(int c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
  }

  private static ProgramError notANumber(StringValue text) {
    return ProgramError.value("invalid literal for int() with base 10: " + text.repr());
  }

  private static Value ord(Value value) {
    if (!(value instanceof StringValue text)) {
      throw ProgramError.type("ord() expected string of length 1, but " + value.type() + " found");
    }
    int length = Sequences.length(text.value());
    if (length != 1) {
      throw ProgramError.type(
          "ord() expected a character, but string of length " + length + " found");
    }
    return Value.of(text.value().codePointAt(0));
  }

  private static Value chr(Value value) {
    if (!Operators.isInteger(value)) {
      throw ProgramError.type("'" + value.type() + "' object cannot be interpreted as an integer");
    }
    IntValue code = Operators.integer(value);
    if (code.bitLength() >= Integer.SIZE) {
      throw new ProgramError(ErrorKind.OVERFLOW_ERROR, "Python int too large to convert to C int");
    }
    long character = code.longValue();
    if (character < 0 || character > Character.MAX_CODE_POINT) {
      throw ProgramError.value("chr() arg not in range(0x110000)");
    }
    if (character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE) {
      throw ProgramError.value("chr() of half a surrogate pair is not supported");
    }
    return Value.of(Character.toString((int) character));
  }

  private Value extreme(Builtin function, ComparisonOperator better, List<Value> arguments) {
    List<Value> candidates = arguments;
    if (arguments.size() == 1) {
      Value only = arguments.getFirst();
      candidates =
          switch (only) {
            case ListValue list -> list.elements();
            case StringValue text -> Sequences.characters(text.value());
            case IntValue _, BoolValue _, NoneValue _ -> throw Sequences.notIterable(only);
          };
    }
    if (candidates.isEmpty()) {
      throw ProgramError.value(function.identifier() + "() arg is an empty sequence");
    }
    Value best = candidates.getFirst();
    for (Value candidate : candidates.subList(1, candidates.size())) {
      if (operators.compare(candidate, better, best)) {
        best = candidate;
      }
    }
    return best;
  }

  private Value absolute(Value value) {
    if (!Operators.isInteger(value)) {
      throw ProgramError.type("bad operand type for abs(): '" + value.type() + "'");
    }
    boolean negative = Operators.integer(value).signum() < 0;
    return operators.unary(negative ? UnaryOperator.NEGATE : UnaryOperator.PLUS, value);
  }
}
