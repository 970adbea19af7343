package pbb.suite;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import pbb.engine.io.AtomicFiles;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;

/**
 * The directory of a run, locked against other processes until it is closed. It holds {@code run.json} (the
 * configuration), {@code env.json} (where it was computed), {@code results.json} and {@code cells/}.
 */
public final class RunDirectory implements AutoCloseable {

  /** The configuration's file. */
  public static final String CONFIG = "run.json";

  /** The environment's file. */
  public static final String ENVIRONMENT = "env.json";

  private static final String LOCK = ".lock";

  private final Path path;
  private final RunConfig config;
  private final String startedAt;
  private final FileChannel lock;

  private RunDirectory(Path path, RunConfig config, String startedAt, FileChannel lock) {
    this.path = path;
    this.config = config;
    this.startedAt = startedAt;
    this.lock = lock;
  }

  /**
   * Begins a run in a directory that is new or empty, or goes on with one.
   *
   * @param path the directory
   * @param config what is to be computed
   * @param environment where it is computed now
   * @param resume whether to go on with the run that the directory holds
   * @throws UsageException if the directory holds something and {@code resume} is false; if it holds no run, or one of another
   *     configuration, and {@code resume} is true; if another process uses it; or if it cannot be written
   * @throws InvalidFileException if {@code run.json} cannot be read
   */
  public static RunDirectory open(Path path, RunConfig config, Environment environment, boolean resume)
      throws IOException {
    requireUsable(path, resume);
    FileChannel lock = lock(path);
    try {
      requireUsable(path, resume); // Another process may have begun a run here before the lock was taken.
      AtomicFiles.removePartials(path);
      Path file = path.resolve(CONFIG);
      if (Files.exists(file)) {
        config
            .difference(file, RunConfig.read(JsonObject.read(file)))
            .ifPresent(
                difference -> {
                  throw new UsageException(
                      "the run cannot go on: "
                          + difference
                          + "; resume with the options that it began with, or choose another --out");
                });
      } else {
        writeConfig(file, config);
      }
      return new RunDirectory(path, config, writeEnvironment(path, environment), lock);
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /** The configuration of the run that a directory holds. */
  public static RunConfig config(Path path) throws IOException {
    return RunConfig.read(JsonObject.read(path.resolve(CONFIG)));
  }

  private static void requireUsable(Path path, boolean resume) throws IOException {
    if (!Files.exists(path)) {
      if (resume) {
        throw new UsageException("there is no run to resume in " + path + ": leave out --resume, or name its folder");
      }
      return;
    }
    if (!Files.isDirectory(path)) {
      throw new UsageException(path + " is no folder: choose another --out");
    }
    boolean begun = Files.exists(path.resolve(CONFIG));
    if (resume ? !begun && !isEmpty(path) : !isEmpty(path)) {
      throw new UsageException(
          !begun
              ? path + " holds other things than a run: choose another --out"
              : path + " holds a run already: add --resume to go on with it, or choose another --out");
    }
    if (!Files.isWritable(path)) {
      throw new UsageException(
          path + " is read-only for this user: choose another --out or change its permissions");
    }
  }

  private static boolean isEmpty(Path path) throws IOException {
    try (Stream<Path> entries = Files.list(path)) {
      return entries.allMatch(
          entry -> AtomicFiles.isPartial(entry) || entry.getFileName().toString().equals(LOCK));
    }
  }

  private static FileChannel lock(Path path) {
    try {
      Files.createDirectories(path);
      FileChannel channel =
          FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        FileLock lock = channel.tryLock();
        if (lock != null) {
          return channel;
        }
      } catch (OverlappingFileLockException _) {
        // Held by this process: as much in use as by another.
      }
      channel.close();
    } catch (IOException e) {
      throw unwritable(path, e);
    }
    throw new UsageException(
        path + " is in use by another process: wait until it is done, or choose another --out");
  }

  private static UsageException unwritable(Path path, IOException e) {
    return new UsageException(String.valueOf(AtomicFiles.explain(path, e).getMessage()), e);
  }

  private static void writeConfig(Path file, RunConfig config) {
    try {
      AtomicFiles.writeString(file, JsonText.indented(config.json()));
    } catch (IOException e) {
      throw new UsageException(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Writes {@code env.json}, with the time of every start, and returns the first. What differs between starts is the last
   * one's.
   */
  private static String writeEnvironment(Path path, Environment environment) throws IOException {
    Path file = path.resolve(ENVIRONMENT);
    List<String> starts = new ArrayList<>();
    if (Files.exists(file)) {
      starts.addAll(JsonObject.read(file).strings("starts"));
    }
    starts.add(now());
    Map<String, Object> json = new LinkedHashMap<>(environment.json());
    json.put("starts", starts);
    AtomicFiles.writeString(file, JsonText.indented(json));
    return starts.getFirst();
  }

  /** This moment, to the second, in ISO 8601. */
  static String now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** The directory. */
  public Path path() {
    return path;
  }

  /** What is computed. */
  public RunConfig config() {
    return config;
  }

  /** When the run began, in ISO 8601. */
  public String startedAt() {
    return startedAt;
  }

  /** Lets other processes use the directory. */
  @Override
  public void close() throws IOException {
    lock.close();
  }
}
