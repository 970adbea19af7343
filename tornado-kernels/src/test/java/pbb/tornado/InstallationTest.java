package pbb.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pbb.engine.backend.DeviceStatus.Refusal;

/** What is said where TornadoVM cannot work. */
class InstallationTest {

  private static final Optional<String> RIGHT = Optional.of(Installation.VERSION);

  private static Refusal refusal(
      boolean found, Optional<String> version, boolean flags, Optional<String> bailout) {
    return Installation.refusal(Optional.empty(), found, version, flags, bailout).orElseThrow();
  }

  @Test
  void missing() {
    Refusal refusal = refusal(false, Optional.empty(), false, Optional.empty());
    assertEquals("TornadoVM is not there, and TORNADOVM_HOME is not set", refusal.reason());
    assertTrue(refusal.remedy().contains("scripts/pbb"), refusal.remedy());
  }

  private static Refusal missing(Path home) {
    return Installation.refusal(
            Optional.of(home.toString()), false, Optional.empty(), false, Optional.empty())
        .orElseThrow();
  }

  @Test
  void missingThoughTheVariableIsSet(@TempDir Path home) throws IOException {
    Path nowhere = home.resolve("nowhere");
    assertEquals(
        "TORNADOVM_HOME names " + nowhere + ", which holds no TornadoVM",
        missing(nowhere).reason());
    Path jars = Files.createDirectories(home.resolve("share/java/tornado"));
    assertTrue(missing(home).reason().contains("holds no TornadoVM"));
    Path jar = Files.createFile(jars.resolve("tornado-api-" + Installation.VERSION + ".jar"));
    assertEquals("the JVM was started without TornadoVM", missing(home).reason());
    assertTrue(missing(home).remedy().contains("scripts/pbb"));
    Files.delete(jar);
    Files.createFile(jars.resolve("tornado-api-6.0.0-jdk25.jar"));
    assertTrue(missing(home).reason().contains("version 6.0.0-jdk25"));
  }

  @Test
  void ofAnotherVersion() {
    assertTrue(
        refusal(true, Optional.of("6.0.0"), true, Optional.empty()).reason().contains("6.0.0"));
  }

  @Test
  void withoutFlags() {
    assertTrue(
        refusal(true, RIGHT, false, Optional.empty()).reason().contains("without the flags"));
  }

  @Test
  void withBailoutOn() {
    Refusal refusal = refusal(true, RIGHT, true, Optional.of("True"));
    assertTrue(refusal.reason().contains("wrong numbers"), refusal.reason());
    assertTrue(refusal.remedy().contains("-Dtornado.recover.bailout=False"), refusal.remedy());
  }

  @Test
  void here() {
    assertEquals(Optional.empty(), Installation.refusal());
    assertEquals("False", System.getProperty("tornado.recover.bailout"));
    assertEquals("-cl-mad-enable -w", System.getProperty("tornado.opencl.compiler.flags"));
  }
}
