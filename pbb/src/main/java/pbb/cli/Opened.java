package pbb.cli;

import java.util.Optional;
import pbb.engine.selection.Backends;
import pbb.engine.selection.Selection;

/** Opens the backend that the options name. */
final class Opened {

  private Opened() {}

  /**
   * Opens it, and says what was taken; of {@code auto} also why not the others.
   *
   * @throws pbb.engine.backend.BackendUnavailableException if what was named does not work
   */
  static Selection backend(ComputeOptions options, Display display) {
    Selection selection =
        Backends.discover()
            .select(options.backend, Optional.ofNullable(options.device), options.threadCount());
    boolean named = !options.backend.equals(ComputeOptions.AUTO);
    selection.report().stream()
        .filter(line -> !named || line.contains(": taken "))
        .forEach(display::say);
    return selection;
  }

  /**
   * Opens another backend beside it, to evaluate on.
   *
   * @throws pbb.engine.backend.BackendUnavailableException if it does not work
   */
  static Selection evaluator(String name, ComputeOptions options) {
    return Backends.discover().select(name, Optional.empty(), options.threadCount());
  }
}
