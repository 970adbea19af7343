package pbb.lang;

import java.util.List;

/** The rule for indented blocks. */
final class Bodies {

  private Bodies() {}

  static List<Statement> notEmpty(String owner, List<Statement> body) {
    if (body.isEmpty()) {
      throw new IllegalArgumentException(
          "the body of '" + owner + "' is empty: Python needs a statement there, such as pass");
    }
    return List.copyOf(body);
  }
}
