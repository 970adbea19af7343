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
import pbb.curriculum.Homogeneous;
import pbb.curriculum.Shares;
import pbb.document.DataFiles;
import pbb.document.Formats;
import pbb.engine.io.AtomicFiles;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;
import pbb.suite.Profile;
import pbb.suite.ProfileFile;
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

  private static final String FILE = "task.json";

  /** Whether {@code folder} holds programs. */
  static boolean holds(Path folder) {
    return Files.exists(folder.resolve(DataFiles.PROGRAMS));
  }

  /**
   * Draws a task's data and writes them.
   *
   * @param task the task's name
   * @param profile the profile's name or file, which decides how many programs there are, and of
   *     which kind
   * @param folder must not exist
   * @return what was written, in one sentence
   * @throws IllegalArgumentException if there is no such task or profile
   */
  public static String generate(String task, String profile, long seed, Path folder)
      throws IOException {
    if (!task.equals(RandomArithmetic.NAME)) {
      throw new IllegalArgumentException(
          "--task " + task + " is no task: there is " + RandomArithmetic.NAME);
    }
    Profile dials = ProfileFile.named(profile);
    TaskData data = new RandomArithmetic(dials.dials(), seed).generate(Formats.reservedWords());
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          DataFiles.write(partial, data);
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

  /**
   * Reads a folder that {@link #generate} wrote.
   *
   * @throws IllegalArgumentException if a line is not as it should be; the message names file, line
   *     and field
   * @throws InvalidFileException if {@code task.json} is missing or cannot be used
   */
  public static TaskFolder read(Path folder) throws IOException {
    TaskData data = DataFiles.read(folder);
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
    return new TaskFolder(
        new RandomArithmetic(profile.dials(), seed), seed, data, profile.shares());
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
