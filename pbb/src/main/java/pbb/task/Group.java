package pbb.task;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What training gives of a program. */
public enum Group {
  /** Source and executions. */
  @JsonProperty("with_io")
  WITH_IO("with_io"),
  /** Source only. */
  @JsonProperty("without_io")
  WITHOUT_IO("without_io"),
  /** Nothing but its name: a control for what can be guessed. */
  @JsonProperty("no_source")
  NO_SOURCE("no_source"),
  /**
   * The source of another program of the group, under its name: a control for what the answer
   * follows.
   */
  @JsonProperty("wrong_source")
  WRONG_SOURCE("wrong_source");

  private final String label;

  Group(String label) {
    this.label = label;
  }

  /** The name in files and tables. */
  public String label() {
    return label;
  }

  /** Whether training shows executions of the group's programs. */
  public boolean executed() {
    return this == WITH_IO;
  }
}
