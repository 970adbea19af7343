package pbb.suite;

import java.nio.file.Path;
import java.util.List;

/** A corpus gives away what is to be evaluated; nothing was trained on it. */
public final class LeakException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  LeakException(Path folder, List<LeakCheck.Leak> leaks) {
    super(
        "the corpus in "
            + folder
            + " gives away what is to be evaluated, and nothing was trained on it: "
            + leaks.getFirst().sentence()
            + (leaks.size() == 1 ? "" : ", and " + (leaks.size() - 1) + " findings more")
            + ".");
  }
}
