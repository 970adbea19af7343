package pbb.engine.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import pbb.engine.graph.Shape;
import pbb.engine.io.InvalidFileException;

class SafetensorsTest {

  @TempDir Path folder;

  @Test
  void readsBackWhatItWrote() throws IOException {
    Path file = folder.resolve("x.safetensors");
    float[] floats = {1, -0.0f, Float.NaN, Float.MIN_VALUE, Float.POSITIVE_INFINITY, 3};
    NamedTensor odd =
        NamedTensor.floats("ödd", Shape.of(3), MemorySegment.ofArray(new float[] {7, 8, 9}));
    NamedTensor matrix =
        NamedTensor.floats("a.matrix", Shape.of(2, 3), MemorySegment.ofArray(floats));
    NamedTensor longs =
        new NamedTensor(
            "steps",
            ElementType.I64,
            List.of(2L),
            MemorySegment.ofArray(new long[] {-1, Long.MAX_VALUE}));
    NamedTensor scalar =
        new NamedTensor(
            "scalar", ElementType.F64, List.of(), MemorySegment.ofArray(new double[] {0.1}));
    NamedTensor none =
        new NamedTensor(
            "none", ElementType.I32, List.of(0L, 5L), MemorySegment.ofArray(new int[0]));

    Safetensors.write(file, Map.of("format", "pt"), List.of(odd, matrix, none, longs, scalar));

    try (Safetensors tensors = Safetensors.open(file)) {
      assertEquals(Map.of("format", "pt"), tensors.metadata());
      assertEquals(5, tensors.tensors().size());
      assertEquals(List.of(2L, 3L), tensors.tensor("a.matrix").shape());
      assertEquals(
          -1, matrix.data().mismatch(tensors.tensor("a.matrix").data()), "bits have changed");
      assertArrayEquals(
          new float[] {7, 8, 9}, tensors.tensor("ödd").data().toArray(ValueLayout.JAVA_FLOAT));
      assertArrayEquals(
          new long[] {-1, Long.MAX_VALUE},
          tensors.tensor("steps").data().toArray(ValueLayout.JAVA_LONG));
      assertArrayEquals(
          new double[] {0.1}, tensors.tensor("scalar").data().toArray(ValueLayout.JAVA_DOUBLE));
      assertEquals(0, tensors.tensor("none").size());
      assertTrue(tensors.has("none") && !tensors.has("other"));
      for (NamedTensor tensor : tensors.tensors()) {
        long address = tensor.data().address();
        assertEquals(0, address % tensor.type().bytes(), tensor.name() + " is not aligned");
      }
    }
    assertThrows(
        FileAlreadyExistsException.class, () -> Safetensors.write(file, Map.of(), List.of(odd)));
  }

  @ParameterizedTest
  @CsvSource({
    "F32, 0000c03f 000080c0",
    "F64, 000000000000f83f 00000000000010c0",
    "F16, 003e 00c4",
    "BF16, c03f 80c0"
  })
  void floatsOfEveryWidthAreRead(ElementType type, String hex) throws IOException {
    byte[] data = HexFormat.of().parseHex(hex.replace(" ", ""));
    Path file =
        raw(
            "{\"w\":{\"dtype\":\""
                + type
                + "\",\"shape\":[2],\"data_offsets\":[0,"
                + data.length
                + "]}}",
            data);
    float[] values = new float[2];

    try (Safetensors tensors = Safetensors.open(file)) {
      tensors.copyFloats("w", Shape.of(2), MemorySegment.ofArray(values));
    }

    assertArrayEquals(new float[] {1.5f, -4}, values);
  }

  @Test
  void aHeaderOfAnyLengthIsRead() throws IOException {
    // Writers other than ours need not pad, so that floats may lie at odd addresses.
    for (String padding : List.of("", " ", "  ", "   ")) {
      Path file =
          raw(
              "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}" + padding,
              new byte[] {0, 0, -128, 63});
      float[] value = new float[1];
      try (Safetensors tensors = Safetensors.open(file)) {
        tensors.copyFloats("w", Shape.of(1), MemorySegment.ofArray(value));
      }
      assertEquals(1, value[0]);
    }
  }

  @Test
  void everyTruncationIsFound() throws IOException {
    Path file = folder.resolve("whole.safetensors");
    Safetensors.write(file, Map.of("format", "pt"), List.of(floats("a", 3), floats("b", 5)));
    byte[] whole = Files.readAllBytes(file);

    for (int length = 0; length < whole.length; length++) {
      Path cut = Files.write(folder.resolve("cut.safetensors"), Arrays.copyOf(whole, length));
      assertRefused(cut, "is truncated: it has " + length + " bytes", () -> Safetensors.open(cut));
    }
    Path longer =
        Files.write(folder.resolve("cut.safetensors"), Arrays.copyOf(whole, whole.length + 1));
    assertRefused(longer, "is damaged: it has ", () -> Safetensors.open(longer));
  }

