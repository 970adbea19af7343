package pbb.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;
import pbb.engine.train.Schedule;
import pbb.task.RandomArithmetic;

/** Profiles as JSON and as TOML. */
class ProfileTest {

  private static final Path FILE = Path.of("some.toml");

  private static JsonObject parse(Map<String, Object> json) throws InvalidFileException {
    return JsonObject.parse(FILE, JsonText.indented(json).getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"smoke", "quick", "full"})
  void isReadBackAsItWasWritten(String name) throws InvalidFileException {
    Profile profile = Profile.named(name);
    assertEquals(profile, ProfileFile.read(parse(ProfileFile.json(profile))));
  }

  @Test
  void anUnknownProfileIsRefusedWithTheKnownOnes() {
    UsageException e = assertThrows(UsageException.class, () -> Profile.named("slow"));
    assertTrue(String.valueOf(e.getMessage()).contains("smoke, quick, full"), e.getMessage());
  }

  @Test
  void fieldsCanBeChanged() throws InvalidFileException {
    Profile changed =
        ProfileFile.with(
            Profile.smoke(),
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
        assertThrows(
            InvalidFileException.class, () -> ProfileFile.with(Profile.quick(), FILE, wrong));
    assertTrue(String.valueOf(e.getMessage()).contains("some.toml"), e.getMessage());
    assertTrue(String.valueOf(e.getMessage()).contains(named), e.getMessage());
  }

  @Test
  void aFileChangesABuiltInProfile(@TempDir Path folder) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("longer.toml"),
            """
            base = "quick"
            [training]
            steps = 11_200
            [[task.settings]]
            operations = 3
            withIo = 480
            withoutIo = 60
            noSource = 20
            wrongSource = 20
            """);
    Profile profile = ProfileFile.named(file.toString());
    assertEquals("longer", profile.name());
    assertEquals(11_200, profile.training().steps());
    assertEquals(
        List.of(new RandomArithmetic.Setting(3, 480, 60, 20, 20)), profile.dials().settings());
    assertEquals(Profile.quick().model(), profile.model());
  }

  @ParameterizedTest
  @CsvSource({
    "'[training]', base",
    "'base = \"slow\"', slow",
    "'base = ', line 1",
    "'base = \"quick\"\nepochs = 3', epochs",
    "'base = \"quick\"\nname = \"quick\"', none of smoke",
    "'base = \"quick\"\nname = \"../x\"', ../x",
  })
  void aFileThatIsWrongIsNamed(String text, String named, @TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("wrong.toml"), text);
    Exception e = assertThrows(Exception.class, () -> ProfileFile.named(file.toString()));
    assertTrue(String.valueOf(e.getMessage()).contains(named), e.getMessage());
  }

  @Test
  void aFolderOrAnotherEncodingIsNamed(@TempDir Path folder) throws IOException {
    Path directory = Files.createDirectory(folder.resolve("some.toml"));
    UsageException e =
        assertThrows(UsageException.class, () -> ProfileFile.named(directory.toString()));
    assertTrue(String.valueOf(e.getMessage()).contains("some.toml"), e.getMessage());
    Path latin = Files.write(folder.resolve("latin.toml"), new byte[] {'#', (byte) 0xe4});
    InvalidFileException f =
        assertThrows(InvalidFileException.class, () -> ProfileFile.named(latin.toString()));
    assertTrue(String.valueOf(f.getMessage()).contains("latin.toml"), f.getMessage());
  }

  @Test
  void aMissingFileIsNamed() {
    UsageException e =
        assertThrows(UsageException.class, () -> ProfileFile.named("missing/longer.toml"));
    assertTrue(String.valueOf(e.getMessage()).contains("missing/longer.toml"), e.getMessage());
  }
}
