package pbb.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.stream.Stream;

/** A line of {@code scripts/bench compare}: named values in a fixed order, {@code what} first. */
final class Line {

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** The fields that say who was measured, and at what. */
  private static final List<String> SUBJECT =
      List.of("backend", "peer", "version", "mode", "setup", "preload", "threads", "shape");

  private final ObjectNode fields;

  private Line(ObjectNode fields) {
    this.fields = fields;
  }

  static Line of(String what) {
    return new Line(MAPPER.createObjectNode().put("what", what));
  }

  /**
   * Reads a line that another program printed.
   *
   * @throws JsonProcessingException if it is no JSON object
   */
  static Line parse(String json) throws JsonProcessingException {
    return new Line(MAPPER.readValue(json, ObjectNode.class));
  }

  /** A double of so many decimals, for {@link #with(String, BigDecimal)}. */
  static BigDecimal round(double value, int decimals) {
    return BigDecimal.valueOf(value).setScale(decimals, RoundingMode.HALF_EVEN);
  }

  Line with(String name, String value) {
    return new Line(fields.deepCopy().put(name, value));
  }

  Line with(String name, long value) {
    return new Line(fields.deepCopy().put(name, value));
  }

  Line with(String name, BigDecimal value) {
    return new Line(fields.deepCopy().put(name, value));
  }

  /** With numbers that only JSON shows. */
  Line with(String name, List<Double> values) {
    ObjectNode copy = fields.deepCopy();
    ArrayNode array = copy.putArray(name);
    values.forEach(value -> array.add(round(value, 6)));
    return new Line(copy);
  }

  /** Those numbers; none where it has no such field. */
  List<Double> numbers(String name) {
    List<Double> numbers = new ArrayList<>();
    get(name).forEach(value -> numbers.add(value.asDouble()));
    return numbers;
  }

  /**
   * The names of the fields that say who was measured and at what, and others, for {@link #only}.
   */
  static List<String> subjectAnd(String... names) {
    return Stream.concat(SUBJECT.stream(), Stream.of(names)).toList();
  }

  /** Those of the named fields that it has, as a line of another kind. */
  Line only(What what, List<String> names) {
    ObjectNode kept = MAPPER.createObjectNode().put("what", what.toString());
    names.stream().filter(fields::has).forEach(name -> kept.set(name, fields.get(name)));
    return new Line(kept);
  }

  boolean has(String name) {
    return fields.has(name);
  }

  JsonNode get(String name) {
    return fields.path(name);
  }

  String json() {
    return fields.toString();
  }

  /** The same for a reader: {@code train backend vector shape M …}, or a row of a table. */
  String text() {
    if (fields.has("kernel") && fields.has("ms")) {
      return String.format(
              Locale.ROOT,
              "%-24s %6d launches %11.3f ms %6.2f%%  %s",
              get("kernel").asText(),
              get("launches").asInt(),
              get("ms").asDouble(),
              100 * get("share").asDouble(),
              fields.has("gflops") ? get("gflops").asText() + " GFLOP/s" : "")
          .stripTrailing();
    }
    StringJoiner text = new StringJoiner("  ");
    fields.forEachEntry(
        (name, value) -> {
          if (!value.isArray()) {
            text.add(name.equals("what") ? value.asText() : name + " " + value.asText());
          }
        });
    return text.toString();
  }
}