  @Test
  void aHeaderThatLiesIsRefused() throws IOException {
    assertBad(
        "begin at 4, inside the tensor before it, which ends at 8",
        entry("a", "[2]", 0, 8),
        entry("b", "[2]", 4, 12));
    assertBad(
        "begin at 8, with a gap after the tensor before it",
        entry("a", "[1]", 0, 4),
        entry("b", "[1]", 8, 12));
    assertBad("begin at 4, with a gap", entry("a", "[2]", 4, 12));
    assertBad(
        "a.data_offsets span 12 bytes where shape [2] of F32 takes 8", entry("a", "[2]", 0, 12));
    assertBad("a.data_offsets must be a begin and an end, not [12, 0]", entry("a", "[3]", 12, 0));
    assertBad("a.data_offsets must be a begin and an end, not [-4, 8]", entry("a", "[3]", -4, 8));
    assertBad("a.shape cannot be [-3]", entry("a", "[-3]", 0, 12));
    assertBad(
        "a.shape cannot be [4611686018427387904, 4]",
        entry("a", "[4611686018427387904, 4]", 0, 12));
    assertBad("a.dtype is F31, which", entry("a", "[3]", 0, 12).replace("F32", "F31"));
    assertBad("lacks the field a.shape", "\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,12]}");
    assertBad("is not valid JSON", entry("a", "[3]", 0, 12), entry("a", "[3]", 0, 12));
    assertBad("is not valid JSON", "{");
  }

  @Test
  void whatIsNoSafetensorsFileIsRefused() throws IOException {
    Path text =
        Files.writeString(folder.resolve("model.bin"), "PK this is something else altogether");
    assertRefused(text, "is no safetensors file", () -> Safetensors.open(text));
    Path missing = folder.resolve("missing");
    assertRefused(missing, "does not exist", () -> Safetensors.open(missing));
  }

  @Test
  void tensorsOfAnotherModelAreNamed() throws IOException {
    Path file = folder.resolve("x.safetensors");
    NamedTensor ints =
        new NamedTensor("i", ElementType.I32, List.of(1L), MemorySegment.ofArray(new int[1]));
    Safetensors.write(file, Map.of(), List.of(floats("a", 3), ints));
    MemorySegment target = MemorySegment.ofArray(new float[3]);

    try (Safetensors tensors = Safetensors.open(file)) {
      tensors.requireNames(List.of("i", "a"));
      assertRefused(
          file, "lacks tensors: b, c: it", () -> tensors.requireNames(List.of("c", "b", "a")));
      assertRefused(
          file, "has unexpected tensors: i: it", () -> tensors.requireNames(List.of("a")));
      assertRefused(file, "lacks the tensor b", () -> tensors.tensor("b"));
      assertRefused(
          file,
          "the tensor a with shape [3] where [1, 3] is expected",
          () -> tensors.copyFloats("a", Shape.of(1, 3), target));
      assertRefused(
          file, "the tensor i in I32 where", () -> tensors.copyFloats("i", Shape.of(1), target));
    }
  }

  @Test
  void aClosedFileCannotBeLookedAt() throws IOException {
    Path file = folder.resolve("x.safetensors");
    Safetensors.write(file, Map.of(), List.of(floats("a", 3)));
    Safetensors tensors = Safetensors.open(file);
    MemorySegment data = tensors.tensor("a").data();
    tensors.close();

    assertThrows(IllegalStateException.class, () -> data.get(ValueLayout.JAVA_FLOAT, 0));
    assertTrue(data.isReadOnly());
  }

  @Test
  void wrongTensorsAreNotWritten() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            Safetensors.write(
                folder.resolve("x"), Map.of(), List.of(floats("a", 3), floats("a", 2))));
    assertFalse(Files.exists(folder.resolve("x")));
    assertThrows(
        IllegalArgumentException.class,
        () -> NamedTensor.floats("a", Shape.of(4), MemorySegment.ofArray(new float[3])));
  }

  private void assertBad(String expected, String... entries) throws IOException {
    Path file = raw("{" + String.join(",", entries) + "}", new byte[12]);
    assertRefused(file, expected, () -> Safetensors.open(file));
  }

  private Path raw(String header, byte[] data) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(json.length).put(json).put(data);
    return Files.write(folder.resolve("raw.safetensors"), bytes.array());
  }

  private static String entry(String name, String shape, long begin, long end) {
    return "\""
        + name
        + "\":{\"dtype\":\"F32\",\"shape\":"
        + shape
        + ",\"data_offsets\":["
        + begin
        + ","
        + end
        + "]}";
  }

  private static NamedTensor floats(String name, int size) {
    return NamedTensor.floats(name, Shape.of(size), MemorySegment.ofArray(new float[size]));
  }

  private static void assertRefused(Path file, String expected, Executable action) {
    String message = String.valueOf(assertThrows(InvalidFileException.class, action).getMessage());
    assertTrue(message.startsWith(file + " ") && message.contains(expected), message);
    assertEquals(1, message.lines().count(), message);
  }
}
