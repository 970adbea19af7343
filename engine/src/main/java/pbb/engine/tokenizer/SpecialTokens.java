package pbb.engine.tokenizer;

/** The special tokens as they are written in {@code tokenizer.json} and in decoded text. */
final class SpecialTokens {

  static final String END_OF_TEXT = "<|endoftext|>";
  static final String PADDING = "<|pad|>";
  // WordLevel must have one; our encode refuses an unknown piece instead of producing it.
  static final String UNKNOWN = "<|unknown|>";

  private SpecialTokens() {}
}
