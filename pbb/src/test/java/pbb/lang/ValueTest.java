package pbb.lang;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ValueTest {

  @Test
  void valuesPrintAsInPython() {
    Value list =
        Value.of(
            List.of(
                Value.of(-3),
                Value.of(true),
                Value.none(),
                Value.of("it's"),
                Value.of("a\"'\n\u00e9\u0000\u200b\ud83d\ude00"),
                Value.of(List.of())));
    assertEquals(
        "[-3, True, None, \"it's\", 'a\"\\'\\n\u00e9\\x00\\u200b\ud83d\ude00', []]",
        list.toString());
    assertEquals("it's", Value.of("it's").toString());
  }

  @Test
  void jsonAndBackIsTheSameValue() {
    BigInteger big = BigInteger.TEN.pow(30);
    Object json = Arrays.asList(1L, big, "x", true, null, List.of(-5L));
    assertEquals(json, Value.fromJson(json).toJson());
    assertEquals(Value.of(7), Value.fromJson(7));
    assertEquals(Value.of(7), Value.of(BigInteger.valueOf(7)));
    assertEquals(Value.of(big), Value.fromJson(big));
  }

  @Test
  void whatIsNoValueIsRefused() {
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> Value.fromJson(1.5));
    assertEquals(
        "a value is an integer, a string, true, false, null or a list of these, not 1.5 (Double)",
        error.getMessage());
    assertThrows(IllegalArgumentException.class, () -> Value.of("\ud800"));
  }

  @Test
  void equalsTellsTypesApart() {
    assertNotEquals(Value.of(1), Value.of(true));
    assertNotEquals(Value.of("1"), Value.of(1));
    assertEquals(Value.of(100_000), Value.of(100_000));
    assertEquals(Value.of(100_000).hashCode(), Value.of(100_000).hashCode());
  }
}
