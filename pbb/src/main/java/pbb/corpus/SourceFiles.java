package pbb.corpus;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import pbb.engine.data.TokenShards;
import pbb.engine.random.RandomStream;
import pbb.engine.tokenizer.ByteTokenizer;

/**
 * The Python and Java files of a folder, or of a zip file such as the JDK's own {@code src.zip}, as
 * token shards of bytes.
 *
 * <p>Files are read in the order of their paths. Left out are files that are not UTF-8, empty ones,
 * those over {@link #LARGEST_FILE} bytes, and all but the first of several with the same bytes.
 * About one file in {@value #HELD_OUT_ONE_IN} is held out for validation: which ones follows from
 * their paths alone.
 */
public final class SourceFiles {

  /** The largest file that is read, in bytes: what is larger was hardly written by hand. */
  public static final long LARGEST_FILE = 1 << 20;

  private static final int HELD_OUT_ONE_IN = 20;

  private static final List<String> ENDINGS = List.of(".py", ".java");

  /**
   * What was read.
   *
   * @param trainingFiles files to train on
   * @param heldOutFiles files held out
   * @param bytes of both
   * @param notUtf8 files left out since they are not UTF-8, or empty
   * @param tooLarge files left out for their size
   * @param copies files left out since the same bytes were read before
   */
  public record Summary(
      int trainingFiles, int heldOutFiles, long bytes, int notUtf8, int tooLarge, int copies) {

    /** A sentence that says it. */
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%d files to train on and %d held out, %.1f MB; left out: %d empty or not UTF-8, %d over"
              + " 1 MiB, %d copies",
          trainingFiles,
          heldOutFiles,
          bytes * 1e-6,
          notUtf8,
          tooLarge,
          copies);
    }
  }

  /** Is told how far reading is. */
  @FunctionalInterface
  public interface Progress {
    /** A file was read, or left out: {@code done} of {@code of} are. */
    void files(int done, int of);
  }

  private SourceFiles() {}

  /**
   * Whether {@code path} looks like something to read source files from: a folder, or a zip file.
   */
  public static boolean readable(Path path) {
    return Files.isDirectory(path) || isZip(path);
  }

  private static boolean isZip(Path path) {
    return Files.isRegularFile(path) && path.toString().endsWith(".zip");
  }

  /**
   * Streams the files of {@code source} into shards, one file in memory at a time.
   *
   * @param source a folder or a zip file
   * @param shards the folder of shards, which must not exist
   * @param progress told of each file
   * @throws IllegalArgumentException if there is no file to train on, or none to hold out
   */
  public static Summary shard(Path source, Path shards, Progress progress) throws IOException {
    Reader reader = new Reader(progress);
    ByteTokenizer tokenizer = new ByteTokenizer();
    TokenShards.write(
        shards,
        tokenizer.vocabularySize(),
        tokenizer.endOfText(),
        writer -> {
          if (isZip(source)) {
            try (FileSystem zip = FileSystems.newFileSystem(source)) {
              reader.walk(zip.getPath("/"), tokenizer, writer);
            }
          } else {
            reader.walk(source, tokenizer, writer);
          }
          reader.requireBothParts(source);
        });
    return reader.summary();
  }

  /** Whether the file at this path, relative to the source's root, is held out. */
  static boolean heldOut(String relativePath) {
    return RandomStream.of(0, "held-out." + relativePath, 0).nextInt(HELD_OUT_ONE_IN) == 0;
  }

  private static final class Reader {
    private final Progress progress;
    private final Set<String> seen = new HashSet<>();
    private int trainingFiles;
    private int heldOutFiles;
    private long bytes;
    private int notUtf8;
    private int tooLarge;
    private int copies;

    Reader(Progress progress) {
      this.progress = progress;
    }

    void walk(Path root, ByteTokenizer tokenizer, TokenShards.Writer writer) throws IOException {
      List<Path> files;
      try (Stream<Path> paths = Files.walk(root)) {
        files =
            paths
                .filter(path -> ENDINGS.stream().anyMatch(path.toString()::endsWith))
                .filter(Files::isRegularFile)
                .sorted()
                .toList();
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
      for (int i = 0; i < files.size(); i++) {
        Path file = files.get(i);
        progress.files(i + 1, files.size());
        if (Files.size(file) > LARGEST_FILE) {
          tooLarge++;
          continue;
        }
        byte[] content = Files.readAllBytes(file);
        if (content.length == 0 || !isUtf8(content)) {
          notUtf8++;
        } else if (!seen.add(digest(content))) {
          copies++;
        } else {
          String relative = root.relativize(file).toString().replace('\\', '/');
          boolean heldOut = heldOut(relative);
          writer.add(
              heldOut ? TokenShards.Part.VALIDATION : TokenShards.Part.TRAIN,
              tokenizer.encode(content),
              content.length);
          bytes += content.length;
          if (heldOut) {
            heldOutFiles++;
          } else {
            trainingFiles++;
          }
        }
      }
    }

    void requireBothParts(Path source) {
      if (trainingFiles == 0 || heldOutFiles == 0) {
        throw new IllegalArgumentException(
            source
                + " has "
                + trainingFiles
                + " .py or .java files to train on and "
                + heldOutFiles
                + " to hold out: give a folder or zip file with more (about one file in "
                + HELD_OUT_ONE_IN
                + " is held out)");
      }
    }

    Summary summary() {
      return new Summary(trainingFiles, heldOutFiles, bytes, notUtf8, tooLarge, copies);
    }

    private static boolean isUtf8(byte[] content) {
      try {
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content));
        return true;
      } catch (CharacterCodingException _) {
        return false;
      }
    }

    private static String digest(byte[] content) {
      try {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every JDK has SHA-256", e);
      }
    }
  }
}
