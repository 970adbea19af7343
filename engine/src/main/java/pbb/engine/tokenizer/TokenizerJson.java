package pbb.engine.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;

/**
 * {@code tokenizer.json} and {@code tokenizer_config.json}, as Hugging Face tokenizers and
 * transformers read them.
 */
final class TokenizerJson {

  private static final String FILE = "tokenizer.json";
  private static final String CONFIG_FILE = "tokenizer_config.json";

  private TokenizerJson() {}

  static void save(WordTokenizer tokenizer, Path folder) throws IOException {
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    List<Object> added = new ArrayList<>();
    for (int id = 0; id < tokenizer.vocabularySize(); id++) {
      vocabulary.put(tokenizer.token(id), id);
      if (tokenizer.isSpecial(id)) {
        added.add(addedToken(id, tokenizer.token(id)));
      }
    }
    // A decoder that fuses joins the tokens as they are; without one, transformers puts spaces
    // between.
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("type", "WordLevel");
    model.put("vocab", vocabulary);
    model.put("unk_token", tokenizer.token(tokenizer.unknown()));
    Map<String, Object> split = new LinkedHashMap<>();
    split.put("type", "Split");
    split.put("pattern", Map.of("Regex", WordTokenizer.PIECE));
    split.put("behavior", "Isolated");
    split.put("invert", false);
    write(folder, added, split, Map.of("type", "Fuse"), model, SpecialTokens.UNKNOWN);
  }

  static void save(ByteTokenizer tokenizer, Path folder) throws IOException {
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    for (int b = 0; b < 256; b++) {
      vocabulary.put(byteLevelCharacter(b), b);
    }
    List<Object> added =
        List.of(
            addedToken(tokenizer.endOfText(), SpecialTokens.END_OF_TEXT),
            addedToken(tokenizer.padding(), SpecialTokens.PADDING));
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("type", "BPE");
    model.put("dropout", null);
    model.put("unk_token", null);
    model.put("continuing_subword_prefix", null);
    model.put("end_of_word_suffix", null);
    model.put("fuse_unk", false);
    model.put("byte_fallback", false);
    model.put("ignore_merges", false);
    model.put("vocab", vocabulary);
    model.put("merges", List.of());
    Map<String, Object> byteLevel = new LinkedHashMap<>();
    byteLevel.put("type", "ByteLevel");
    byteLevel.put("add_prefix_space", false);
    byteLevel.put("trim_offsets", false);
    byteLevel.put("use_regex", false);
    write(folder, added, byteLevel, byteLevel, model, null);
  }

  static Tokenizer load(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    JsonObject json = JsonObject.read(file);
    JsonObject model = json.object("model");
    for (String stage : List.of("normalizer", "truncation", "padding")) {
      if (json.has(stage)) {
        throw json.invalid(stage, "must be null: this engine changes no text before or after");
      }
    }
    // transformers, where it saves a tokenizer again, puts in a template that adds nothing.
    if (json.has("post_processor")) {
      JsonObject template = json.object("post_processor");
      require(template, "type", "TemplateProcessing");
      if (template.length("single") != 1 || !template.object("special_tokens").fields().isEmpty()) {
        throw json.invalid("post_processor", "must add no tokens for this engine to read it");
      }
    }
    Tokenizer tokenizer =
        switch (model.string("type")) {
          case "WordLevel" -> loadWord(json, model);
          case "BPE" -> loadByte(json, model);
          case String other ->
              throw model.invalid(
                  "type",
                  "is "
                      + other
                      + ", which this engine does not read: it reads WordLevel and byte-level"
                      + " BPE without merges, as it writes them");
        };
    requireSpecials(json, tokenizer);
    return tokenizer;
  }

  private static WordTokenizer loadWord(JsonObject json, JsonObject model) throws IOException {
    JsonObject split = json.object("pre_tokenizer");
    require(split, "type", "Split");
    require(split.object("pattern"), "Regex", WordTokenizer.PIECE);
    require(split, "behavior", "Isolated");
    require(split, "invert", false);
    require(json.object("decoder"), "type", "Fuse");
    require(model, "unk_token", SpecialTokens.UNKNOWN);
    List<String> tokens = byId(model);
    List<String> specials =
        List.of(SpecialTokens.END_OF_TEXT, SpecialTokens.PADDING, SpecialTokens.UNKNOWN);
    int count = specials.size();
    if (tokens.size() < count || !tokens.subList(0, count).equals(specials)) {
      throw model.invalid("vocab", "must begin with " + String.join(", ", specials));
    }
    try {
      return WordTokenizer.ofWords(tokens.subList(count, tokens.size()));
    } catch (IllegalArgumentException e) {
      throw model.invalid("vocab", "cannot be used: " + withoutFullStop(e.getMessage()));
    }
  }

