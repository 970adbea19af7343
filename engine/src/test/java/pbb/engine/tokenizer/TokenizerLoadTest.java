package pbb.engine.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pbb.engine.io.InvalidFileException;

class TokenizerLoadTest {

  @TempDir Path folder;

  @Test
  void readsBackWhatItWrote() throws IOException {
    WordTokenizer words =
        WordTokenizer.ofWords(List.of("b", "a", "\n    ", " 12", "\"", "\\", "😀", "\u2028"));
    words.save(folder);
    assertEquals(words.words(), ((WordTokenizer) Tokenizer.load(folder)).words());

    new ByteTokenizer().save(folder);
    assertTrue(Tokenizer.load(folder) instanceof ByteTokenizer);
  }

  @Test
  void anotherModelTypeIsNamedWithTheFile() throws IOException {
    WordTokenizer.ofWords(List.of("a")).save(folder);
    change("\"WordLevel\"", "\"Unigram\"");

    assertRefused("has a wrong field: model.type is Unigram, which this engine does not read");
  }

  @Test
  void byteLevelBpeWithMergesIsRefused() throws IOException {
    new ByteTokenizer().save(folder);
    change("\"merges\": [ ]", "\"merges\": [[\"a\", \"b\"]]");

    assertRefused("model.merges must be empty");
  }

  @Test
  void anotherWayToCutTextIsRefused() throws IOException {
    WordTokenizer.ofWords(List.of("a")).save(folder);
    change("[A-Za-z_]+", "[A-Za-z]+");
    assertRefused("pre_tokenizer.pattern.Regex must be");

    WordTokenizer.ofWords(List.of("a")).save(folder);
    change("\"normalizer\": null", "\"normalizer\": {\"type\": \"Lowercase\"}");
    assertRefused("normalizer must be null");

    new ByteTokenizer().save(folder);
    change(
        "\"post_processor\": null",
        "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{}, {}],"
            + " \"special_tokens\": {}}");
    assertRefused("post_processor must add no tokens");

    new ByteTokenizer().save(folder);
    change("\"add_prefix_space\": false", "\"add_prefix_space\": true");
    assertRefused("add_prefix_space must be false");
  }

  @Test
  void aDamagedVocabularyIsRefused() throws IOException {
    WordTokenizer.ofWords(List.of("a", "b")).save(folder);
    change("\"b\": 4", "\"b\": 3");
    assertRefused("model.vocab gives the id 3 to two tokens");

    WordTokenizer.ofWords(List.of("a", "b")).save(folder);
    change("\"b\": 4", "\"b\": 5");
    assertRefused("model.vocab.b must lie in [0, 4], not 5");

    WordTokenizer.ofWords(List.of("a", "b")).save(folder);
    change("\"b\": 4", "\"b c\": 4");
    assertRefused("\"b c\" is not one piece of text");

    new ByteTokenizer().save(folder);
    change("\"content\": \"<|pad|>\"", "\"content\": \"<pad>\"");
    assertRefused("added_tokens must be {256=<|endoftext|>, 257=<|pad|>}");
  }

  @Test
  void aTruncatedOrMissingFileIsNamed() throws IOException {
    assertRefused("does not exist");

    new ByteTokenizer().save(folder);
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(file, Files.readString(file).substring(0, 700));
    assertRefused("is not valid JSON at line ");
  }

  private void change(String from, String to) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    String json = Files.readString(file);
    assertTrue(json.contains(from), "the test is stale: it no longer writes " + from);
    Files.writeString(file, json.replace(from, to));
  }

  private void assertRefused(String expected) {
    String message =
        String.valueOf(
            assertThrows(InvalidFileException.class, () -> Tokenizer.load(folder)).getMessage());
    assertTrue(message.startsWith(folder.resolve("tokenizer.json").toString()), message);
    assertTrue(message.contains(expected), message);
    assertEquals(1, message.lines().count(), message);
  }
}
