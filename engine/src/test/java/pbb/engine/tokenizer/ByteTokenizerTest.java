package pbb.engine.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ByteTokenizerTest {

  private final ByteTokenizer tokenizer = new ByteTokenizer();

  @Test
  void takesAnyTextAndGivesItBack() {
    StringBuilder all = new StringBuilder();
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
        all.appendCodePoint(c);
      }
    }
    String text = all.toString();

    assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
  }

  @Test
  void aCharacterOfSeveralBytesIsSeveralIds() {
    assertArrayEquals(new int[] {'x', 0xC3, 0xA9, '\n'}, tokenizer.encode("xé\n"));
  }

  @Test
  void takesBytesThatAreNotUtf8() {
    byte[] bytes = new byte[512];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 167);
    }

    assertArrayEquals(bytes, tokenizer.decodeBytes(tokenizer.encode(bytes), 0, bytes.length));
  }

  @Test
  void halfACharacterComesOutAsTheReplacementCharacter() {
    int[] ids = tokenizer.encode("a😀");

    assertEquals("a\ufffd", tokenizer.decode(ids, 0, 3));
  }

  @Test
  void halfASurrogatePairIsNamedWithItsOffset() {
    String message =
        String.valueOf(
            assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("ab\ud83dc"))
                .getMessage());

    assertTrue(message.contains("\\uD83D, at offset 2"), message);
    assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("ab\ud83d"));
  }

  @Test
  void specialTokensStandBeyondTheBytes() {
    int[] ids = {'a', tokenizer.endOfText(), tokenizer.padding()};

    assertEquals("a<|endoftext|><|pad|>", tokenizer.decode(ids));
    assertEquals(258, tokenizer.vocabularySize());
    assertThrows(IllegalArgumentException.class, () -> tokenizer.decode(258));
    for (int id : tokenizer.encode("<|endoftext|>")) {
      assertTrue(!tokenizer.isSpecial(id), "text must never become a special token");
    }
  }
}
