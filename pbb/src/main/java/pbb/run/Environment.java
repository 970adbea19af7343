package pbb.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import pbb.engine.backend.DeviceStatus;

/**
 * Where and by what a run was computed.
 *
 * @param version the program's version
 * @param revision the git revision of its sources; {@code unknown} where it is not known
 * @param java the Java that ran it
 * @param flags the options of its virtual machine
 * @param os the operating system
 * @param cpu the processor
 * @param threads how many threads computed
 * @param backend the backend's name
 * @param device the device's id
 * @param deviceDescription what the device is, for people
 */
public record Environment(
    String version,
    String revision,
    String java,
    List<String> flags,
    String os,
    String cpu,
    int threads,
    String backend,
    String device,
    String deviceDescription) {

  /** Options that change how the program computes, by how they begin. */
  private static final List<String> KEPT_FLAGS =
      List.of("-X", "-D", "--add-modules", "--enable-native-access");

  /** Copies the list. */
  public Environment {
    flags = List.copyOf(flags);
  }

  /** This process on this machine. */
  public static Environment current(
      String version, String revision, DeviceStatus device, int threads) {
    return new Environment(
        version,
        revision,
        Runtime.version()
            + ", "
            + System.getProperty("java.vendor", "")
            + ", "
            + System.getProperty("java.vm.name", ""),
        virtualMachineFlags(),
        System.getProperty("os.name", "")
            + " "
            + System.getProperty("os.version", "")
            + ", "
            + System.getProperty("os.arch", ""),
        processor(),
        threads,
        device.backend(),
        device.id(),
        device.description());
  }

  private static List<String> virtualMachineFlags() {
    String[] arguments = ProcessHandle.current().info().arguments().orElse(new String[0]);
    List<String> flags = new ArrayList<>();
    for (int i = 0; i < arguments.length; i++) {
      String argument = arguments[i];
      if (argument.equals("--add-modules") && i + 1 < arguments.length) {
        flags.add(argument + "=" + arguments[++i]);
      } else if (KEPT_FLAGS.stream().anyMatch(argument::startsWith)) {
        flags.add(argument);
      }
    }
    return flags;
  }

  private static String processor() {
    Path info = Path.of("/proc/cpuinfo");
    int cores = Runtime.getRuntime().availableProcessors();
    String model = System.getProperty("os.arch", "unknown");
    if (Files.isReadable(info)) {
      try (Stream<String> lines = Files.lines(info)) {
        model =
            lines
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse(model);
      } catch (IOException e) {
        model += " (" + info + " cannot be read)";
      }
    }
    return model + ", " + cores + (cores == 1 ? " core" : " cores");
  }

  /** The environment as {@code env.json} has it. */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("version", version);
    json.put("gitRevision", revision);
    json.put("jdk", java);
    json.put("flags", flags);
    json.put("os", os);
    json.put("cpu", cpu);
    json.put("threads", threads);
    json.put("backend", backend);
    json.put("device", device);
    json.put("deviceDescription", deviceDescription);
    return json;
  }
}
