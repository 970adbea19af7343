package pbb.engine.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {

  @TempDir Path folder;

  @Test
  void replacesAFileWholeOrNotAtAll() throws IOException {
    Path file = folder.resolve("deep/er/results.json");
    AtomicFiles.writeString(file, "old");

    IOException failure =
        assertThrows(
            IOException.class,
            () ->
                AtomicFiles.writeFile(
                    file,
                    partial -> {
                      Files.writeString(partial, "half");
                      assertEquals("old", Files.readString(file), "the target changed too early");
                      assertTrue(AtomicFiles.isPartial(partial), partial.toString());
                      throw new IOException("No space left on device");
                    }));

    assertEquals("old", Files.readString(file));
    assertEquals(
        file + " could not be written because the disk is full: free some space and run again.",
        failure.getMessage());
    assertEquals(List.of(file), entries(folder.resolve("deep/er")));
    AtomicFiles.writeString(file, "new");
    assertEquals("new", Files.readString(file));
  }

  @Test
  void aFolderAppearsOnlyWhenItIsWhole() throws IOException {
    Path target = folder.resolve("step-10");

    AtomicFiles.writeFolder(
        target,
        partial -> {
          Files.writeString(partial.resolve("a"), "a");
          Files.createDirectory(partial.resolve("inner"));
          Files.writeString(partial.resolve("inner/b"), "b");
          assertFalse(Files.exists(target));
        });

    assertEquals("b", Files.readString(target.resolve("inner/b")));
    assertEquals(List.of(target), entries(folder));
  }

  @Test
  void aFailedFolderLeavesNothing() throws IOException {
    Path target = folder.resolve("step-10");

    assertThrows(
        UncheckedIOException.class,
        () ->
            AtomicFiles.writeFolder(
                target,
                partial -> {
                  Files.writeString(partial.resolve("a"), "a");
                  throw new UncheckedIOException(new IOException("broken"));
                }));

    assertEquals(List.of(), entries(folder));
  }

  @Test
  void anExistingFolderIsNotOverwritten() throws IOException {
    Path target = Files.createDirectory(folder.resolve("step-10"));

    assertThrows(
        FileAlreadyExistsException.class,
        () -> AtomicFiles.writeFolder(target, partial -> Files.createFile(partial.resolve("a"))));

    assertEquals(List.of(), entries(target));
  }

  @Test
  void whatAKilledRunLeftIsRemovedByTheNextWriteOfTheSameTarget() throws IOException {
    Path same = Files.createDirectory(folder.resolve(".step-10.1f-a0.partial"));
    Files.writeString(same.resolve("model.safetensors"), "half");
    Path other = Files.writeString(folder.resolve(".step-20.1f-a0.partial"), "half");
    Path stranger = Files.writeString(folder.resolve("notes.partial"), "a user's own");

    AtomicFiles.writeString(folder.resolve("step-10"), "whole");

    assertEquals(List.of(other, stranger, folder.resolve("step-10")), entries(folder));
    assertEquals(List.of(other), AtomicFiles.removePartials(folder));
    assertEquals(List.of(stranger, folder.resolve("step-10")), entries(folder));
    assertEquals(List.of(), AtomicFiles.removePartials(folder.resolve("no such folder")));
  }

  @Test
  void aSlowerWriterOfTheSameTargetFailsInsteadOfMixing() throws IOException {
    Path file = folder.resolve("results.json");

    assertThrows(
        IOException.class,
        () ->
            AtomicFiles.writeFile(
                file,
                partial -> {
                  Files.writeString(partial, "slow");
                  AtomicFiles.writeString(file, "fast");
                }));

    assertEquals("fast", Files.readString(file));
    assertEquals(List.of(file), entries(folder));
  }

  @Test
  void aFullDiskIsNamed() throws IOException {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.isWritable(full), "there is no /dev/full to stand in for a full disk");

    IOException failure =
        assertThrows(
            IOException.class,
            () ->
                AtomicFiles.writeFile(
                    folder.resolve("model"), partial -> Files.write(full, new byte[100])));

    assertTrue(message(failure).contains("the disk is full"), message(failure));
    assertEquals(List.of(), entries(folder));
  }

  @Test
  void aReadOnlyFolderIsNamed() throws IOException {
    Path locked = Files.createDirectory(folder.resolve("locked"));
    Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("r-xr-xr-x"));
    assumeTrue(!Files.isWritable(locked), "this user may write everywhere");

    IOException failure =
        assertThrows(IOException.class, () -> AtomicFiles.writeString(locked.resolve("a"), "a"));

    assertTrue(message(failure).contains("its folder is read-only"), failure.getMessage());
  }

  @Test
  void aFileWhereAFolderIsNeededIsNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");

    IOException failure =
        assertThrows(IOException.class, () -> AtomicFiles.writeString(file.resolve("a"), "a"));

    assertTrue(message(failure).startsWith(file.resolve("a") + " could not be written"));
    assertEquals("x", Files.readString(file));
  }

  private static String message(IOException failure) {
    return String.valueOf(failure.getMessage());
  }

  private static List<Path> entries(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    }
  }
}
