package pbb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code pbb} says where TornadoVM or its devices are not as they should be, in a process that
 * has the flags of the launcher: the backend that is named fails with one sentence, and {@code
 * auto} goes on without it and says why in one line.
 */
class DeviceProcessTest {

  private static final String VERSION = "5.2.0-jdk25";
  private static final String HOME = System.getenv().getOrDefault("TORNADOVM_HOME", "");

  @TempDir static Path shared;
  @TempDir Path folder;

  private int runs;

  private static Path data = Path.of("");

  private static boolean installed() {
    return Files.isReadable(
        Path.of(HOME, "share", "java", "tornado", "tornado-api-" + VERSION + ".jar"));
  }

  @BeforeAll
  static void writeData() {
    if (installed()) {
      data = Ran.programs(shared.resolve("data"));
    }
  }

  /** Each test, so that a report counts them as skipped. */
  @BeforeEach
  void needsTornadoVM() {
    assumeTrue(
        installed(),
        "SKIPPED: module tornado-kernels (GPU backend) is not in this build; to have it, set"
            + " TORNADOVM_HOME to an installation of TornadoVM 5.2.0 for JDK 25");
  }

  private static Path script() {
    Path script = Path.of("scripts/lib/tornado.sh");
    return Files.exists(script) ? script : Path.of("..").resolve(script);
  }

  private Launched start(String shell, Object... arguments) throws Exception {
    return Launched.start(folder.resolve("output"), Path.of("."), shell, arguments);
  }

  /** The arguments of a training of one step, with other or more options. */
  private Object[] training(String backend, Object... others) {
    Map<Object, Object> options = new LinkedHashMap<>();
    options.put("--data", data);
    options.put("--out", folder.resolve("run-" + ++runs));
    options.put("--backend", backend);
    options.put("--threads", 1);
    options.put("--steps", 1);
    options.put("--batch-size", 2);
    options.put("--sequence-length", 128);
    for (List<?> tinyOrOther : List.of(Ran.TINY_MODEL, List.of(others))) {
      for (int i = 0; i < tinyOrOther.size(); i += 2) {
        options.put(tinyOrOther.get(i), tinyOrOther.get(i + 1));
      }
    }
    return Stream.concat(
            Stream.of("train"),
            options.entrySet().stream()
                .flatMap(option -> Stream.of(option.getKey(), option.getValue())))
        .toArray();
  }

  /** That a training fails with this one sentence, and that {@code auto} says it and goes on. */
  private void refused(String shell, String... inMessage) throws Exception {
    try (Launched pbb = start(shell, training("tornado"))) {
      String said = pbb.exits(3);
      assertEquals(1, said.lines().count(), said);
      assertTrue(said.startsWith("pbb: backend tornado cannot be used: "), said);
      for (String part : inMessage) {
        assertTrue(said.contains(part), () -> "\"" + part + "\" is not in: " + said);
      }
    }
    try (Launched pbb = start(shell, training("auto"))) {
      String said = pbb.exits(0);
      List<String> why = said.lines().filter(line -> line.startsWith("tornado ")).toList();
      assertEquals(1, why.size(), said);
      assertTrue(said.contains("vector cpu: taken"), said);
      for (String part : inMessage) {
        assertTrue(why.getFirst().contains(part), () -> "\"" + part + "\" is not in: " + said);
      }
    }
  }

  /**
   * Starts with the flags that the launcher finds.
   *
   * @param before shell that comes first, such as variables
   * @param flags more of them
   */
  private static String launcher(String before, String flags) {
    return (before.isEmpty() ? "" : before + "; ")
        + ". '"
        + script()
        + "'; find_tornado; java=$1; shift; exec \"$java\" ${tornado[@]+\"${tornado[@]}\"} "
        + flags
        + " \"$@\" >/dev/null"; // where TornadoVM's native part says what drivers return
  }

  /** Starts with these flags alone. */
  private static String flags(String flags) {
    return "java=$1; shift; exec \"$java\" " + flags + " \"$@\"";
  }

  /** The modules of an installation, without the flags that they need. */
  private static String modulesOf(Path home) {
    return "--enable-preview --upgrade-module-path "
        + home.resolve("share/java/tornado")
        + " --add-modules tornado.runtime";
  }

