package pbb.engine.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Writes files and folders whole or not at all: under a temporary name beside the target, {@code
 * .TARGET.ID.partial}, then synced to disk, then renamed. Whoever dies half-way leaves only a
 * {@code .partial}, which nobody takes for the target; the next write of that target removes it.
 */
public final class AtomicFiles {

  /** Writes the content to a path that is given. */
  @FunctionalInterface
  public interface Content {
    /** Creates the file at {@code path}, or fills the empty folder at {@code path}. */
    void writeTo(Path path) throws IOException;
  }

  private static final Pattern PARTIAL = Pattern.compile("\\.(.+)\\.[0-9a-f]+-[0-9a-f]+\\.partial");

  private AtomicFiles() {}

  /**
   * Writes a file, in place of an older one if there is one. Folders above it are made as needed.
   *
   * @throws IOException in one sentence, if the disk is full or the folder cannot be written; the
   *     older file is then as it was
   */
  public static void writeFile(Path file, Content content) throws IOException {
    write(
        file,
        partial -> {
          content.writeTo(partial);
          sync(partial, StandardOpenOption.WRITE);
        });
  }

  /** Writes a small file; see {@link #writeFile(Path, Content)}. */
  public static void writeString(Path file, String text) throws IOException {
    writeFile(file, partial -> Files.writeString(partial, text, StandardOpenOption.CREATE_NEW));
  }

  /**
   * Writes a folder that does not exist yet. Folders above it are made as needed.
   *
   * @throws FileAlreadyExistsException if something of this name exists; it is left as it was
   * @throws IOException in one sentence, if the disk is full or the folder cannot be written;
   *     nothing is left then
   */
  public static void writeFolder(Path folder, Content content) throws IOException {
    if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(
          folder + " exists already, and nothing was written: remove it or choose another name.");
    }
    write(
        folder,
        partial -> {
          Files.createDirectory(partial);
          content.writeTo(partial);
          syncTree(partial);
        });
  }

  /** Whether a path has the name of something half-written, which readers of a folder must skip. */
  public static boolean isPartial(Path path) {
    return PARTIAL.matcher(path.getFileName().toString()).matches();
  }

  /**
   * Removes what killed runs left half-written in a folder, whatever its target; to be called by
   * the only writer of that folder, since it also hits what another is writing now.
   *
   * @return the paths removed
   */
  public static List<Path> removePartials(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<Path> partials;
    try (Stream<Path> entries = Files.list(folder)) {
      partials = entries.filter(AtomicFiles::isPartial).sorted().toList();
    }
    for (Path partial : partials) {
      delete(partial);
    }
    return partials;
  }

  /**
   * Removes a folder at once, by a new name, before what is in it goes: nobody finds it
   * half-deleted.
   */
  public static void remove(Path folder) throws IOException {
    Path partial = partialOf(folder.toAbsolutePath());
    Files.move(folder, partial, StandardCopyOption.ATOMIC_MOVE);
    delete(partial);
  }

  /**
   * Deletes a file, or a folder with all that is in it; does nothing where there is neither.
   * Follows no links.
   */
  public static void delete(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /**
   * The exception that tells a user in one sentence why writing failed: a full disk and a folder
   * without permission are named as such.
   *
   * @param target what was to be written
   */
  public static IOException explain(Path target, IOException failure) {
    String reason = String.valueOf(failure.getMessage());
    String lower = reason.toLowerCase(Locale.ROOT);
    if (lower.contains("no space left") || lower.contains("disk quota exceeded")) {
      return new IOException(
          target + " could not be written because the disk is full: free some space and run again.",
          failure);
    }
    if (failure instanceof AccessDeniedException || lower.contains("read-only file system")) {
      return new IOException(
          target
              + " could not be written because its folder is read-only for this user: choose"
              + " another folder or change its permissions.",
          failure);
    }
    if (failure instanceof FileAlreadyExistsException && failure.getMessage() != null) {
      return new IOException(
          target
              + " could not be written because a file stands where a folder is needed: "
              + reason
              + ".",
          failure);
    }
    return new IOException(target + " could not be written: " + reason + ".", failure);
  }

  private static void write(Path target, Content content) throws IOException {
    Path absolute = target.toAbsolutePath();
    Path folder = absolute.getParent();
    Path name = absolute.getFileName();
    if (folder == null || name == null) {
      throw new IllegalArgumentException(target + " is no name of a file or folder to write");
    }
    Path partial = partialOf(absolute);
    try {
      Files.createDirectories(folder);
      removePartialsOf(folder, name.toString());
      content.writeTo(partial);
      Files.move(partial, absolute, StandardCopyOption.ATOMIC_MOVE);
      sync(folder, StandardOpenOption.READ);
    } catch (IOException e) {
      IOException explained = explain(target, e);
      deleteAfterFailure(partial, explained);
      throw explained;
    } catch (RuntimeException | Error e) {
      deleteAfterFailure(partial, e);
      throw e;
    }
  }

  // Two writers of one target never share a partial file: the slower one fails instead of mixing
  // its bytes in.
  private static Path partialOf(Path target) {
    String id =
        Long.toHexString(ProcessHandle.current().pid()) + "-" + Long.toHexString(System.nanoTime());
    return target.resolveSibling("." + target.getFileName() + "." + id + ".partial");
  }

  private static void removePartialsOf(Path folder, String target) throws IOException {
    List<Path> leftovers = new ArrayList<>();
    try (Stream<Path> entries = Files.list(folder)) {
      entries
          .filter(
              entry -> {
                var matcher = PARTIAL.matcher(entry.getFileName().toString());
                return matcher.matches() && matcher.group(1).equals(target);
              })
          .forEach(leftovers::add);
    }
    for (Path leftover : leftovers) {
      delete(leftover);
    }
  }

  private static void deleteAfterFailure(Path partial, Throwable failure) {
    try {
      delete(partial);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private static void syncTree(Path folder) throws IOException {
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(folder)) {
      paths = walk.toList();
    }
    for (Path path : paths) {
      boolean isFolder = Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
      sync(path, isFolder ? StandardOpenOption.READ : StandardOpenOption.WRITE);
    }
  }

  private static void sync(Path path, StandardOpenOption access) throws IOException {
    try (FileChannel channel = FileChannel.open(path, access)) {
      channel.force(true);
    }
  }
}
