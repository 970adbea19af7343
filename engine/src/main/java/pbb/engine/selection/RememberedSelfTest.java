package pbb.engine.selection;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import pbb.engine.backend.Backend;
import pbb.engine.backend.DeviceStatus;

/**
 * A self-test that a device need not pass again as long as its version, which covers driver and
 * kernels, is the same. What was passed stands in a file of the user's, a line a device and
 * version; failures are not remembered.
 */
final class RememberedSelfTest implements Function<Backend, Optional<String>> {

  private final Path file;
  private final Function<Backend, Optional<String>> selfTest;

  /**
   * A self-test with a memory.
   *
   * @param file need not exist
   */
  RememberedSelfTest(Path file, Function<Backend, Optional<String>> selfTest) {
    this.file = file;
    this.selfTest = selfTest;
  }

  /** Where this user's caches belong. */
  static Path userFile() {
    String caches = System.getenv("XDG_CACHE_HOME");
    Path folder =
        caches == null || caches.isBlank()
            ? Path.of(System.getProperty("user.home", "."), ".cache")
            : Path.of(caches);
    return folder.resolve("pbb").resolve("self-tests");
  }

  @Override
  public Optional<String> apply(Backend backend) {
    DeviceStatus device = backend.device();
    if (device.version().isEmpty()) {
      return selfTest.apply(backend);
    }
    String line =
        String.join(
                " | ", device.backend(), device.id(), device.description(), device.version().get())
            .replaceAll("\\s+", " ");
    if (passed().contains(line)) {
      return Optional.empty();
    }
    Optional<String> failure = selfTest.apply(backend);
    if (failure.isEmpty()) {
      remember(line);
    }
    return failure;
  }

  private List<String> passed() {
    try {
      return Files.isRegularFile(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException _) {
      return List.of(); // As if nothing was passed: the test is run again.
    }
  }

  private void remember(String line) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException _) {
      // The next start tests again: no more is lost.
    }
  }
}
