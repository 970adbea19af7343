package pbb.tornado;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import pbb.engine.backend.DeviceStatus.Refusal;

/** Whether this process was started so that TornadoVM works in it; uses none of its classes. */
final class Installation {

  /** The version that kernels were written for and tested with. */
  static final String VERSION = "5.2.0-jdk25";

  private static final String HOME = "TORNADOVM_HOME";

  private static final String BAILOUT = "tornado.recover.bailout";

  private static final String START =
      "start with scripts/pbb, which passes the flags if TORNADOVM_HOME names an installation of"
          + " TornadoVM "
          + VERSION
          + ", or with its launcher: tornado --module-path pbb/target/modules -m pbb/pbb.cli.Main"
          + " --params \"…\"";

  /**
   * What TornadoVM reads from system properties when it is loaded, unless the user has set it.
   * Relaxed mathematics would take infinities and NaN for impossible, and a training that diverges
   * would not be noticed; that option is left out of TornadoVM's own, and the rest kept: without -w
   * each kernel has a warning about an extension that TornadoVM asks for, needed or not. The cap on
   * memory is ours, by what the device has.
   */
  private static final Map<String, String> SETTINGS =
      Map.of(
          "tornado.opencl.compiler.flags",
          "-cl-mad-enable -w",
          "tornado.device.memory",
          "1024GB",
          BAILOUT,
          "False");

  private static final Pattern JAR = Pattern.compile("tornado-api-([^/]+)\\.jar");

  private Installation() {}

  /** Why TornadoVM cannot be used, and what to do; empty, with its settings made, if it can. */
  static Optional<Refusal> refusal() {
    return refusal(
        Optional.ofNullable(System.getenv(HOME)),
        ModuleLayer.boot().findModule("tornado.runtime").isPresent(),
        version(),
        ModuleLayer.boot().findModule("jdk.internal.vm.ci").isPresent()
            && System.getProperty("tornado.load.runtime.implementation") != null,
        Optional.ofNullable(System.getProperty(BAILOUT)));
  }

  /**
   * The same for what was found.
   *
   * @param home what TORNADOVM_HOME names, if it is set
   * @param found whether TornadoVM is among the modules
   * @param version its version, empty if that cannot be told
   * @param flags whether the JVM was started with the flags that TornadoVM needs
   * @param bailout how the setting was given, if it was
   */
  static Optional<Refusal> refusal(
      Optional<String> home,
      boolean found,
      Optional<String> version,
      boolean flags,
      Optional<String> bailout) {
    if (!found) {
      return Optional.of(missing(home));
    }
    if (!version.equals(Optional.of(VERSION))) {
      return Optional.of(ofVersion(version.orElse("unknown")));
    }
    if (!flags) {
      return Optional.of(
          new Refusal("the JVM was started without the flags that TornadoVM needs", START));
    }
    if (bailout.isPresent() && !bailout.get().equalsIgnoreCase("false")) {
      return Optional.of(bailoutIsOn());
    }
    SETTINGS.forEach(
        (name, value) -> {
          if (System.getProperty(name) == null) {
            System.setProperty(name, value);
          }
        });
    return Optional.empty();
  }

  /** Why TornadoVM is not among the modules. */
  private static Refusal missing(Optional<String> home) {
    if (home.isEmpty()) {
      return new Refusal("TornadoVM is not there, and " + HOME + " is not set", START);
    }
    Optional<String> version = installed(Path.of(home.get()));
    if (version.isEmpty()) {
      return new Refusal(
          HOME + " names " + home.get() + ", which holds no TornadoVM",
          "set it to an installation of TornadoVM " + VERSION);
    }
    return version.get().equals(VERSION)
        ? new Refusal("the JVM was started without TornadoVM", START)
        : ofVersion(version.get());
  }

  /** The version of the installation in a folder; empty if there is none. */
  private static Optional<String> installed(Path home) {
    Path jars = home.resolve("share/java/tornado");
    if (!Files.isDirectory(jars)) {
      return Optional.empty();
    }
    try (Stream<Path> files = Files.list(jars)) {
      return files
          .map(Path::toString)
          .map(JAR::matcher)
          .filter(Matcher::find)
          .map(matcher -> matcher.group(1))
          .findFirst();
    } catch (IOException _) {
      return Optional.empty(); // Not to be read, so of no use.
    }
  }

  private static Refusal ofVersion(String version) {
    return new Refusal(
        "TornadoVM is of version " + version + ", and the kernels are for " + VERSION,
        "set " + HOME + " to an installation of that version");
  }

  /** What to say where a kernel that fails would be run as Java, with wrong results. */
  static Refusal bailoutIsOn() {
    return new Refusal(
        "TornadoVM would run kernels that it cannot compile as sequential Java, which gives wrong"
            + " numbers without an error",
        "start with -D" + BAILOUT + "=False");
  }

  private static Optional<String> version() {
    return ModuleLayer.boot()
        .configuration()
        .findModule("tornado.api")
        .flatMap(module -> module.reference().location())
        .map(URI::toString)
        .map(JAR::matcher)
        .filter(Matcher::find)
        .map(matcher -> matcher.group(1));
  }
}
