package pbb.eval;

/** What a query asks with. */
public enum QueryKind {
  /** The program's name, in a pointer context of training. */
  PLAIN("plain"),
  /** The program's name, in a pointer context that no training document uses. */
  HELD_OUT_TEMPLATE("held_out_template"),
  /** Another program's name: the answer must follow the name. */
  WRONG_NAME("wrong_name"),
  /** No name, but the source itself: the ceiling of what the model can execute at all. */
  IN_CONTEXT("in_context");

  private final String label;

  QueryKind(String label) {
    this.label = label;
  }

  /** The name in files and tables. */
  public String label() {
    return label;
  }
}
