package pbb.lang;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What Python does with strings and lists: indices, slices, joining and repeating, within {@link
 * Limits}.
 */
final class Sequences {

  private final Limits limits;

  Sequences(Limits limits) {
    this.limits = limits;
  }

  static ProgramError nestedTooDeep() {
    return new ProgramError(ErrorKind.RECURSION_ERROR, "lists are nested too deep");
  }

  private void limit(long size, String what) {
    if (size > limits.size()) {
      throw new ProgramError(
          ErrorKind.SIZE_LIMIT_EXCEEDED, "a " + what + " of more than " + limits.size());
    }
  }

  private void limitString(long characters) {
    limit(characters, "string with a length");
  }

  private void limitList(long elements) {
    limit(elements, "list with a length");
  }

  /** The number of code points. */
  static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  private static Value character(String text, int index) {
    if (StringValue.isLatinOrBasic(text)) {
      return new StringValue(String.valueOf(text.charAt(index)));
    }
    return new StringValue(Character.toString(text.codePointAt(text.offsetByCodePoints(0, index))));
  }

  /** The characters of a string as strings. */
  static List<Value> characters(String text) {
    List<Value> characters = new ArrayList<>(text.length());
    text.codePoints().forEach(c -> characters.add(new StringValue(Character.toString(c))));
    return characters;
  }

  /** Order by code points; {@link String#compareTo} would order by UTF-16. */
  static int compare(String a, String b) {
    int shorter = Math.min(a.length(), b.length());
    for (int i = 0; i < shorter; i++) {
      if (a.charAt(i) != b.charAt(i)) {
        boolean pairs = Character.isSurrogate(a.charAt(i)) && Character.isSurrogate(b.charAt(i));
        // Two pairs that differ in their second half only: the halves order as the pairs do.
        return pairs
            ? Character.compare(a.charAt(i), b.charAt(i))
            : Integer.compare(a.codePointAt(i), b.codePointAt(i));
      }
    }
    return Integer.compare(a.length(), b.length());
  }

  Value concatenate(StringValue a, StringValue b) {
    limitString((long) length(a.value()) + length(b.value()));
    return new StringValue(a.value() + b.value());
  }

  Value concatenate(ListValue a, ListValue b) {
    limitList((long) a.size() + b.size());
    ListValue sum = new ListValue(a.elements());
    sum.addAll(b.elements());
    return sum;
  }

  /** {@code list += value}: adds the elements of a list or the characters of a string. */
  void extend(ListValue list, Value value) {
    List<Value> elements =
        switch (value) {
          case ListValue other -> List.copyOf(other.elements());
          case StringValue text -> characters(text.value());
          case IntValue _, BoolValue _, NoneValue _ -> throw notIterable(value);
        };
    limitList((long) list.size() + elements.size());
    list.addAll(elements);
  }

  Value repeat(StringValue text, IntValue times) {
    return new StringValue(
        text.value().repeat(times(times, length(text.value()), "string with a length")));
  }

  ListValue repeat(ListValue list, IntValue times) {
    int count = times(times, list.size(), "list with a length");
    List<Value> elements = new ArrayList<>(count * list.size());
    for (int i = 0; i < count; i++) {
      elements.addAll(list.elements());
    }
    return new ListValue(elements);
  }

  /**
   * How often to repeat what has {@code size} elements: 0 for less than 0, and for nothing to
   * repeat.
   */
  private int times(IntValue times, int size, String what) {
    if (!times.fitsLong()) {
      throw new ProgramError(
          ErrorKind.OVERFLOW_ERROR, "cannot fit 'int' into an index-sized integer");
    }
    if (times.longValue() <= 0 || size == 0) {
      return 0;
    }
    limit(times.longValue() > limits.size() ? Long.MAX_VALUE : times.longValue() * size, what);
    return (int) times.longValue();
  }

  Value get(Value sequence, Value index) {
    return switch (sequence) {
      case StringValue text -> {
        int length = length(text.value());
        yield character(
            text.value(), position(index, length, "string", "string index out of range"));
      }
      case ListValue list ->
          list.get(position(index, list.size(), "list", "list index out of range"));
      case IntValue _, BoolValue _, NoneValue _ ->
          throw ProgramError.type("'" + sequence.type() + "' object is not subscriptable");
    };
  }

  void set(Value sequence, Value index, Value value) {
    if (!(sequence instanceof ListValue list)) {
      if (sequence instanceof StringValue
          && Operators.isInteger(index)
          && !Operators.integer(index).fitsLong()) {
        // Python reads the index before it finds that strings do not change.
        throw ProgramError.index("cannot fit 'int' into an index-sized integer");
      }
      throw ProgramError.type("'" + sequence.type() + "' object does not support item assignment");
    }
    list.set(position(index, list.size(), "list", "list assignment index out of range"), value);
  }

