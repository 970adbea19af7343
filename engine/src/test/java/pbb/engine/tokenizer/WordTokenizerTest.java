package pbb.engine.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import pbb.engine.random.RandomStream;

class WordTokenizerTest {

  @Test
  void aNumberANameAndALineBreakWithItsIndentAreOnePieceEach() {
    assertEquals(
        List.of(
            "def", " zibo", "(", "x", ")", ":", "\n    ", "x", " =", " (", "x", " *", " 31", ")",
            " %", " 32", "\n    ", "return", " x", "\n", "\n"),
        WordTokenizer.pieces("def zibo(x):\n    x = (x * 31) % 32\n    return x\n\n"));
  }

  @Test
  void piecesJoinToTheTextWhateverItIs() {
    List<String> parts =
        List.of(
            "x", "ab_", "1", "42", " ", "   ", "\n", "\r\n", "\t", "=", "é", "😀", "\u00a0",
            "\u2028", "\ud800");
    for (int seed = 0; seed < 500; seed++) {
      RandomStream random = RandomStream.of(seed, "pieces", 0);
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(30); i >= 0; i--) {
        text.append(parts.get(random.nextInt(parts.size())));
      }
      assertEquals(
          text.toString(), String.join("", WordTokenizer.pieces(text.toString())), "seed " + seed);
    }
  }

  @Test
  void decodingGivesTheTextBack() {
    String text = "def f(x):\n    return x // 3\n\n\tf(12)  ";
    Tokenizer tokenizer = WordTokenizer.ofTexts(List.of(text));

    int[] ids = tokenizer.encode(text);

    assertEquals(text, tokenizer.decode(ids));
    assertEquals("\n    return x", tokenizer.decode(ids, 6, 9));
  }

  @Test
  void theOrderOfTheTextsDoesNotMatter() {
    assertEquals(
        WordTokenizer.ofTexts(List.of("a b", "c 1")).words(),
        WordTokenizer.ofTexts(List.of("c 1", "a b", "a b")).words());
    assertEquals(
        List.of(" 1", " b", "a", "c"), WordTokenizer.ofTexts(List.of("c 1", "a b")).words());
  }

  @Test
  void anUnknownPieceIsNamedWithItsOffset() {
    Tokenizer tokenizer = WordTokenizer.ofTexts(List.of("x = 1"));

    String message =
        String.valueOf(
            assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("x = 1\nx = 2"))
                .getMessage());

    assertTrue(message.contains("no token for \"\\n\" at offset 5 of the text"), message);
  }

  @Test
  void textThatLooksLikeASpecialTokenIsPlainText() {
    Tokenizer tokenizer = WordTokenizer.ofTexts(List.of("<|endoftext|>"));

    int[] ids = tokenizer.encode("<|endoftext|>");

    assertEquals(5, ids.length);
    for (int id : ids) {
      assertFalse(tokenizer.isSpecial(id));
    }
    assertTrue(tokenizer.isSpecial(tokenizer.endOfText()));
    assertTrue(tokenizer.isSpecial(tokenizer.padding()));
  }

  @Test
  void wordsThatNoTextCanHaveAreRefused() {
    for (String word : List.of("", "a b", "x1", "  x", "<|pad|>", "\ud83d")) {
      assertThrows(
          IllegalArgumentException.class,
          () -> WordTokenizer.ofWords(List.of(word)),
          () -> "took \"" + word + '"');
    }
    assertThrows(IllegalArgumentException.class, () -> WordTokenizer.ofWords(List.of("a", "a")));
  }

  @Test
  void idsAndRangesOutsideAreRefused() {
    Tokenizer tokenizer = WordTokenizer.ofWords(List.of("a"));

    assertThrows(IllegalArgumentException.class, () -> tokenizer.decode(4));
    assertThrows(IllegalArgumentException.class, () -> tokenizer.decode(-1));
    assertThrows(IndexOutOfBoundsException.class, () -> tokenizer.decode(new int[] {3}, 0, 2));
  }
}
