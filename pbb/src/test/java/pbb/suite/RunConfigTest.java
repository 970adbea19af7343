package pbb.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;
import pbb.run.Profile;
import pbb.run.UsageException;

/** What is run, as JSON. */
class RunConfigTest {

  @ParameterizedTest
  @ValueSource(strings = {"smoke", "quick", "full"})
  void isReadBackAsItWasWritten(String name) throws InvalidFileException {
    RunConfig config = TinyRun.config(Profile.named(name), 3, 4);
    byte[] json = JsonText.indented(config.json()).getBytes(StandardCharsets.UTF_8);
    assertEquals(config, RunConfig.read(JsonObject.parse(Path.of("run.json"), json)));
  }

  @Test
  void isChecked() {
    assertThrows(UsageException.class, () -> TinyRun.config(Profile.smoke()));
    assertThrows(UsageException.class, () -> TinyRun.config(Profile.smoke(), 1, 1));
    UsageException e =
        assertThrows(
            UsageException.class,
            () -> new RunConfig(Profile.smoke(), List.of("magic"), List.of(0L), "vector", "cpu"));
    assertTrue(String.valueOf(e.getMessage()).contains("reasoning"), e.getMessage());
    assertEquals(List.of(4L, 5L, 6L), RunConfig.seeds(4, 3));
  }
}
