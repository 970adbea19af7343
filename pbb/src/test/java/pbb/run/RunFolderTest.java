package pbb.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pbb.engine.io.JsonObject;

/** A run that goes on elsewhere than it began. */
class RunFolderTest {

  private static final Environment HERE =
      new Environment("0", "unknown", "25", List.of(), "Linux", "cpu", 1, "a", "0", "a device");

  @TempDir private Path folder;

  private static Map<String, Object> config(String backend, int steps) {
    return Map.of("schema", 1, "backend", backend, "steps", steps);
  }

  private RunFolder resume(Map<String, Object> config, Set<String> mayMove) throws IOException {
    return RunFolder.open(folder.resolve("run"), config, HERE, true, mayMove);
  }

  private String refusal(Map<String, Object> config, Set<String> mayMove) {
    return String.valueOf(
        assertThrows(UsageException.class, () -> resume(config, mayMove)).getMessage());
  }

  @Test
  void saysAndKeepsWhatWasMovedAndRefusesTheRest() throws IOException {
    RunFolder.open(folder.resolve("run"), config("a", 3), HERE, false).close();
    String begun = Files.readString(folder.resolve("run/run.json"));
    String refusal = refusal(config("b", 3), Set.of());
    assertTrue(refusal.contains("backend is \"a\" in "), refusal);
    refusal = refusal(config("b", 4), Set.of("backend"));
    assertTrue(refusal.contains("steps is 3 in "), refusal);
    try (RunFolder run = resume(config("b", 3), Set.of("backend"))) {
      assertEquals(1, run.moves().size(), run.moves().toString());
      assertTrue(run.moves().getFirst().endsWith("but \"b\" now"), run.moves().toString());
    }
    try (RunFolder run = resume(config("a", 3), Set.of("backend"))) {
      assertEquals(List.of(), run.moves());
    }
    assertEquals(begun, Files.readString(folder.resolve("run/run.json")));
    JsonObject environment = JsonObject.read(folder.resolve("run/env.json"));
    assertEquals(3, environment.strings("starts").size());
    assertEquals(1, environment.strings("moves").size(), "also after a start that moved nothing");
  }
}
