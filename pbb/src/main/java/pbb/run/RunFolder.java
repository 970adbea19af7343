package pbb.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
import java.util.Set;
import java.util.stream.Stream;
import pbb.engine.io.AtomicFiles;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;

/**
 * The folder of a run of any kind, locked against other processes until it is closed. It holds
 * {@code run.json} (the configuration) and {@code env.json} (where it was computed).
 */
public final class RunFolder implements AutoCloseable {

  /** The configuration's file. */
  public static final String CONFIG = "run.json";

  /** The environment's file. */
  public static final String ENVIRONMENT = "env.json";

  private static final String LOCK = ".lock";

  private final Path path;
  private final String startedAt;
  private final FileChannel lock;

  private final List<String> moves;

  private RunFolder(Path path, String startedAt, List<String> moves, FileChannel lock) {
    this.path = path;
    this.startedAt = startedAt;
    this.moves = List.copyOf(moves);
    this.lock = lock;
  }

  /**
   * Begins a run in a folder that is new or empty, or goes on with one.
   *
   * @param path the folder
   * @param config what is to be computed, as {@code run.json} has it
   * @param environment where it is computed now
   * @param resume whether to go on with the run that the folder holds
   * @throws UsageException if the folder holds something and {@code resume} is false; if it holds
   *     no run, or one of another configuration, and {@code resume} is true; if another process
   *     uses it; or if it cannot be written
   * @throws InvalidFileException if {@code run.json} cannot be read
   */
  public static RunFolder open(
      Path path, Map<String, ?> config, Environment environment, boolean resume)
      throws IOException {
    return open(path, config, environment, resume, Set.of());
  }

  /**
   * The same for a run that may go on elsewhere.
   *
   * @param mayMove fields of the configuration that may be others than when the run began: {@link
   *     #moves} says which are, and {@code env.json} keeps it
   */
  public static RunFolder open(
      Path path,
      Map<String, ?> config,
      Environment environment,
      boolean resume,
      Set<String> mayMove)
      throws IOException {
    requireUsable(path, resume);
    FileChannel lock = lock(path);
    try {
      requireUsable(
          path, resume); // Another process may have begun a run here before the lock was taken.
      AtomicFiles.removePartials(path);
      Path file = path.resolve(CONFIG);
      String now = JsonText.indented(config);
      List<String> moves = new ArrayList<>();
      if (Files.exists(file)) {
        differences(file, now)
            .forEach(
                (field, difference) -> {
                  if (!mayMove.contains(field)) {
                    throw new UsageException(
                        "the run cannot go on: "
                            + difference
                            + "; resume with the options that it began with, or choose another"
                            + " --out");
                  }
                  moves.add(difference);
                });
      } else {
        writeConfig(file, now);
      }
      return new RunFolder(path, writeEnvironment(path, environment, moves), moves, lock);
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /** The fields in which two configurations differ, each with a text that has both values. */
  private static Map<String, String> differences(Path file, String config) throws IOException {
    JsonObject.read(file); // Says where it is damaged, if it is.
    ObjectMapper json = new ObjectMapper();
    Map<String, String> before = flat("", json.readTree(Files.readString(file)));
    Map<String, String> now = flat("", json.readTree(config));
    Map<String, String> all = new LinkedHashMap<>(now);
    before.forEach(all::putIfAbsent);
    Map<String, String> differences = new LinkedHashMap<>();
    for (String field : all.keySet()) {
      String then = before.getOrDefault(field, "absent");
      String value = now.getOrDefault(field, "absent");
      if (!then.equals(value)) {
        differences.put(field, field + " is " + then + " in " + file + ", but " + value + " now");
      }
    }
    return differences;
  }

  private static Map<String, String> flat(String prefix, JsonNode value) {
    Map<String, String> flat = new LinkedHashMap<>();
    if (value.isObject()) {
      value
          .properties()
          .forEach(
              field ->
                  flat.putAll(
                      flat(
                          prefix.isEmpty() ? field.getKey() : prefix + "." + field.getKey(),
                          field.getValue())));
    } else if (value.isArray() && !value.isEmpty() && value.get(0).isObject()) {
      for (int i = 0; i < value.size(); i++) {
        flat.putAll(flat(prefix + "[" + i + "]", value.get(i)));
      }
    } else {
      flat.put(prefix, value.toString());
    }
    return flat;
  }

  private static void requireUsable(Path path, boolean resume) throws IOException {
    if (!Files.exists(path)) {
      if (resume) {
        throw new UsageException(
            "there is no run to resume in " + path + ": leave out --resume, or name its folder");
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
              : path
                  + " holds a run already: add --resume to go on with it, or choose another --out");
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

  private static void writeConfig(Path file, String config) {
    try {
      AtomicFiles.writeString(file, config);
    } catch (IOException e) {
      throw new UsageException(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Writes {@code env.json}, with the time of every start and what was moved then, and returns the
   * first time. What differs between starts is the last one's.
   */
  private static String writeEnvironment(Path path, Environment environment, List<String> moves)
      throws IOException {
    Path file = path.resolve(ENVIRONMENT);
    List<String> starts = new ArrayList<>();
    List<String> moved = new ArrayList<>();
    if (Files.exists(file)) {
      JsonObject before = JsonObject.read(file);
      starts.addAll(before.strings("starts"));
      if (before.has("moves")) {
        moved.addAll(before.strings("moves"));
      }
    }
    starts.add(now());
    moves.forEach(move -> moved.add(starts.getLast() + ": " + move));
    Map<String, Object> json = new LinkedHashMap<>(environment.json());
    json.put("starts", starts);
    if (!moved.isEmpty()) {
      json.put("moves", moved);
    }
    AtomicFiles.writeString(file, JsonText.indented(json));
    return starts.getFirst();
  }

  /** This moment, to the second, in ISO 8601. */
  public static String now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** The folder. */
  public Path path() {
    return path;
  }

  /** In what the run goes on elsewhere than it began, in words. */
  public List<String> moves() {
    return moves;
  }

  /** When the run began, in ISO 8601. */
  public String startedAt() {
    return startedAt;
  }

  /** Lets other processes use the folder. */
  @Override
  public void close() throws IOException {
    lock.close();
  }
}
