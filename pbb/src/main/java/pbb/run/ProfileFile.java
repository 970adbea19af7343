package pbb.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import pbb.curriculum.Shares;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;
import pbb.engine.train.OptimizerConfig;
import pbb.engine.train.Schedule;
import pbb.engine.train.TrainerConfig;
import pbb.run.Profile.EvaluationDials;
import pbb.run.Profile.Shape;
import pbb.task.RandomArithmetic;

/**
 * Profiles as files have them: whole, as JSON, in {@code run.json}; and what a user changes in a
 * built-in one, as TOML with the same fields.
 *
 * <pre>
 * base = "quick"
 *
 * [training]
 * steps = 11_200
 * </pre>
 */
public final class ProfileFile {

  private static final String ENDING = ".toml";

  private ProfileFile() {}

  /**
   * The profile that an option names.
   *
   * @param option the name of a built-in profile, or a file that ends in {@code .toml}
   * @throws UsageException if there is no such profile
   * @throws InvalidFileException if the file is not as it should be; the message names file, field
   *     and line
   * @throws IOException if the file cannot be read
   */
  public static Profile named(String option) throws IOException {
    return option.endsWith(ENDING) ? read(Path.of(option)) : Profile.named(option);
  }

  private static Profile read(Path file) throws IOException {
    Map<String, Object> changes;
    String text;
    if (Files.isDirectory(file)) {
      throw new UsageException("the profile file " + file + " is a folder");
    }
    try {
      text = Files.readString(file);
      changes = new TomlMapper().readValue(text, new TypeReference<>() {});
    } catch (NoSuchFileException e) {
      throw new UsageException("there is no profile file " + file);
    } catch (CharacterCodingException e) {
      throw new InvalidFileException(file, "is no text in UTF-8");
    } catch (JsonProcessingException e) {
      String where = e.getLocation() == null ? "" : "line " + e.getLocation().getLineNr() + ": ";
      throw new InvalidFileException(file, "is no TOML: " + where + e.getOriginalMessage());
    }
    if (!(changes.remove("base") instanceof String base)) {
      throw new InvalidFileException(
          file,
          "needs base = \"NAME\", the profile that it changes: one of "
              + String.join(", ", Profile.NAMES));
    }
    String name = file.getFileName().toString();
    changes.putIfAbsent("name", name.substring(0, name.length() - ENDING.length()));
    if (!(changes.get("name") instanceof String given)
        || !given.matches("[A-Za-z0-9_-]+")
        || Profile.NAMES.contains(given)) {
      throw new InvalidFileException(
          file,
          "would be run under the name "
              + changes.get("name")
              + ": name the file otherwise, or give it a name of letters, digits, - and _ that is"
              + " none of "
              + String.join(", ", Profile.NAMES));
    }
    try {
      return with(Profile.named(base), file, changes);
    } catch (InvalidFileException e) {
      String problem = String.valueOf(e.getMessage()).substring(file.toString().length()).strip();
      Optional<Integer> line = new TomlLines(text).named(problem);
      throw line.isEmpty()
          ? e
          : new InvalidFileException(
              file, "line " + line.get() + ": it " + problem.substring(0, problem.length() - 1));
    }
  }

