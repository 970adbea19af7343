package pbb.engine.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import pbb.engine.backend.Backend;
import pbb.engine.backend.UsableBackend;
import pbb.engine.conformance.PyTorchFixture;

/** Every backend against PyTorch's figures. */
class PyTorchFixtureTest {

  static Stream<Arguments> cases() {
    return UsableBackend.all()
        .flatMap(
            backend -> Stream.of("llama", "qwen3").map(fixture -> Arguments.of(backend, fixture)));
  }

  @ParameterizedTest(name = "{1} on {0}")
  @MethodSource("cases")
  void logitsAndGradients(UsableBackend device, String name) throws Exception {
    try (PyTorchFixture fixture = open(name);
        Backend backend = device.open()) {
      assertEquals(List.of(), fixture.gradientProblems(backend));
    }
  }

  @ParameterizedTest(name = "{1} on {0}")
  @MethodSource("cases")
  void tenStepsOfTraining(UsableBackend device, String name) throws Exception {
    try (PyTorchFixture fixture = open(name);
        Backend backend = device.open()) {
      assertEquals(List.of(), fixture.trainingProblems(backend));
    }
  }

  private static PyTorchFixture open(String name) throws IOException, URISyntaxException {
    URL resource = PyTorchFixtureTest.class.getResource("/pbb/engine/nn/" + name + ".safetensors");
    assertTrue(resource != null, "no fixture " + name + ": run scripts/fixtures/llama.py");
    return PyTorchFixture.open(Path.of(resource.toURI()));
  }
}
