package pbb.cli;

import java.util.Optional;
import pbb.engine.backend.Backend;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.selection.Backends;
import pbb.engine.selection.Selection;
import pbb.run.UsageException;

/** Opens the backends that the options name, and says which were taken. */
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
    say(selection, options.backend, "", display);
    return selection;
  }

  /**
   * Opens another backend beside the one that trains, to evaluate on, and says what was taken.
   *
   * @param trains the backend that trains
   * @throws UsageException if that is on the same device
   * @throws pbb.engine.backend.BackendUnavailableException if it does not work
   */
  static Selection evaluator(String name, ComputeOptions options, Backend trains, Display display) {
    Selection selection = Backends.discover().select(name, Optional.empty(), options.threadCount());
    DeviceStatus device = selection.backend().device();
    if (device.backend().equals(trains.device().backend())
        && device.id().equals(trains.device().id())) {
      selection.close();
      throw new UsageException(
          "--evaluate-on "
              + name
              + " takes "
              + device.backend()
              + " "
              + device.id()
              + ", which trains: name another backend that doctor lists, or leave it away");
    }
    say(selection, name, "for evaluation, ", display);
    return selection;
  }

  private static void say(Selection selection, String name, String purpose, Display display) {
    boolean named = !name.equals(ComputeOptions.AUTO);
    selection.report().stream()
        .filter(line -> !named || line.contains(": taken "))
        .forEach(line -> display.say(purpose + line));
  }
}
