package pbb.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import pbb.curriculum.Homogeneous;
import pbb.curriculum.Shares;
import pbb.document.DataFiles;
import pbb.document.Formats;
import pbb.engine.io.AtomicFiles;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;
import pbb.run.Profile;
import pbb.run.ProfileFile;
import pbb.run.StopRequestedException;
import pbb.run.UsageException;
import pbb.task.RandomArithmetic;
import pbb.task.Split;
import pbb.task.TaskData;

/**
 * A folder of a task's data: {@code programs.jsonl} and {@code io.jsonl}, and {@code task.json},
 * which says what they were drawn from, so that fresh programs can be drawn from the same.
 *
 * @param task what the programs were drawn from
 * @param seed what decided the draw
 * @param data the programs and executions
 * @param shares how often training draws each kind of document
 */
public record TaskFolder(RandomArithmetic task, long seed, TaskData data, Shares shares) {

  /** The file that says what the programs were drawn from. */
  static final String FILE = "task.json";

  /** Whether {@code folder} holds programs. */
  static boolean holds(Path folder) {
    return Files.exists(folder.resolve(DataFiles.PROGRAMS));
  }

  /**
   * Draws a task's data and writes them.
   *
   * @param task the task's name
   * @param dials decide how many programs there are, and of which kind
   * @param folder must not exist
   * @param stop asked now and then
   * @return what was written, in one sentence
   * @throws UsageException if there is no such task, or too few distinct programs for these dials
   * @throws StopRequestedException if a stop was requested; nothing was written then
   */
  public static String generate(
      String task, Profile dials, long seed, Path folder, BooleanSupplier stop) throws IOException {
    if (!task.equals(RandomArithmetic.NAME)) {
      throw new UsageException("--task " + task + " is no task: there is " + RandomArithmetic.NAME);
    }
    RandomArithmetic drawn = new RandomArithmetic(dials.dials(), seed);
    TaskData data;
    try {
      data = drawn.generate(Formats.reservedWords());
    } catch (IllegalArgumentException e) { // Too few distinct programs.
      throw new UsageException(String.valueOf(e.getMessage()), e);
    }
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          giveUpIf(stop);
          DataFiles.write(partial, data);
          giveUpIf(stop);
          Map<String, Object> json = new LinkedHashMap<>();
          json.put("schema", 1);
          json.put("seed", seed);
          json.put("task", Objects.requireNonNull(ProfileFile.json(dials).get("task")));
          json.put("shares", Objects.requireNonNull(ProfileFile.json(dials).get("shares")));
          AtomicFiles.writeString(partial.resolve(FILE), JsonText.indented(json));
        });
    long training = data.executions().stream().filter(e -> e.split() == Split.TRAIN).count();
    return folder
        + ": "
        + data.programs().size()
        + " programs, "
        + training
        + " executions to train on, "
        + (data.executions().size() - training)
        + " to evaluate";
  }

  private static void giveUpIf(BooleanSupplier stop) {
    if (stop.getAsBoolean()) {
      throw new StopRequestedException();
    }
  }

  /**
   * Reads a folder that {@link #generate} wrote.
   *
   * @throws UsageException if a line is not as it should be; the message names file, line and field
   * @throws InvalidFileException if {@code task.json} is missing or cannot be used
   */
  public static TaskFolder read(Path folder) throws IOException {
    TaskData data = programs(folder);
    Path file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      throw new InvalidFileException(
          folder,
          "has no "
              + FILE
              + ", which says what its programs were drawn from: write the folder with pbb"
              + " generate");
    }
    JsonObject json = JsonObject.read(file);
    json.integer("schema", 1, 1);
    long seed = json.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE);
    Map<String, Object> dials = tree(file);
    Profile profile =
        ProfileFile.with(
            Profile.quick(),
            file,
            Map.of(
                "task", Objects.requireNonNullElse(dials.get("task"), Map.of()),
                "shares", Objects.requireNonNullElse(dials.get("shares"), Map.of())));
    TaskFolder read =
        new TaskFolder(new RandomArithmetic(profile.dials(), seed), seed, data, profile.shares());
    try {
      read.documents(seed);
    } catch (IllegalArgumentException e) { // A share of documents that no program can give.
      throw new InvalidFileException(file, "does not go with the programs: " + e.getMessage());
    }
    return read;
  }

  /**
   * Reads programs and executions.
   *
   * @throws UsageException if a line is not as it should be; the message names file, line and field
   */
  static TaskData programs(Path folder) throws IOException {
    try {
      return DataFiles.read(folder);
    } catch (IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage());
      throw new UsageException(
          message.startsWith(folder.toString()) ? message : folder + ": " + message, e);
    }
  }

  private static Map<String, Object> tree(Path file) throws IOException {
    try {
      return new ObjectMapper().readValue(Files.readString(file), new TypeReference<>() {});
    } catch (JsonProcessingException e) {
      throw new InvalidFileException(file, "is no JSON object: " + e.getOriginalMessage());
    }
  }

  /** The stream of training documents. */
  Homogeneous documents(long trainingSeed) {
    return new Homogeneous(task, data, shares, trainingSeed);
  }
}
