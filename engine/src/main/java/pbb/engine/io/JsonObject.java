package pbb.engine.io;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A JSON object that was read from a file. Every accessor checks, and complains in one sentence
 * that names the file and the field. Strict: a field that stands twice, or text after the object,
 * is an error.
 *
 * <p>A field that holds JSON's {@code null} counts as absent.
 */
public final class JsonObject {

  private final Path file;
  private final String prefix; // "" at the root, "model." inside the field model
  private final ObjectNode node;

  private JsonObject(Path file, String prefix, ObjectNode node) {
    this.file = file;
    this.prefix = prefix;
    this.node = node;
  }

  /**
   * Reads a whole file that holds one JSON object.
   *
   * @throws InvalidFileException if there is no such file, or it holds no JSON object
   */
  public static JsonObject read(Path file) throws IOException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new InvalidFileException(file, "does not exist");
    }
    return parse(file, bytes);
  }

  /**
   * Parses the UTF-8 bytes of one JSON object.
   *
   * @param file the file that the bytes come from, for messages
   */
  public static JsonObject parse(Path file, byte[] utf8) throws InvalidFileException {
    JsonMapper mapper =
        JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    try {
      if (mapper.readTree(utf8) instanceof ObjectNode object) {
        return new JsonObject(file, "", object);
      }
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      String where =
          at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
      String why = e.getOriginalMessage().lines().findFirst().orElse("");
      throw new InvalidFileException(file, "is not valid JSON" + where + ": " + why);
    } catch (IOException e) {
      throw new InvalidFileException(file, "is not valid JSON: " + e.getMessage());
    }
    throw new InvalidFileException(file, "does not hold a JSON object");
  }

  /** The file that this object was read from. */
  public Path file() {
    return file;
  }

  /** Whether the field is there and not {@code null}. */
  public boolean has(String field) {
    return node.hasNonNull(field);
  }

  /** The names of all fields, those that hold {@code null} too, in the file's order. */
  public List<String> fields() {
    List<String> names = new ArrayList<>();
    node.fieldNames().forEachRemaining(names::add);
    return List.copyOf(names);
  }

  /** An integer in [least, most]. */
  public int integer(String field, int least, int most) throws InvalidFileException {
    return Math.toIntExact(integer(field, (long) least, (long) most));
  }

  /** An integer in [least, most]. */
  public long integer(String field, long least, long most) throws InvalidFileException {
    JsonNode value = require(field, JsonNode::isIntegralNumber, "an integer");
    if (!value.canConvertToLong() || value.longValue() < least || value.longValue() > most) {
      throw invalid(field, "must lie in [" + least + ", " + most + "], not " + value);
    }
    return value.longValue();
  }

  /** A finite number. */
  public double number(String field) throws InvalidFileException {
    double value = require(field, JsonNode::isNumber, "a number").doubleValue();
    if (!Double.isFinite(value)) {
      throw invalid(field, "must be finite");
    }
    return value;
  }

  /** A string. */
  public String string(String field) throws InvalidFileException {
    return require(field, JsonNode::isTextual, "a string").textValue();
  }

  /** A truth value. */
  public boolean bool(String field) throws InvalidFileException {
    return require(field, JsonNode::isBoolean, "true or false").booleanValue();
  }

  /** An object inside this one. */
  public JsonObject object(String field) throws InvalidFileException {
    JsonNode value = require(field, JsonNode::isObject, "an object");
    return new JsonObject(file, prefix + field + ".", (ObjectNode) value);
  }

  /** The object in a field that may be absent. */
  public Optional<JsonObject> optionalObject(String field) throws InvalidFileException {
    return has(field) ? Optional.of(object(field)) : Optional.empty();
  }

  /** A list of objects. */
  public List<JsonObject> objects(String field) throws InvalidFileException {
    List<JsonObject> all = new ArrayList<>();
    for (JsonNode element : require(field, JsonNode::isArray, "a list")) {
      String name = field + "[" + all.size() + "]";
      if (!(element instanceof ObjectNode object)) {
        throw invalid(name, "must be an object, not " + shorten(element));
      }
      all.add(new JsonObject(file, prefix + name + ".", object));
    }
    return List.copyOf(all);
  }

  /** A list of strings. */
  public List<String> strings(String field) throws InvalidFileException {
    List<String> all = new ArrayList<>();
    for (JsonNode element : require(field, JsonNode::isArray, "a list")) {
      if (!element.isTextual()) {
        throw invalid(field + "[" + all.size() + "]", "must be a string, not " + shorten(element));
      }
      all.add(element.textValue());
    }
    return List.copyOf(all);
  }

  /** A list of integers that fit a {@code long}. */
  public long[] integers(String field) throws InvalidFileException {
    JsonNode list = require(field, JsonNode::isArray, "a list");
    long[] all = new long[list.size()];
    for (int i = 0; i < all.length; i++) {
      JsonNode element = list.get(i);
      if (!element.isIntegralNumber() || !element.canConvertToLong()) {
        throw invalid(field + "[" + i + "]", "must be an integer, not " + shorten(element));
      }
      all[i] = element.longValue();
    }
    return all;
  }

  /** How many elements a list has, whatever they are. */
  public int length(String field) throws InvalidFileException {
    return require(field, JsonNode::isArray, "a list").size();
  }

  /** The exception to throw when a field of this object holds what cannot be used. */
  public InvalidFileException invalid(String field, String problem) {
    return new InvalidFileException(file, "has a wrong field: " + prefix + field + " " + problem);
  }

  private JsonNode require(String field, Predicate<JsonNode> kind, String what)
      throws InvalidFileException {
    if (!has(field)) {
      throw new InvalidFileException(
          file, "lacks the field " + prefix + field + ", which must be " + what);
    }
    JsonNode value = node.path(field);
    if (!kind.test(value)) {
      throw invalid(field, "must be " + what + ", not " + shorten(value));
    }
    return value;
  }

  private static String shorten(JsonNode value) {
    String text = value.toString();
    return text.length() <= 60 ? text : text.substring(0, 60) + "…";
  }

  @Override
  public String toString() {
    return node.toString();
  }
}
