package pbb.lang;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a program computes with. {@code toString} is what Python's {@code str} prints, {@link #repr}
 * what its {@code repr} does. {@code equals} tells types apart ({@code 1} from {@code True}), which
 * the language's {@code ==} does not.
 */
public sealed interface Value permits IntValue, BoolValue, StringValue, ListValue, NoneValue {

  /** The type's name in Python, such as {@code int}. */
  String type();

  /** As Python's {@code repr} writes it. */
  default String repr() {
    return toString();
  }

  static Value of(long value) {
    return IntValue.of(value);
  }

  static Value of(BigInteger value) {
    return IntValue.of(value);
  }

  static Value of(boolean value) {
    return value ? BoolValue.TRUE : BoolValue.FALSE;
  }

  static Value of(String value) {
    return new StringValue(value);
  }

  static Value of(List<? extends Value> elements) {
    return new ListValue(elements);
  }

  static Value none() {
    return NoneValue.NONE;
  }

  /**
   * The value that a parsed JSON document stands for.
   *
   * @param json an {@code Integer}, {@code Long}, {@code BigInteger}, {@code String}, {@code
   *     Boolean}, a {@code List} of such, or null for {@code None}
   * @throws IllegalArgumentException for anything else, such as a number with a fraction
   */
  static Value fromJson(@Nullable Object json) {
    return switch (json) {
      case null -> NoneValue.NONE;
      case Integer number -> of(number.longValue());
      case Long number -> of(number.longValue());
      case BigInteger number -> of(number);
      case String text -> of(text);
      case Boolean truth -> of(truth.booleanValue());
      case List<?> list -> {
        List<Value> elements = new ArrayList<>(list.size());
        for (Object element : list) {
          elements.add(fromJson(element));
        }
        yield new ListValue(elements);
      }
      default ->
          throw new IllegalArgumentException(
              "a value is an integer, a string, true, false, null or a list of these, not "
                  + json
                  + " ("
                  + json.getClass().getSimpleName()
                  + ")");
    };
  }

  /**
   * What stands for this value in JSON: a {@code Long}, a {@code BigInteger} if it does not fit, a
   * {@code String}, a {@code Boolean}, a {@code List} of such, or null for {@code None}.
   */
  default @Nullable Object toJson() {
    return switch (this) {
      case IntValue v -> v.fitsLong() ? (Object) v.longValue() : v.value();
      case BoolValue v -> v.value();
      case StringValue v -> v.value();
      case NoneValue _ -> null;
      case ListValue v -> {
        List<@Nullable Object> elements = new ArrayList<>(v.size());
        for (Value element : v.elements()) {
          elements.add(element.toJson());
        }
        yield elements;
      }
    };
  }
}
