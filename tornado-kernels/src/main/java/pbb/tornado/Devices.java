package pbb.tornado;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;
import pbb.engine.backend.Backend;
import pbb.engine.backend.BackendUnavailableException;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.backend.DeviceStatus.Kind;
import pbb.engine.backend.DeviceStatus.Refusal;
import pbb.engine.backend.Support;
import pbb.engine.graph.Op;
import pbb.tornado.kernels.AttentionKernels;
import pbb.tornado.kernels.ElementwiseKernels;
import pbb.tornado.kernels.EmbeddingKernels;
import pbb.tornado.kernels.LossKernels;
import pbb.tornado.kernels.MatMulKernels;
import pbb.tornado.kernels.MemoryKernels;
import pbb.tornado.kernels.NormKernels;
import pbb.tornado.kernels.OptimizerKernels;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.exceptions.TornadoInternalError;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** The devices as TornadoVM lists them. */
final class Devices {

  /** What local memory the kernels need: the least that OpenCL promises. */
  private static final long LOCAL_MEMORY = 32 << 10;

  /** TornadoVM finds nothing at all where a library of one of its drivers cannot be loaded. */
  private static final String INSTALL =
      "install the driver of each backend that the installation has (clinfo shows OpenCL's,"
          + " nvidia-smi CUDA's), or an installation with fewer backends";

  private static final List<Class<?>> KERNELS =
      List.of(
          AttentionKernels.class,
          ElementwiseKernels.class,
          EmbeddingKernels.class,
          LossKernels.class,
          MatMulKernels.class,
          MemoryKernels.class,
          NormKernels.class,
          OptimizerKernels.class,
          Lowering.class);

  private Devices() {}

  private record Found(DeviceStatus status, TornadoDevice device) {}

  /** Every device; one refused status where there is none. */
  static List<DeviceStatus> statuses() {
    if (bailoutIsOn()) {
      return List.of(TornadoProvider.nothing(Installation.bailoutIsOn()));
    }
    List<Found> found;
    try {
      found = all();
    } catch (RuntimeException | LinkageError | TornadoInternalError e) {
      return List.of(
          TornadoProvider.nothing(
              new Refusal("TornadoVM finds no device (" + reason(e) + ")", INSTALL)));
    }
    return found.isEmpty()
        ? List.of(TornadoProvider.nothing(new Refusal("TornadoVM finds no device", INSTALL)))
        : found.stream().map(Found::status).toList();
  }

  /**
   * What TornadoVM read when it was loaded, whatever the property says now. By reflection, since
   * the module that knows requires parts of the JDK that no compiler is shown.
   */
  private static boolean bailoutIsOn() {
    try {
      return Class.forName("uk.ac.manchester.tornado.runtime.common.TornadoOptions")
          .getField("RECOVER_BAILOUT")
          .getBoolean(null);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "TornadoVM does not say whether it recovers from bailouts: use version "
              + Installation.VERSION,
          e);
    }
  }

  /** Opens a device that was listed. */
  static Backend open(DeviceStatus status, int threads, Function<Op, Support> policy) {
    TornadoDevice device =
        all().stream()
            .filter(found -> found.status.id().equals(status.id()))
            .map(Found::device)
            .findFirst()
            .orElseThrow(
                () ->
                    new BackendUnavailableException(
                        "device " + status.id() + " is gone: plug it in again"));
    return new pbb.tornado.TornadoBackend(status, device, threads, policy);
  }

  private static List<Found> all() {
    TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
    List<Found> found = new ArrayList<>();
    for (int i = 0; i < runtime.getNumBackends(); i++) {
      TornadoBackend backend = runtime.getBackend(i);
      // By name, since later versions lack some of the types.
      String type = backend.getBackendType().name().toLowerCase(Locale.ROOT);
      for (int j = 0; j < backend.getNumDevices(); j++) {
        TornadoDevice device = backend.getDevice(j);
        found.add(new Found(status(type + ":" + j, device), device));
      }
    }
    return found;
  }

  private static DeviceStatus status(String id, TornadoDevice device) {
    String name = device.getPhysicalDevice().getDeviceName();
    Kind kind = device.getDeviceType().name().equals("GPU") ? Kind.GPU : Kind.ON_REQUEST;
    Optional<Refusal> refusal =
        device.getDeviceLocalMemorySize() < LOCAL_MEMORY
            ? Optional.of(
                new Refusal(
                    "the device has "
                        + device.getDeviceLocalMemorySize()
                        + " bytes of local memory",
                    "use one with 32 KiB or more"))
            : Optional.empty();
    return new DeviceStatus(
        TornadoProvider.NAME,
        id,
        name.strip() + " (" + device.getPlatformName().strip() + ")",
        kind,
        refusal,
        Optional.of(version(device)));
  }

  /**
   * TornadoVM, the driver, the kernels and the device's compute units, in one line: what the
   * numbers that the device computes depend on.
   */
  private static String version(TornadoDevice device) {
    String driver =
        device
            .getPhysicalDevice()
            .getDeviceInfo()
            .lines()
            .filter(line -> line.contains("ersion"))
            .map(line -> line.replaceAll("\\s+", " ").strip())
            .collect(Collectors.joining(", "));
    return "TornadoVM "
        + Installation.VERSION
        + ", "
        + driver
        + ", "
        + device.getPhysicalDevice().getDeviceMaxComputeUnits()
        + " compute units, Java "
        + Runtime.version()
        + ", kernels "
        + Long.toHexString(checksum());
  }

  /** Of the compiled kernels and what prepares their descriptors. */
  private static long checksum() {
    CRC32C checksum = new CRC32C();
    for (Class<?> kernels : KERNELS) {
      try (InputStream code = kernels.getResourceAsStream(kernels.getSimpleName() + ".class")) {
        if (code == null) {
          throw new IllegalStateException("the code of " + kernels + " is not to be found");
        }
        checksum.update(code.readAllBytes());
      } catch (IOException e) {
        throw new IllegalStateException("the code of " + kernels + " cannot be read", e);
      }
    }
    return checksum.getValue();
  }

  /** What TornadoVM says of a failure: its first sentence, without colours. */
  static String reason(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String said =
        String.valueOf(cause.getMessage())
            .replaceAll("\u001b\\[[0-9;]*m", "")
            .replaceFirst("^\\s*\\[[A-Z]+\\]\\s*", "")
            .lines()
            .findFirst()
            .orElse("")
            .strip();
    int end = said.indexOf(". ");
    String sentence = end < 0 ? said : said.substring(0, end);
    return sentence.isEmpty() || sentence.equals("null")
        ? cause.getClass().getSimpleName()
        : sentence;
  }
}