  private static ByteTokenizer loadByte(JsonObject json, JsonObject model) throws IOException {
    if (model.length("merges") != 0) {
      throw model.invalid(
          "merges", "must be empty: this engine reads byte-level BPE only without merges");
    }
    JsonObject byteLevel = json.object("pre_tokenizer");
    require(byteLevel, "type", "ByteLevel");
    require(byteLevel, "add_prefix_space", false);
    require(byteLevel, "use_regex", false);
    require(json.object("decoder"), "type", "ByteLevel");
    List<String> tokens = byId(model);
    if (tokens.size() != 256) {
      throw model.invalid("vocab", "must have the 256 bytes, not " + tokens.size() + " tokens");
    }
    for (int b = 0; b < 256; b++) {
      if (!tokens.get(b).equals(byteLevelCharacter(b))) {
        throw model.invalid(
            "vocab", "must give byte " + b + ", " + byteLevelCharacter(b) + ", the id " + b);
      }
    }
    return new ByteTokenizer();
  }

  private static List<String> byId(JsonObject model) throws InvalidFileException {
    JsonObject vocabulary = model.object("vocab");
    List<String> tokens = new ArrayList<>(Collections.nCopies(vocabulary.fields().size(), ""));
    Set<Integer> seen = new HashSet<>();
    for (String token : vocabulary.fields()) {
      int id = vocabulary.integer(token, 0, tokens.size() - 1);
      if (!seen.add(id)) {
        throw model.invalid("vocab", "gives the id " + id + " to two tokens");
      }
      tokens.set(id, token);
    }
    return tokens;
  }

  private static void requireSpecials(JsonObject json, Tokenizer tokenizer)
      throws InvalidFileException {
    Map<Integer, String> expected = new LinkedHashMap<>();
    for (int id = 0; id < tokenizer.vocabularySize(); id++) {
      if (tokenizer.isSpecial(id)) {
        expected.put(id, tokenizer.decode(id));
      }
    }
    Map<Integer, String> found = new LinkedHashMap<>();
    for (JsonObject added : json.objects("added_tokens")) {
      found.put(added.integer("id", 0, Integer.MAX_VALUE), added.string("content"));
      require(added, "special", true);
    }
    if (!found.equals(expected)) {
      throw json.invalid("added_tokens", "must be " + expected + ", not " + found);
    }
  }

  private static void require(JsonObject json, String field, String value)
      throws InvalidFileException {
    if (!json.string(field).equals(value)) {
      throw json.invalid(
          field,
          "must be " + value + ", not " + json.string(field) + ", for this engine to read it");
    }
  }

  private static void require(JsonObject json, String field, boolean value)
      throws InvalidFileException {
    if (json.bool(field) != value) {
      throw json.invalid(field, "must be " + value + " for this engine to read it");
    }
  }

  private static Map<String, Object> addedToken(int id, String content) {
    Map<String, Object> token = new LinkedHashMap<>();
    token.put("id", id);
    token.put("content", content);
    token.put("single_word", false);
    token.put("lstrip", false);
    token.put("rstrip", false);
    token.put("normalized", false);
    token.put("special", true);
    return token;
  }

  private static void write(
      Path folder,
      List<?> addedTokens,
      Map<String, ?> preTokenizer,
      Map<String, ?> decoder,
      Map<String, ?> model,
      @Nullable String unknown)
      throws IOException {
    Map<String, @Nullable Object> tokenizer = new LinkedHashMap<>();
    tokenizer.put("version", "1.0");
    tokenizer.put("truncation", null);
    tokenizer.put("padding", null);
    tokenizer.put("added_tokens", addedTokens);
    tokenizer.put("normalizer", null);
    tokenizer.put("pre_tokenizer", preTokenizer);
    tokenizer.put("post_processor", null);
    tokenizer.put("decoder", decoder);
    tokenizer.put("model", model);

    Map<String, @Nullable Object> config = new LinkedHashMap<>();
    config.put("tokenizer_class", "PreTrainedTokenizerFast");
    config.put("eos_token", SpecialTokens.END_OF_TEXT);
    config.put("pad_token", SpecialTokens.PADDING);
    if (unknown != null) {
      config.put("unk_token", unknown);
    }
    // Without the first, decoded text loses the spaces before punctuation; without the second, text
    // that happens to read
    // <|endoftext|> becomes a special token.
    config.put("clean_up_tokenization_spaces", false);
    config.put("split_special_tokens", true);
    config.put("model_input_names", List.of("input_ids", "attention_mask"));

    Files.writeString(folder.resolve(FILE), JsonText.indented(tokenizer));
    Files.writeString(folder.resolve(CONFIG_FILE), JsonText.indented(config));
  }

  /**
   * The character that stands for a byte in a byte-level vocabulary: GPT-2's alphabet, where
   * printable Latin-1 characters stand for themselves and the others for U+0100, U+0101, … in the
   * order of the bytes.
   */
  private static String byteLevelCharacter(int b) {
    int others = 0;
    for (int i = 0; i < b; i++) {
      others += isPrintable(i) ? 0 : 1;
    }
    return Character.toString(isPrintable(b) ? b : 0x100 + others);
  }

  private static boolean isPrintable(int b) {
    return (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
  }

  private static String withoutFullStop(@Nullable String sentence) {
    String text = String.valueOf(sentence);
    return text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
  }
}