  /** The profile as JSON. */
  public static Map<String, Object> json(Profile profile) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", profile.name());
    json.put("task", json(profile.dials()));
    json.put("shares", json(profile.shares()));
    json.put("model", json(profile.model()));
    json.put("training", json(profile.training()));
    Map<String, Object> asked = new LinkedHashMap<>();
    asked.put("inputsPerProgram", profile.evaluation().inputsPerProgram());
    asked.put("batchSize", profile.evaluation().batchSize());
    json.put("evaluation", asked);
    json.put("checkpointInterval", profile.checkpointInterval());
    return json;
  }

  private static Map<String, Object> json(RandomArithmetic.Dials dials) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", RandomArithmetic.NAME);
    json.put("version", RandomArithmetic.VERSION);
    json.put("modulus", dials.modulus());
    json.put("maxConstant", dials.maxConstant());
    json.put("evaluationInputs", dials.evaluationInputs());
    List<Object> settings = new ArrayList<>();
    for (RandomArithmetic.Setting setting : dials.settings()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("operations", setting.operations());
      one.put("withIo", setting.withIo());
      one.put("withoutIo", setting.withoutIo());
      one.put("noSource", setting.noSource());
      one.put("wrongSource", setting.wrongSource());
      settings.add(one);
    }
    json.put("settings", settings);
    return json;
  }

  private static Map<String, Object> json(Shares shares) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("source", shares.source());
    json.put("mention", shares.mention());
    json.put("direct", shares.direct());
    json.put("stepping", shares.stepping());
    json.put("recite", shares.recite());
    json.put("inContext", shares.inContext());
    Map<String, Object> modes = new LinkedHashMap<>();
    modes.put("direct", shares.inContextModes().direct());
    modes.put("stepping", shares.inContextModes().stepping());
    modes.put("recite", shares.inContextModes().recite());
    modes.put("recited", shares.inContextModes().recited());
    json.put("inContextModes", modes);
    json.put("turns", shares.turns());
    Map<String, Object> settings = new LinkedHashMap<>();
    shares.settings().forEach((operations, share) -> settings.put(operations.toString(), share));
    json.put("settings", settings);
    json.put("sourceWeightWithoutIo", shares.sourceWeightWithoutIo());
    return json;
  }

  private static Map<String, Object> json(Shape shape) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("hiddenSize", shape.hiddenSize());
    json.put("intermediateSize", shape.intermediateSize());
    json.put("numHiddenLayers", shape.numHiddenLayers());
    json.put("numAttentionHeads", shape.numAttentionHeads());
    return json;
  }

  /** Settings of a training as JSON. */
  public static Map<String, Object> json(TrainerConfig training) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("batchSize", training.batchSize());
    json.put("sequenceLength", training.sequenceLength());
    json.put("accumulationSteps", training.accumulationSteps());
    json.put("steps", training.steps());
    OptimizerConfig optimizer = training.optimizer();
    json.put("learningRate", optimizer.learningRate());
    json.put("beta1", optimizer.beta1());
    json.put("beta2", optimizer.beta2());
    json.put("epsilon", optimizer.epsilon());
    json.put("weightDecay", optimizer.weightDecay());
    json.put("gradientClipNorm", optimizer.gradientClipNorm());
    Map<String, Object> schedule = new LinkedHashMap<>();
    switch (training.schedule()) {
      case Schedule.Constant _ -> schedule.put("kind", "constant");
      case Schedule.Cosine cosine -> {
        schedule.put("kind", "cosine");
        schedule.put("finalFraction", cosine.finalFraction());
      }
      case Schedule.WarmupStableDecay wsd -> {
        schedule.put("kind", "wsd");
        schedule.put("decayFraction", wsd.decayFraction());
        schedule.put("finalFraction", wsd.finalFraction());
      }
    }
    schedule.put("warmupSteps", training.schedule().warmupSteps());
    json.put("schedule", schedule);
    return json;
  }

  /**
   * Reads what {@link #json(Profile)} wrote.
   *
   * @throws InvalidFileException if a field is missing, unknown or out of its range; the message
   *     names file and field
   */
  public static Profile read(JsonObject json) throws InvalidFileException {
    requireKnown(
        json, "name", "task", "shares", "model", "training", "evaluation", "checkpointInterval");
    JsonObject asked = json.object("evaluation");
    requireKnown(asked, "inputsPerProgram", "batchSize");
    JsonObject model = json.object("model");
    requireKnown(model, "hiddenSize", "intermediateSize", "numHiddenLayers", "numAttentionHeads");
    try {
      return new Profile(
          json.string("name"),
          dials(json.object("task")),
          shares(json.object("shares")),
          new Shape(
              count(model, "hiddenSize"),
              count(model, "intermediateSize"),
              count(model, "numHiddenLayers"),
              count(model, "numAttentionHeads")),
          training(json.object("training")),
          new EvaluationDials(count(asked, "inputsPerProgram"), count(asked, "batchSize")),
          json.integer("checkpointInterval", 1L, Long.MAX_VALUE));
    } catch (IllegalArgumentException e) {
      throw new InvalidFileException(
          json.file(), "has numbers that do not go together: " + e.getMessage());
    }
  }

  /**
   * A profile with some of its fields changed.
   *
   * @param file where the changes come from, for messages
   * @param changes maps as {@link #json(Profile)} has them, with only the fields that change
   * @throws InvalidFileException if a field is unknown or out of its range; the message names file
   *     and field
   */
  public static Profile with(Profile base, Path file, Map<String, ?> changes)
      throws InvalidFileException {
    Map<String, Object> merged = merge(json(base), changes);
    return read(JsonObject.parse(file, JsonText.compact(merged).getBytes(StandardCharsets.UTF_8)));
  }

  private static Map<String, Object> merge(Map<?, ?> base, Map<?, ?> changes) {
    Map<String, Object> merged = new LinkedHashMap<>();
    base.forEach((field, value) -> merged.put(field.toString(), value));
    changes.forEach(
        (field, value) ->
            merged.merge(
                field.toString(),
                value,
                (before, after) ->
                    before instanceof Map<?, ?> inner && after instanceof Map<?, ?> changed
                        ? merge(inner, changed)
                        : after));
    return merged;
  }

  private static RandomArithmetic.Dials dials(JsonObject json) throws InvalidFileException {
    requireKnown(json, "name", "version", "modulus", "maxConstant", "evaluationInputs", "settings");
    if (!json.string("name").equals(RandomArithmetic.NAME)) {
      throw json.invalid("name", "must be " + RandomArithmetic.NAME);
    }
    if (json.integer("version", 0, Integer.MAX_VALUE) != RandomArithmetic.VERSION) {
      throw json.invalid(
          "version",
          "is another one than this program draws, "
              + RandomArithmetic.VERSION
              + ": the same seed gives other programs");
    }
    List<RandomArithmetic.Setting> settings = new ArrayList<>();
    for (JsonObject setting : json.objects("settings")) {
      requireKnown(setting, "operations", "withIo", "withoutIo", "noSource", "wrongSource");
      settings.add(
          new RandomArithmetic.Setting(
              count(setting, "operations"),
              setting.integer("withIo", 0, Integer.MAX_VALUE),
              setting.integer("withoutIo", 0, Integer.MAX_VALUE),
              setting.integer("noSource", 0, Integer.MAX_VALUE),
              setting.integer("wrongSource", 0, Integer.MAX_VALUE)));
    }
    return new RandomArithmetic.Dials(
        count(json, "modulus"),
        count(json, "maxConstant"),
        settings,
        count(json, "evaluationInputs"));
  }

  private static Shares shares(JsonObject json) throws InvalidFileException {
    requireKnown(
        json,
        "source",
        "mention",
        "direct",
        "stepping",
        "recite",
        "inContext",
        "inContextModes",
        "turns",
        "settings",
        "sourceWeightWithoutIo");
    JsonObject modes = json.object("inContextModes");
    requireKnown(modes, "direct", "stepping", "recite", "recited");
    Map<Integer, Double> settings = new TreeMap<>();
    JsonObject bySetting = json.object("settings");
    for (String operations : bySetting.fields()) {
      try {
        settings.put(Integer.parseInt(operations), bySetting.number(operations));
      } catch (NumberFormatException e) {
        throw bySetting.invalid(operations, "is no number of operations");
      }
    }
    return new Shares(
        json.number("source"),
        json.number("mention"),
        json.number("direct"),
        json.number("stepping"),
        json.number("recite"),
        json.number("inContext"),
        new Shares.Modes(
            modes.number("direct"),
            modes.number("stepping"),
            modes.number("recite"),
            modes.number("recited")),
        count(json, "turns"),
        settings,
        json.number("sourceWeightWithoutIo"));
  }

  private static TrainerConfig training(JsonObject json) throws InvalidFileException {
    requireKnown(
        json,
        "batchSize",
        "sequenceLength",
        "accumulationSteps",
        "steps",
        "learningRate",
        "beta1",
        "beta2",
        "epsilon",
        "weightDecay",
        "gradientClipNorm",
        "schedule");
    return new TrainerConfig(
        count(json, "batchSize"),
        count(json, "sequenceLength"),
        count(json, "accumulationSteps"),
        json.integer("steps", 1L, Long.MAX_VALUE),
        new OptimizerConfig(
            json.number("learningRate"),
            json.number("beta1"),
            json.number("beta2"),
            json.number("epsilon"),
            json.number("weightDecay"),
            json.number("gradientClipNorm")),
        schedule(json.object("schedule")));
  }

  private static Schedule schedule(JsonObject json) throws InvalidFileException {
    requireKnown(json, "kind", "warmupSteps", "decayFraction", "finalFraction");
    int warmup = json.integer("warmupSteps", 0, Integer.MAX_VALUE);
    return switch (json.string("kind")) {
      case "constant" -> new Schedule.Constant(warmup);
      case "cosine" -> new Schedule.Cosine(warmup, json.number("finalFraction"));
      case "wsd" ->
          new Schedule.WarmupStableDecay(
              warmup, json.number("decayFraction"), json.number("finalFraction"));
      default -> throw json.invalid("kind", "must be constant, cosine or wsd");
    };
  }

  private static int count(JsonObject json, String field) throws InvalidFileException {
    return json.integer(field, 1, Integer.MAX_VALUE);
  }

  private static void requireKnown(JsonObject json, String... known) throws InvalidFileException {
    for (String field : json.fields()) {
      if (!List.of(known).contains(field)) {
        throw json.invalid(field, "is unknown: there are " + String.join(", ", known));
      }
    }
  }
}
