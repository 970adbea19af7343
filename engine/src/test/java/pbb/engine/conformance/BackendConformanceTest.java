package pbb.engine.conformance;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import pbb.engine.backend.BackendProvider;
import pbb.engine.backend.DeviceStatus;

/**
 * Hands every usable device to the conformance suite. For one backend, or for the checks whose
 * names contain a text: {@code -Dconformance.backend=vector -Dconformance.check=RmsNorm}.
 */
class BackendConformanceTest {

  private static final String BACKEND = System.getProperty("conformance.backend", "");
  private static final String CHECK = System.getProperty("conformance.check", "");

  @TestFactory
  Stream<DynamicNode> everyUsableDeviceConforms() {
    List<DynamicNode> devices =
        ServiceLoader.load(BackendProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(provider -> BACKEND.isEmpty() || provider.name().equals(BACKEND))
            .flatMap(
                provider ->
                    provider.devices().stream()
                        .filter(DeviceStatus::usable)
                        .map(device -> checks(provider, device)))
            .toList();
    assertFalse(devices.isEmpty(), "no usable device of a backend named '" + BACKEND + "'");
    return devices.stream();
  }

  private static DynamicNode checks(BackendProvider provider, DeviceStatus device) {
    List<DynamicTest> tests =
        Conformance.of(provider, device.id()).checks().stream()
            .filter(check -> check.name().contains(CHECK))
            .map(
                check ->
                    DynamicTest.dynamicTest(
                        check.name(), () -> check.failure().ifPresent(failure -> fail(failure))))
            .toList();
    assertFalse(tests.isEmpty(), "no check has '" + CHECK + "' in its name");
    return DynamicContainer.dynamicContainer(device.backend() + " " + device.id(), tests);
  }
}
