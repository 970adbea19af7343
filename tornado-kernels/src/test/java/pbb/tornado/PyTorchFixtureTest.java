package pbb.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import pbb.engine.conformance.PyTorchFixture;

/** The device against PyTorch's figures, from the engine's fixtures and with its tolerances. */
class PyTorchFixtureTest {

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen3"})
  void logitsAndGradients(String name) throws IOException {
    try (PyTorchFixture fixture = open(name)) {
      assertEquals(List.of(), fixture.gradientProblems(TestDevice.shared()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen3"})
  void tenStepsOfTraining(String name) throws IOException {
    try (PyTorchFixture fixture = open(name)) {
      assertEquals(List.of(), fixture.trainingProblems(TestDevice.shared()));
    }
  }

  private static PyTorchFixture open(String name) throws IOException {
    return PyTorchFixture.open(
        Path.of("../engine/src/test/resources/pbb/engine/nn", name + ".safetensors"));
  }
}
