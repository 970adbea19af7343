package pbb.engine.selection;

import java.util.List;
import pbb.engine.backend.Backend;

/**
 * What was chosen.
 *
 * @param backend the opened backend
 * @param report one line for each device in the order in which they were considered: taken, or why
 *     not
 */
public record Selection(Backend backend, List<String> report) implements AutoCloseable {

  /** Copies the list. */
  public Selection {
    report = List.copyOf(report);
  }

  /** Closes the backend. */
  @Override
  public void close() {
    backend.close();
  }
}
