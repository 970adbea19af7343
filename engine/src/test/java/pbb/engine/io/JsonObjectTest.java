package pbb.engine.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class JsonObjectTest {

  private static final Path FILE = Path.of("some", "config.json");

  @Test
  void readsWhatJsonTextWrites() throws InvalidFileException {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("long", Long.MIN_VALUE);
    value.put("double", 0.1);
    value.put("text", "a\n\"é😀");
    value.put("yes", true);
    value.put("nothing", null);
    value.put("shape", List.of(2, 3));
    value.put("names", List.of("x", "y"));
    value.put("inner", Map.of("a", 1));
    value.put("list", List.of(Map.of("b", 2)));

    for (String text : List.of(JsonText.indented(value), JsonText.compact(value))) {
      JsonObject json = parse(text);
      assertEquals(List.copyOf(value.keySet()), json.fields());
      assertEquals(Long.MIN_VALUE, json.integer("long", Long.MIN_VALUE, Long.MAX_VALUE));
      assertEquals(0.1, json.number("double"));
      assertEquals("a\n\"é😀", json.string("text"));
      assertTrue(json.bool("yes"));
      assertFalse(json.has("nothing") || json.has("absent"));
      assertArrayEquals(new long[] {2, 3}, json.integers("shape"));
      assertEquals(List.of("x", "y"), json.strings("names"));
      assertEquals(1, json.object("inner").integer("a", 0, 9));
      assertEquals(2, json.objects("list").getFirst().integer("b", 0, 9));
      assertEquals(2, json.length("shape"));
    }
    assertEquals(
        "{\n  \"a\": {\n    \"b\": [\n      2\n    ]\n  }\n}\n",
        JsonText.indented(Map.of("a", Map.of("b", List.of(2)))));
  }

  @Test
  void complaintsNameFileAndField() throws InvalidFileException {
    JsonObject json =
        parse("{\"a\": \"x\", \"b\": {\"c\": 1.5, \"d\": 70000000000}, \"e\": [1, \"2\"]}");

    assertComplaint(
        "lacks the field zzz, which must be an integer", () -> json.integer("zzz", 0, 1));
    assertComplaint("wrong field: a must be an integer, not \"x\"", () -> json.integer("a", 0, 1));
    assertComplaint(
        "wrong field: b.c must be an integer, not 1.5", () -> json.object("b").integer("c", 0, 1));
    assertComplaint(
        "wrong field: b.d must lie in [0, 1], not 70000000000",
        () -> json.object("b").integer("d", 0, 1));
    assertComplaint("wrong field: e[1] must be an integer, not \"2\"", () -> json.integers("e"));
    assertComplaint("wrong field: e[0] must be an object, not 1", () -> json.objects("e"));
    assertComplaint("wrong field: a must be true or false, not \"x\"", () -> json.bool("a"));
  }

  @Test
  void whatIsNoJsonObjectIsRefused() {
    assertComplaint("is not valid JSON at line 1, column 8", () -> parse("{\"a\": 1"));
    assertComplaint("is not valid JSON at line 1, column 1", () -> parse("{\"a\": 1} x"));
    assertComplaint("is not valid JSON at line 2", () -> parse("{\"a\": 1,\n \"a\": 2}"));
    assertComplaint("does not hold a JSON object", () -> parse("[1]"));
    assertComplaint("does not hold a JSON object", () -> parse(""));
    assertComplaint("does not exist", () -> JsonObject.read(FILE));
  }

  private static JsonObject parse(String text) throws InvalidFileException {
    return JsonObject.parse(FILE, text.getBytes(StandardCharsets.UTF_8));
  }

  private static void assertComplaint(String expected, Executable action) {
    String message = String.valueOf(assertThrows(InvalidFileException.class, action).getMessage());
    assertTrue(message.startsWith(FILE + " ") && message.contains(expected), message);
    assertEquals(1, message.lines().count(), message);
  }
}
