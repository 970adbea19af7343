package pbb.engine.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import pbb.engine.io.JsonObject;

/**
 * Ids and texts that transformers made from our files; scripts/fixtures/huggingface_tokenizers.py
 * makes them anew.
 */
class HuggingFaceFixtureTest {

  @ParameterizedTest
  @ValueSource(strings = {"word", "byte"})
  void idsAndTextsAreThoseOfTransformers(String kind) throws Exception {
    Tokenizer tokenizer = Tokenizer.load(resource(kind));
    JsonObject fixture = JsonObject.read(resource("huggingface.json")).object(kind);

    assertEquals(fixture.integer("vocabularySize", 0, 1 << 20), tokenizer.vocabularySize());
    assertEquals(fixture.integer("endOfText", 0, 1 << 20), tokenizer.endOfText());
    assertEquals(fixture.integer("padding", 0, 1 << 20), tokenizer.padding());
    List<JsonObject> encoded = fixture.objects("encode");
    List<JsonObject> decoded = fixture.objects("decode");
    assertTrue(encoded.size() > 100 && decoded.size() >= 20, "the fixture has lost its cases");
    for (JsonObject one : encoded) {
      int[] expected = ids(one);
      assertArrayEquals(expected, tokenizer.encode(one.string("text")), () -> "ids of " + one);
      assertEquals(one.string("decoded"), tokenizer.decode(expected), () -> "text of " + one);
    }
    for (JsonObject one : decoded) {
      assertEquals(one.string("text"), tokenizer.decode(ids(one)), () -> "text of " + one);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"word", "byte"})
  void savesTheVeryFilesThatTransformersRead(String kind, @TempDir Path folder) throws Exception {
    Tokenizer.load(resource(kind)).save(folder);

    for (String name : List.of("tokenizer.json", "tokenizer_config.json")) {
      assertEquals(
          Files.readString(resource(kind).resolve(name)),
          Files.readString(folder.resolve(name)),
          name
              + " has changed: run scripts/fixtures/huggingface_tokenizers.py to see that"
              + " transformers still reads it");
    }
  }

  private static int[] ids(JsonObject json) throws IOException {
    return LongStream.of(json.integers("ids")).mapToInt(Math::toIntExact).toArray();
  }

  private static Path resource(String name) throws URISyntaxException {
    return Path.of(
        Objects.requireNonNull(HuggingFaceFixtureTest.class.getResource(name), name).toURI());
  }
}
