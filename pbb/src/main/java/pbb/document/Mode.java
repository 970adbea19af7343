package pbb.document;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How an answer is given. */
public enum Mode {
  /** At once: the program is run inside the forward pass. */
  @JsonProperty("direct")
  DIRECT("direct", "answer"),
  /** After the state that each step leaves. */
  @JsonProperty("stepping")
  STEPPING("stepping", "steps"),
  /** After the source, and then the state that each step leaves. */
  @JsonProperty("recite")
  RECITE("recite", "code");

  private final String label;
  private final String word;

  Mode(String label, String word) {
    this.label = label;
    this.word = word;
  }

  /** The name in files and tables. */
  public String label() {
    return label;
  }

  /** The word that asks for this mode in a prompt. */
  public String word() {
    return word;
  }
}
