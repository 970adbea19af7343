package pbb.tornado;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import pbb.engine.conformance.Conformance;

/**
 * Hands the device to the conformance suite. For the checks whose names contain a text: {@code
 * -Dconformance.check=RmsNorm}.
 */
class ConformanceTest {

  private static final String CHECK = System.getProperty("conformance.check", "");

  @TestFactory
  List<DynamicTest> conforms() {
    List<DynamicTest> tests =
        new Conformance(_ -> TestDevice.shared())
            .checks().stream()
                .filter(check -> check.name().contains(CHECK))
                .map(
                    check ->
                        DynamicTest.dynamicTest(
                            check.name(),
                            () -> check.failure().ifPresent(failure -> fail(failure))))
                .toList();
    assertFalse(tests.isEmpty(), "no check has '" + CHECK + "' in its name");
    return tests;
  }
}
