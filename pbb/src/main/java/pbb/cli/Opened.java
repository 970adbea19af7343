package pbb.cli;

import java.util.Optional;
import pbb.engine.selection.Backends;
import pbb.engine.selection.Selection;

/** Opens the backend that the options name. */
final class Opened {

  private Opened() {}

  /**
   * Opens it, and says what {@code auto} took and why not the others.
   *
   * @throws pbb.engine.backend.BackendUnavailableException if what was named does not work
   */
  static Selection backend(ComputeOptions options, Display display) {
    Selection selection =
        Backends.discover()
            .select(options.backend, Optional.ofNullable(options.device), options.threadCount());
    if (options.backend.equals(ComputeOptions.AUTO)) {
      selection.report().forEach(display::say);
    }
    return selection;
  }
}