  /** Where an index points; negative ones count from the end. */
  private static int position(Value index, int size, String type, String outOfRange) {
    if (!Operators.isInteger(index)) {
      throw ProgramError.type(type + " indices must be integers, not '" + index.type() + "'");
    }
    IntValue integer = Operators.integer(index);
    if (!integer.fitsLong()) {
      throw ProgramError.index("cannot fit 'int' into an index-sized integer");
    }
    long position = integer.longValue();
    if (position < 0) {
      position += size;
    }
    if (position < 0 || position >= size) {
      throw ProgramError.index(outOfRange);
    }
    return (int) position;
  }

  /** A slice; a bound that is left out and one that is {@code None} mean the same. */
  Value slice(Value sequence, Value lower, Value upper, Value step) {
    int size =
        switch (sequence) {
          case StringValue text -> length(text.value());
          case ListValue list -> list.size();
          case IntValue _, BoolValue _, NoneValue _ ->
              throw ProgramError.type("'" + sequence.type() + "' object is not subscriptable");
        };
    // Python looks at the step first.
    BigInteger stride = bound(step).orElse(BigInteger.ONE);
    if (stride.signum() == 0) {
      throw ProgramError.value("slice step cannot be zero");
    }
    boolean down = stride.signum() < 0;
    int first = clamp(bound(lower), size, down, down ? size - 1 : 0);
    int end = clamp(bound(upper), size, down, down ? -1 : size);
    // No slice takes more than size elements, so a stride beyond it takes one at most.
    int by = stride.abs().min(BigInteger.valueOf(size + 1L)).intValue() * stride.signum();
    return switch (sequence) {
      case StringValue text -> slice(text.value(), first, end, by);
      case ListValue list -> {
        List<Value> taken = new ArrayList<>();
        for (long i = first; down ? i > end : i < end; i += by) {
          taken.add(list.get((int) i));
        }
        yield new ListValue(taken);
      }
      case IntValue _, BoolValue _, NoneValue _ -> throw new AssertionError(sequence);
    };
  }

  private static Value slice(String text, int first, int end, int by) {
    if (by == 1 && first < end) {
      int from = text.offsetByCodePoints(0, first);
      return new StringValue(text.substring(from, text.offsetByCodePoints(from, end - first)));
    }
    int[] characters = text.codePoints().toArray();
    StringBuilder taken = new StringBuilder();
    for (long i = first; by < 0 ? i > end : i < end; i += by) {
      taken.appendCodePoint(characters[(int) i]);
    }
    return new StringValue(taken.toString());
  }

  private static Optional<BigInteger> bound(Value bound) {
    if (bound == NoneValue.NONE) {
      return Optional.empty();
    }
    if (!Operators.isInteger(bound)) {
      throw ProgramError.type("slice indices must be integers or None");
    }
    return Optional.of(Operators.integer(bound).value());
  }

  /** A bound of a slice as a position: from 0 to size going up, from -1 to size - 1 going down. */
  private static int clamp(Optional<BigInteger> bound, int size, boolean down, int otherwise) {
    if (bound.isEmpty()) {
      return otherwise;
    }
    BigInteger position = bound.get();
    if (position.signum() < 0) {
      position = position.add(BigInteger.valueOf(size));
    }
    BigInteger least = BigInteger.valueOf(down ? -1 : 0);
    BigInteger most = BigInteger.valueOf(down ? size - 1L : size);
    return position.max(least).min(most).intValue();
  }

  void append(ListValue list, Value value) {
    limitList(list.size() + 1L);
    list.add(value);
  }

  static Value pop(ListValue list, Value index) {
    if (!Operators.isInteger(index)) {
      throw ProgramError.type("'" + index.type() + "' object cannot be interpreted as an integer");
    }
    if (!Operators.integer(index).fitsLong()) {
      throw new ProgramError(
          ErrorKind.OVERFLOW_ERROR, "Python int too large to convert to C ssize_t");
    }
    if (list.size() == 0) {
      throw ProgramError.index("pop from empty list");
    }
    return list.remove(position(index, list.size(), "list", "pop index out of range"));
  }

  static ProgramError notIterable(Value value) {
    return ProgramError.type("'" + value.type() + "' object is not iterable");
  }

  /** What Python's {@code str} makes of a value. */
  Value text(Value value) {
    if (value instanceof StringValue) {
      return value;
    }
    checkPrintable(value);
    String text = value.toString();
    limitString(length(text));
    return new StringValue(text);
  }

  /**
   * Throws unless a value's lists, those inside them included, are few and flat enough to be
   * written out.
   */
  void checkPrintable(Value value) {
    if (value instanceof ListValue list) {
      limitList(expanded(list, 0, 1));
    }
  }

  /** {@code count} and the number of elements; stops as soon as they are too many. */
  private long expanded(ListValue list, long count, int depth) {
    if (depth > limits.depth()) {
      throw nestedTooDeep();
    }
    long total = count + list.size();
    for (Value element : list.elements()) {
      limitList(total);
      if (element instanceof ListValue inner) {
        total = expanded(inner, total, depth + 1);
      }
    }
    return total;
  }
}
