package pbb.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import pbb.engine.backend.DeviceStatus.Refusal;

/** What is said where TornadoVM cannot work. */
class InstallationTest {

  private static final Optional<String> RIGHT = Optional.of(Installation.VERSION);

  private static Refusal refusal(
      boolean found, Optional<String> version, boolean flags, Optional<String> bailout) {
    return Installation.refusal(found, version, flags, bailout).orElseThrow();
  }

  @Test
  void missing() {
    Refusal refusal = refusal(false, Optional.empty(), false, Optional.empty());
    assertEquals("TornadoVM is not there", refusal.reason());
    assertTrue(refusal.remedy().contains("TORNADOVM_HOME"), refusal.remedy());
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
    assertEquals("-cl-mad-enable", System.getProperty("tornado.opencl.compiler.flags"));
  }
}