  /** TornadoVM's own launcher in the place of ours, which takes the device's name to say it. */
  @Test
  void theStockLauncher() throws Exception {
    String shell =
        "while [ \"$1\" != -p ]; do shift; done; modules=$2; shift 4; exec '"
            + Path.of(HOME, "bin", "tornado")
            + "' --module-path \"$modules\" -m pbb/pbb.cli.Main --params \"$*\"";
    try (Launched pbb = start(shell, "doctor", "--backend", "tornado")) {
      String said = pbb.exits(0);
      // Its name and its platform's, and what came of opening it.
      Pattern device =
          Pattern.compile("tornado \\w+:0 \\S+.* \\(.+\\)\\R +works: the self-test passes");
      assertTrue(device.matcher(said).find(), said);
    }
  }

  @Test
  void noDevice() throws Exception {
    refused(
        launcher("export OCL_ICD_VENDORS=" + folder + "/none", ""),
        "TornadoVM finds no device (No OpenCL platforms found)",
        "clinfo");
  }

  @Test
  void bailoutIsOn() throws Exception {
    refused(
        launcher("", "-Dtornado.recover.bailout=True"),
        "wrong numbers",
        "-Dtornado.recover.bailout=False");
  }

  @Test
  void noFlags() throws Exception {
    refused(flags(""), "the JVM was started without TornadoVM", "scripts/pbb");
  }

  @Test
  void modulesWithoutTheOtherFlags() throws Exception {
    refused(flags(modulesOf(Path.of(HOME))), "without the flags", "scripts/pbb");
  }

  @Test
  void theVariableNamesNoInstallation() throws Exception {
    refused(
        launcher("export TORNADOVM_HOME=" + folder + "/none", ""),
        "TORNADOVM_HOME names " + folder + "/none, which holds no TornadoVM");
  }

  /** An installation whose files say another version. */
  @Test
  void anotherVersion() throws Exception {
    Path other = folder.resolve("other");
    Path from = Path.of(HOME);
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = from.relativize(file).toString();
        Path to = other.resolve(name.replace("-" + VERSION + ".", "-5.1.0-jdk25."));
        Files.createDirectories(Objects.requireNonNull(to.getParent()));
        Files.createSymbolicLink(to, file);
      }
    }
    String[] inMessage = {"version 5.1.0-jdk25", "the kernels are for " + VERSION};
    refused(launcher("export TORNADOVM_HOME=" + other, ""), inMessage);
    refused(flags(modulesOf(other)), inMessage); // As its own launcher would have it.
  }

  @Test
  void anUnknownDevice() throws Exception {
    try (Launched pbb = start(launcher("", ""), training("tornado", "--device", "opencl:77"))) {
      String said = pbb.exits(3);
      assertEquals(1, said.lines().count(), said);
      assertTrue(said.contains("has no device opencl:77: use --backend tornado --device "), said);
    }
  }

  /** With a cap that stands for a device that is small, or that others have filled. */
  @Test
  void tooLittleMemory() throws Exception {
    try (Launched pbb =
        start(
            launcher("", "-Dtornado.device.memory=120MB"),
            training("tornado", "--batch-size", 600, "--hidden-size", 256))) {
      String said = pbb.exits(3).lines().toList().getLast();
      assertTrue(said.matches("pbb: .* need [0-9]+ MiB of the memory of tornado .*"), said);
      assertTrue(said.contains("lower --batch-size or --sequence-length"), said);
    }
    assertFalse(Files.exists(folder.resolve("run-1/checkpoints")), "nothing was trained");
  }

  /** Attention with a head of 512 elements, for which its kernels have no room. */
  @Test
  void aRefusedOpIsSaidOnceWithItsBytes() throws Exception {
    try (Launched pbb =
        start(
            launcher("", ""),
            training("tornado", "--hidden-size", 512, "--heads", 1, "--accumulation-steps", 3))) {
      List<String> said =
          pbb.exits(0).lines().filter(line -> line.contains("on the host")).toList();
      // Three batches of 2 × 128 queries: q, k, v, out; a start and a sum for each.
      long forward = 3L * 2 * 128 * (4 * 512 + 2) * 4;
      // dk, dv, dq; q, k, v, gradient, out; a start and a sum for each.
      long backward = 3L * 2 * 128 * (8 * 512 + 2) * 4;
      String why =
          " runs on the host, since the device refuses it (the kernel has room for heads of 256"
              + " elements at most, not 512): ";
      assertEquals(
          List.of(
              String.format(
                  Locale.ROOT, "Attention%s%,d bytes are copied for it in each step", why, forward),
              String.format(
                  Locale.ROOT,
                  "AttentionGradient%s%,d bytes are copied for it in each step",
                  why,
                  backward)),
          said);
    }
  }
}
