package pbb.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.run.Profile;
import pbb.run.ProfileFile;
import pbb.run.UsageException;

/** Which directories a run takes, and that it leaves the others alone. */
class RunDirectoryTest {

  @TempDir Path folder;

  private static final RunConfig CONFIG = TinyRun.config(0);

  private static RunDirectory open(Path path, boolean resume) throws IOException {
    return RunDirectory.open(path, CONFIG, TinyRun.environment(), resume);
  }

  private static void assertRefused(Path path, boolean resume, String named) {
    UsageException e = assertThrows(UsageException.class, () -> open(path, resume));
    assertTrue(String.valueOf(e.getMessage()).contains(named), e.getMessage());
    assertTrue(String.valueOf(e.getMessage()).contains(path.toString()), e.getMessage());
    assertFalse(String.valueOf(e.getMessage()).contains("\n"), e.getMessage());
  }

  @Test
  void aNewOneIsMadeWithConfigurationAndEnvironment() throws IOException {
    Path run = folder.resolve("a/b");
    try (RunDirectory directory = open(run, false)) {
      assertEquals(CONFIG, RunDirectory.config(run));
      JsonObject environment = JsonObject.read(run.resolve("env.json"));
      assertEquals("vector", environment.string("backend"));
      assertEquals(directory.startedAt(), environment.strings("starts").getFirst());
    }
  }

  @Test
  void anEmptyOneIsTaken() throws IOException {
    open(folder, false).close();
    assertEquals(CONFIG, RunDirectory.config(folder));
  }

  @Test
  void anExistingRunIsRefusedWithoutResumeAndLeftAsItWas() throws IOException {
    open(folder, false).close();
    Map<String, String> before = TinyRun.bytes(folder);
    assertRefused(folder, false, "--resume");
    assertEquals(before, TinyRun.bytes(folder));
  }

  @Test
  void resumingGoesOn() throws IOException {
    String first;
    try (RunDirectory directory = open(folder, false)) {
      first = directory.startedAt();
    }
    try (RunDirectory directory = open(folder, true)) {
      assertEquals(first, directory.startedAt());
      assertEquals(2, JsonObject.read(folder.resolve("env.json")).length("starts"));
    }
  }

  @Test
  void otherThingsAreRefusedAndLeftAsTheyWere() throws IOException {
    Files.writeString(folder.resolve("thesis.txt"), "years of work");
    assertRefused(folder, false, "other things");
    assertRefused(folder, true, "other things");
    assertEquals(Map.of("thesis.txt", "years of work"), TinyRun.bytes(folder));
    assertRefused(folder.resolve("thesis.txt"), false, "no folder");
    assertRefused(folder.resolve("missing"), true, "no run to resume");
    assertFalse(Files.exists(folder.resolve("missing")));
  }

  @Test
  void aFileWhereAFolderIsNeededIsNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    assertRefused(file.resolve("run"), false, "could not be written");
  }

  @Test
  void anotherConfigurationIsRefusedByTheFieldThatDiffers() throws IOException {
    open(folder, false).close();
    Profile profile =
        ProfileFile.with(
            TinyRun.profile(), Path.of("some.toml"), Map.of("task", Map.of("modulus", 13)));
    Map<RunConfig, String> others =
        Map.of(
            TinyRun.config(0, 1),
            "seeds is [0] in ",
            TinyRun.config(profile, 0),
            "profile.task.modulus is 11 in ");
    others.forEach(
        (other, named) -> {
          UsageException e =
              assertThrows(
                  UsageException.class,
                  () -> RunDirectory.open(folder, other, TinyRun.environment(), true));
          assertTrue(String.valueOf(e.getMessage()).contains(named), e.getMessage());
          assertTrue(String.valueOf(e.getMessage()).contains("run.json"), e.getMessage());
        });
    // The lock is free again.
    open(folder, true).close();
  }

  @Test
  void aDamagedConfigurationIsNamed() throws IOException {
    open(folder, false).close();
    Files.writeString(folder.resolve("run.json"), "{\"schema\": 1");
    InvalidFileException e = assertThrows(InvalidFileException.class, () -> open(folder, true));
    assertTrue(String.valueOf(e.getMessage()).contains("run.json"), e.getMessage());
  }

  @Test
  void oneInUseIsRefused() throws IOException {
    RunDirectory directory = open(folder, false);
    assertRefused(folder, true, "in use");
    directory.close();
    open(folder, true).close();
  }

  @Test
  void oneInUseByAnotherProcessIsRefused() throws Exception {
    open(folder, false).close();
    Path program = Files.createDirectory(folder.resolveSibling("lock-holder")).resolve("Hold.java");
    Files.writeString(
        program,
        """
        public class Hold {
          public static void main(String[] arguments) throws Exception {
            try (var channel =
                java.nio.channels.FileChannel.open(
                    java.nio.file.Path.of(arguments[0]), java.nio.file.StandardOpenOption.WRITE)) {
              channel.lock();
              System.out.println("locked");
              System.in.read();
            }
          }
        }
        """);
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process process =
        new ProcessBuilder(java, program.toString(), folder.resolve(".lock").toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      assertEquals("locked", out.readLine());
      assertRefused(folder, true, "in use by another process");
    } finally {
      process.outputWriter(StandardCharsets.UTF_8).close();
      process.waitFor();
      Files.delete(program);
      Files.delete(program.getParent());
    }
    open(folder, true).close();
  }

  @Test
  void aReadOnlyOneIsRefused() throws IOException {
    Path readOnly = Files.createDirectory(folder.resolve("read-only"));
    Files.setPosixFilePermissions(readOnly, PosixFilePermissions.fromString("r-xr-xr-x"));
    assumeTrue(!Files.isWritable(readOnly), "this user may write everywhere, as root may");
    assertRefused(readOnly, false, "read-only");
    assertRefused(readOnly.resolve("run"), false, "read-only");
  }
}
