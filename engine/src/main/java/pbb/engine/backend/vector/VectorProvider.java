package pbb.engine.backend.vector;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import pbb.engine.backend.Backend;
import pbb.engine.backend.BackendOptions;
import pbb.engine.backend.BackendProvider;
import pbb.engine.backend.BackendUnavailableException;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.backend.DeviceStatus.Kind;
import pbb.engine.backend.DeviceStatus.Refusal;

/** Offers the host's processor, where the JVM has the Vector API and compiles it. */
public final class VectorProvider implements BackendProvider {

  private static final String NAME = "vector";
  private static final String DEVICE = "cpu";

  /** How many floats a vector may have: those of 128, 256 or 512 bits. */
  private static final Set<Integer> WIDTHS = new TreeSet<>(List.of(4, 8, 16));

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<DeviceStatus> devices() {
    return List.of(status());
  }

  @Override
  public Backend open(BackendOptions options) {
    if (!options.device().equals(DEVICE)) {
      throw new BackendUnavailableException(
          "backend vector has no device " + options.device() + ": its only device is " + DEVICE);
    }
    DeviceStatus status = status();
    status
        .refusal()
        .ifPresent(
            refusal -> {
              throw new BackendUnavailableException(
                  "backend vector cannot be used: " + refusal.reason() + "; " + refusal.remedy());
            });
    return new VectorBackend(status, options.threads());
  }

  private static DeviceStatus status() {
    Optional<Refusal> refusal = refusal();
    String description =
        refusal.isEmpty()
            ? Lanes.COUNT * Float.SIZE + "-bit vectors (" + System.getProperty("os.arch") + ")"
            : "no vectors";
    return new DeviceStatus(NAME, DEVICE, description, Kind.VECTOR_CPU, refusal, version());
  }

  /**
   * What the numbers that it computes depend on: the processor, the JVM, and this module's code.
   * Empty where one of them is not to be told; the self-test is then run at each start.
   */
  private static Optional<String> version() {
    try {
      Optional<String> processor = processor();
      long checksum = checksum();
      return processor.map(
          model -> model + ", Java " + Runtime.version() + ", code " + Long.toHexString(checksum));
    } catch (IOException | URISyntaxException _) {
      return Optional.empty();
    }
  }

  /** As Linux names it. */
  private static Optional<String> processor() throws IOException {
    Path file = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(file)) {
      return Optional.empty();
    }
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    }
  }

  /** Of the archive or the folder that this class was loaded from. */
  private static long checksum() throws IOException, URISyntaxException {
    CodeSource source = VectorProvider.class.getProtectionDomain().getCodeSource();
    Path code = Path.of(source.getLocation().toURI());
    CRC32C checksum = new CRC32C();
    try (Stream<Path> files = Files.walk(code)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        checksum.update(Files.readAllBytes(file));
      }
    }
    return checksum.getValue();
  }

  private static Optional<Refusal> refusal() {
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      return Optional.of(
          new Refusal(
              "the module jdk.incubator.vector is not loaded",
              "start java with --add-modules jdk.incubator.vector, as scripts/pbb does"));
    }
    if (!WIDTHS.contains(Lanes.COUNT)) {
      return Optional.of(
          new Refusal(
              "vectors here have "
                  + Lanes.COUNT
                  + " floats, and its kernels are made for "
                  + WIDTHS,
              "start java without -XX:MaxVectorSize, or use --backend scalar"));
    }
    return Optional.empty();
  }
}
