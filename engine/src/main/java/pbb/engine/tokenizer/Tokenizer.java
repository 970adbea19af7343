package pbb.engine.tokenizer;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Text to token ids and back. Immutable, so any number of threads may share one.
 *
 * <p>Lossless: {@code decode(encode(text))} is {@code text} for every text that {@link #encode}
 * takes, line breaks and indentation included. Special tokens are never found in text, however it
 * reads: {@code encode("<|pad|>")} is plain characters; only callers put the ids of {@link
 * #endOfText} and {@link #padding} into a sequence.
 */
public sealed interface Tokenizer permits WordTokenizer, ByteTokenizer {

  /** The number of ids: each id lies in [0, vocabularySize). */
  int vocabularySize();

  /**
   * The ids of a text, without any special token.
   *
   * @throws IllegalArgumentException if the text holds what this tokenizer has no token for; the
   *     message names the piece and its offset
   */
  int[] encode(String text);

  /**
   * The text of the ids in [from, to). Special tokens come out as they are written, such as {@code
   * <|endoftext|>}.
   *
   * @throws IndexOutOfBoundsException if the range does not lie in the array
   * @throws IllegalArgumentException if an id does not lie in [0, vocabularySize)
   */
  String decode(int[] ids, int from, int to);

  /** The text of all the ids. */
  default String decode(int... ids) {
    return decode(ids, 0, ids.length);
  }

  /** The id that separates documents, and at which generation stops: {@code <|endoftext|>}. */
  int endOfText();

  /** The id that fills up the rows of a batch and bears no loss: {@code <|pad|>}. */
  int padding();

  /** Whether an id stands for no text: the end of text, padding, or an unknown piece. */
  boolean isSpecial(int id);

  /**
   * Writes {@code tokenizer.json} and {@code tokenizer_config.json} into a folder that exists;
   * {@code transformers} reads them to the same ids and the same text.
   */
  void save(Path folder) throws IOException;

  /**
   * Reads a tokenizer that {@link #save} wrote.
   *
   * @throws pbb.engine.io.InvalidFileException if {@code tokenizer.json} is missing, damaged, or
   *     describes what this engine does not do
   */
  static Tokenizer load(Path folder) throws IOException {
    return TokenizerJson.load(folder);
  }
}
