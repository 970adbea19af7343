package pbb.engine.tokenizer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A token for each of the 256 bytes, so that it takes any text, in any language, as UTF-8: id b is
 * byte b, then come the special tokens.
 */
public final class ByteTokenizer implements Tokenizer {

  private static final int BYTES = 256;
  private static final int END_OF_TEXT = 256;
  private static final int PADDING = 257;
  private static final int VOCABULARY_SIZE = 258;

  /** The only tokenizer of this kind that there is: two of them are alike. */
  public ByteTokenizer() {}

  @Override
  public int vocabularySize() {
    return VOCABULARY_SIZE;
  }

  /**
   * {@inheritDoc} Here: the bytes of its UTF-8 form; only half a surrogate pair, which has none, is
   * refused.
   */
  @Override
  public int[] encode(String text) {
    CharsetEncoder encoder =
        StandardCharsets.UTF_8
            .newEncoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    CharBuffer input = CharBuffer.wrap(text);
    ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(3, text.length()));
    CoderResult result = encoder.encode(input, bytes, true);
    if (result.isError()) {
      throw new IllegalArgumentException(
          String.format(
              "the text has half a surrogate pair, \\u%04X, at offset %d, which UTF-8 cannot"
                  + " express: remove it.",
              (int) text.charAt(input.position()), input.position()));
    }
    bytes.flip();
    int[] ids = new int[bytes.remaining()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = bytes.get(i) & 0xFF;
    }
    return ids;
  }

  /** The ids of bytes, whether or not they are valid UTF-8. */
  public int[] encode(byte[] bytes) {
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = bytes[i] & 0xFF;
    }
    return ids;
  }

  /**
   * {@inheritDoc} Bytes that are not valid UTF-8, such as the half of a character where a
   * generation stopped, come out as U+FFFD; {@link #decodeBytes} gives them back as they are.
   */
  @Override
  public String decode(int[] ids, int from, int to) {
    byte[] bytes = decodeBytes(ids, from, to);
    // An encoded surrogate (ED A0 80) is three U+FFFD by the Unicode standard, section 3.9, and to
    // transformers; Java makes
    // one of it. FF is one U+FFFD to both, and so is each of the two bytes that then follow.
    for (int i = 0; i + 1 < bytes.length; i++) {
      if (bytes[i] == (byte) 0xED && (bytes[i + 1] & 0xE0) == 0xA0) {
        bytes[i] = (byte) 0xFF;
      }
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /**
   * The bytes of the ids in [from, to), special tokens as in {@link #decode}; the inverse of {@link
   * #encode(byte[])}.
   */
  public byte[] decodeBytes(int[] ids, int from, int to) {
    Objects.checkFromToIndex(from, to, ids.length);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(to - from);
    for (int i = from; i < to; i++) {
      switch (ids[i]) {
        case END_OF_TEXT -> bytes.writeBytes(ascii(SpecialTokens.END_OF_TEXT));
        case PADDING -> bytes.writeBytes(ascii(SpecialTokens.PADDING));
        default -> {
          if (ids[i] < 0 || ids[i] >= BYTES) {
            throw new IllegalArgumentException(
                "the id "
                    + ids[i]
                    + " at index "
                    + i
                    + " does not lie in [0, "
                    + VOCABULARY_SIZE
                    + ").");
          }
          bytes.write(ids[i]);
        }
      }
    }
    return bytes.toByteArray();
  }

  @Override
  public int endOfText() {
    return END_OF_TEXT;
  }

  @Override
  public int padding() {
    return PADDING;
  }

  @Override
  public boolean isSpecial(int id) {
    return id == END_OF_TEXT || id == PADDING;
  }

  @Override
  public void save(Path folder) throws IOException {
    TokenizerJson.save(this, folder);
  }

  @Override
  public String toString() {
    return "ByteTokenizer";
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
