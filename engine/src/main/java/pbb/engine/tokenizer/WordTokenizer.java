package pbb.engine.tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A tokenizer with a closed vocabulary of words, for texts that a program makes up: each number and
 * each name is one token.
 *
 * <p>A text is cut into pieces as GPT-2 does, a word keeping the space before it: a newline with
 * the spaces that indent the next line; a run of ASCII letters and underscores, a run of digits, or
 * one other character, each with at most one space before it; any other white space, one character
 * at a time. So {@code "x = 12"} is {@code ["x", " =", " 12"]}, and decoding just joins the pieces.
 */
public final class WordTokenizer implements Tokenizer {

  /**
   * What a piece is. Classes are spelled out, not {@code \s} or {@code \w}, so that Java and the
   * engine behind Hugging Face tokenizers agree on every character.
   */
  static final String PIECE =
      "\\n *| ?[A-Za-z_]+| ?[0-9]+| ?[^ \\t\\n\\r\\f\\x0BA-Za-z0-9_]|[ \\t\\r\\f\\x0B]";

  private static final Pattern PIECE_PATTERN = Pattern.compile(PIECE);

  private static final int END_OF_TEXT = 0;
  private static final int PADDING = 1;
  private static final int UNKNOWN = 2;
  private static final List<String> SPECIALS =
      List.of(SpecialTokens.END_OF_TEXT, SpecialTokens.PADDING, SpecialTokens.UNKNOWN);

  private final List<String> tokens; // by id, the special tokens first
  private final Map<String, Integer> ids; // of pieces only, not of special tokens

  private WordTokenizer(List<String> words) {
    List<String> all = new ArrayList<>(SPECIALS);
    Map<String, Integer> byWord = HashMap.newHashMap(words.size());
    for (String word : words) {
      Matcher piece = PIECE_PATTERN.matcher(word);
      if (!piece.lookingAt() || piece.end() != word.length() || firstLoneSurrogate(word) >= 0) {
        throw new IllegalArgumentException(
            "the vocabulary entry "
                + quote(word)
                + " is not one piece of text: no text has it as a"
                + " token; split it as WordTokenizer.pieces does.");
      }
      if (byWord.putIfAbsent(word, all.size()) != null) {
        throw new IllegalArgumentException(
            "the vocabulary entry " + quote(word) + " stands twice: remove one of them.");
      }
      all.add(word);
    }
    this.tokens = List.copyOf(all);
    this.ids = Map.copyOf(byWord);
  }

  /**
   * A tokenizer for exactly these words, whose ids follow the special tokens in the order given.
   *
   * @param words pieces as {@link #pieces} makes them, such as {@code "x"}, {@code " ="} and {@code
   *     "\n "}, each once
   * @throws IllegalArgumentException if a word is no piece or stands twice
   */
  public static WordTokenizer ofWords(List<String> words) {
    return new WordTokenizer(words);
  }

  /**
   * A tokenizer for the words of these texts, in the order of their UTF-16 code units: the order of
   * the texts does not matter.
   */
  public static WordTokenizer ofTexts(Collection<String> texts) {
    TreeSet<String> words = new TreeSet<>();
    for (String text : texts) {
      words.addAll(pieces(text));
    }
    return new WordTokenizer(List.copyOf(words));
  }

  /** The pieces of a text, in order; joined they are the text. */
  public static List<String> pieces(String text) {
    List<String> pieces = new ArrayList<>();
    Matcher matcher = PIECE_PATTERN.matcher(text);
    while (matcher.find()) {
      pieces.add(matcher.group());
    }
    return pieces;
  }

  /**
   * The words in the order of their ids, without the special tokens; {@link #ofWords} takes them
   * back.
   */
  public List<String> words() {
    return tokens.subList(SPECIALS.size(), tokens.size());
  }

  @Override
  public int vocabularySize() {
    return tokens.size();
  }

  @Override
  public int[] encode(String text) {
    int[] encoded = new int[text.length()];
    int count = 0;
    Matcher matcher = PIECE_PATTERN.matcher(text);
    while (matcher.find()) {
      Integer id = ids.get(matcher.group());
      if (id == null) {
        throw new IllegalArgumentException(
            "the vocabulary has no token for "
                + quote(matcher.group())
                + " at offset "
                + matcher.start()
                + " of the text "
                + quote(excerpt(text, matcher.start()))
                + ": a word-level tokenizer takes only words that it was built from.");
      }
      encoded[count++] = id;
    }
    return Arrays.copyOf(encoded, count);
  }

  @Override
  public String decode(int[] ids, int from, int to) {
    Objects.checkFromToIndex(from, to, ids.length);
    StringBuilder text = new StringBuilder();
    for (int i = from; i < to; i++) {
      if (ids[i] < 0 || ids[i] >= tokens.size()) {
        throw new IllegalArgumentException(
            "the id " + ids[i] + " at index " + i + " does not lie in [0, " + tokens.size() + ").");
      }
      text.append(tokens.get(ids[i]));
    }
    return text.toString();
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
    return id >= 0 && id < SPECIALS.size();
  }

  @Override
  public void save(Path folder) throws IOException {
    TokenizerJson.save(this, folder);
  }

  /** The id that {@code transformers} gives to a piece that is not in the vocabulary. */
  int unknown() {
    return UNKNOWN;
  }

  /** The token of an id, as {@code tokenizer.json} spells it. */
  String token(int id) {
    return tokens.get(id);
  }

  @Override
  public String toString() {
    return "WordTokenizer[" + tokens.size() + " tokens]";
  }

  private static int firstLoneSurrogate(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return i;
      }
    }
    return -1;
  }

  private static String excerpt(String text, int offset) {
    int from = Math.max(0, offset - 20);
    int to = Math.min(text.length(), offset + 20);
    return (from > 0 ? "…" : "") + text.substring(from, to) + (to < text.length() ? "…" : "");
  }

  private static String quote(String text) {
    return '"'
        + text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
        + '"';
  }
}
