package pbb.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;
import pbb.engine.train.Schedule;

/** Profiles and run configurations as JSON. */
class ProfileTest {

  private static final Path FILE = Path.of("some.toml");

  private static JsonObject parse(Map<String, Object> json) throws InvalidFileException {
    return JsonObject.parse(FILE, JsonText.indented(json).getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"smoke", "quick", "full"})
  void isReadBackAsItWasWritten(String name) throws InvalidFileException {
    Profile profile = Profile.named(name);
    assertEquals(profile, Profile.read(parse(profile.json())));
    RunConfig config = TinyRun.config(profile, 3, 4);
    assertEquals(config, RunConfig.read(parse(config.json())));
  }

  @Test
  void anUnknownProfileIsRefusedWithTheKnownOnes() {
    UsageException e = assertThrows(UsageException.class, () -> Profile.named("slow"));
    assertTrue(String.valueOf(e.getMessage()).contains("smoke, quick, full"), e.getMessage());
  }

  @Test
  void fieldsCanBeChanged() throws InvalidFileException {
    Profile changed =
        Profile.smoke()
            .with(
                FILE,
                Map.of(
                    "training",
                    Map.of("steps", 5, "schedule", Map.of("kind", "cosine", "finalFraction", 0.1)),
                    "shares",
                    Map.of("settings", Map.of("1", 0.5))));
    assertEquals(5, changed.training().steps());
    assertEquals(new Schedule.Cosine(50, 0.1), changed.training().schedule());
    assertEquals(0.5, changed.shares().settings().get(1));
    assertEquals(Profile.smoke().dials(), changed.dials());
  }

  @ParameterizedTest
  @CsvSource({
    "training.steps, 0, training.steps",
    "training.speed, 1, training.speed",
    "model.numAttentionHeads, 7, numAttentionHeads",
    "task.modulus, 3, modulus",
    "shares.source, -1, shares",
    "shares.settings.many, 1, many",
    "checkpointInterval, 0, checkpointInterval",
    "epochs, 1, epochs",
  })
  void whatIsWrongIsNamed(String field, int value, String named) {
    Map<String, Object> changes = Map.of(field, value);
    for (int dot = field.lastIndexOf('.'); dot >= 0; dot = field.lastIndexOf('.')) {
      changes = Map.of(field.substring(dot + 1), changes.get(field));
      field = field.substring(0, dot);
      changes = Map.of(field, changes);
    }
    Map<String, Object> wrong = changes;
    InvalidFileException e =
        assertThrows(InvalidFileException.class, () -> Profile.quick().with(FILE, wrong));
    assertTrue(String.valueOf(e.getMessage()).contains("some.toml"), e.getMessage());
    assertTrue(String.valueOf(e.getMessage()).contains(named), e.getMessage());
  }

  @Test
  void aConfigurationIsChecked() {
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
