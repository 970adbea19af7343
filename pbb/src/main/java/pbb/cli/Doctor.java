package pbb.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import pbb.engine.backend.BackendUnavailableException;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.backend.DeviceStatus.Refusal;
import pbb.engine.selection.Backends;

/** Examines what there is to compute with. */
final class Doctor {

  private static final double GIB = 1L << 30;

  private final ComputeOptions options;

  Doctor(ComputeOptions options) {
    this.options = options;
  }

  /**
   * Writes what there is.
   *
   * @return whether a device works, of those that were named if any were
   */
  boolean examine(PrintWriter out) {
    line(out, "version", Version.current().toString());
    line(
        out,
        "java",
        Runtime.version()
            + ", "
            + System.getProperty("java.vm.name")
            + ", "
            + System.getProperty("java.home"));
    line(
        out,
        "system",
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + ", "
            + System.getProperty("os.arch"));
    line(
        out,
        "threads",
        options.threadCount()
            + " of "
            + Runtime.getRuntime().availableProcessors()
            + " processors");
    line(out, "memory", memory());
    out.println();
    Backends backends = Backends.discover();
    List<DeviceStatus> named = backends.devices().stream().filter(this::isNamed).toList();
    if (named.isEmpty()) {
      throw new BackendUnavailableException(
          "there is no such device: "
              + options.backend
              + (options.device == null ? "" : " " + options.device)
              + "; there are "
              + String.join(", ", backends.devices().stream().map(Doctor::label).toList()));
    }
    boolean works = false;
    for (DeviceStatus device : named) {
      Optional<Refusal> refusal = backends.check(device, options.threadCount());
      line(out, label(device), device.description());
      line(out, "", refusal.map(Refusal::reason).orElse("works: the self-test passes"));
      refusal
          .map(Refusal::remedy)
          .filter(remedy -> !remedy.isEmpty())
          .ifPresent(remedy -> line(out, "", "fix: " + remedy));
      works |= refusal.isEmpty();
    }
    return works;
  }

  private boolean isNamed(DeviceStatus device) {
    return (options.backend.equals(ComputeOptions.AUTO) || options.backend.equals(device.backend()))
        && (options.device == null || options.device.equals(device.id()));
  }

  private static String label(DeviceStatus device) {
    return device.backend() + " " + device.id();
  }

  private static void line(PrintWriter out, String what, String text) {
    out.println(String.format(Locale.ROOT, "%-12s %s", what, text));
  }

  private static String memory() {
    String heap =
        String.format(
            Locale.ROOT, "at most %.1f GiB of heap", Runtime.getRuntime().maxMemory() / GIB);
    return machineMemory().map(machine -> heap + ", " + machine).orElse(heap);
  }

  /** As Linux gives it; no other system says it in a file. */
  private static Optional<String> machineMemory() {
    Path file = Path.of("/proc/meminfo");
    if (!Files.isReadable(file)) {
      return Optional.empty();
    }
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith("MemAvailable:"))
          .map(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
          .map(
              bytes ->
                  String.format(
                      Locale.ROOT, "%.1f GiB available to weights and batches", bytes / GIB))
          .findFirst();
    } catch (IOException _) {
      return Optional.empty();
    }
  }
}
