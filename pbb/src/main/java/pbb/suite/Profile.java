package pbb.suite;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import pbb.curriculum.Shares;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;
import pbb.engine.nn.ModelConfig;
import pbb.engine.train.OptimizerConfig;
import pbb.engine.train.Schedule;
import pbb.engine.train.TrainerConfig;
import pbb.task.RandomArithmetic;

/**
 * Every number that a cell depends on, but for its seed.
 *
 * @param name {@code smoke}, {@code quick} or {@code full}
 * @param dials how many programs there are, and of which kind
 * @param shares how often each kind of document is drawn
 * @param model the model's shape
 * @param training batches, steps, optimizer and schedule
 * @param evaluation which queries are asked
 * @param checkpointInterval steps between checkpoints, at least 1
 */
public record Profile(
    String name,
    RandomArithmetic.Dials dials,
    Shares shares,
    Shape model,
    TrainerConfig training,
    EvaluationDials evaluation,
    long checkpointInterval) {

  /** The names of the built-in profiles, the shortest first. */
  public static final List<String> NAMES = List.of("smoke", "quick", "full");

  /**
   * The shape of the model, but for what the texts decide: vocabulary and longest sequence.
   * Embeddings are tied, and weights begin with standard deviation {@code 1/√hiddenSize}.
   *
   * @param hiddenSize width of the residual stream
   * @param intermediateSize width of the gated feed-forward layer
   * @param numHiddenLayers number of layers
   * @param numAttentionHeads number of heads; divides {@code hiddenSize}
   */
  public record Shape(
      int hiddenSize, int intermediateSize, int numHiddenLayers, int numAttentionHeads) {

    /** Checks the numbers. */
    public Shape {
      ModelConfig.llama(
          1, hiddenSize, intermediateSize, numHiddenLayers, numAttentionHeads, 1, true);
    }

    /** The model's configuration. */
    public ModelConfig config(int vocabularySize, int maxPositionEmbeddings) {
      return ModelConfig.llama(
          vocabularySize,
          hiddenSize,
          intermediateSize,
          numHiddenLayers,
          numAttentionHeads,
          maxPositionEmbeddings,
          true);
    }
  }

  /**
   * Which queries are asked, and how.
   *
   * @param inputsPerProgram on how many of its evaluation inputs a program is asked, at most, in
   *     each mode and kind
   * @param batchSize how many answers are generated at a time
   */
  public record EvaluationDials(int inputsPerProgram, int batchSize) {

    /** Checks the numbers. */
    public EvaluationDials {
      requireAtLeastOne(inputsPerProgram, "evaluation.inputsPerProgram");
      requireAtLeastOne(batchSize, "evaluation.batchSize");
    }
  }

  /** Checks the numbers. */
  public Profile {
    requireAtLeastOne(checkpointInterval, "checkpointInterval");
  }

  private static void requireAtLeastOne(long value, String field) {
    if (value < 1) {
      throw new IllegalArgumentException(field + " must be at least 1, not " + value);
    }
  }

  // The built-in profiles. What the dials were chosen by is in docs/experiments.md.

  private static final Shares SHARES =
      new Shares(
          0.20, // source
          0.02, // mention
          0.05, // direct
          0.35, // stepping
          0.08, // recite
          0.30, // in context
          new Shares.Modes(0.10, 0.45, 0.45),
          4, // turns
          Map.of(1, 0.10, 2, 0.35, 3, 0.55),
          2); // weight of a source without executions

  private static RandomArithmetic.Dials dials(RandomArithmetic.Setting... settings) {
    return new RandomArithmetic.Dials(23, 7, List.of(settings), 6);
  }

  private static TrainerConfig training(long steps) {
    return new TrainerConfig(
        16, 128, 1, steps, OptimizerConfig.of(2e-3), new Schedule.WarmupStableDecay(50, 0.6, 0));
  }

  /** Everything once, small: says whether the machinery works, and nothing about the claims. */
  public static Profile smoke() {
    return new Profile(
        "smoke",
        dials(
            new RandomArithmetic.Setting(1, 4, 2, 2, 2),
            new RandomArithmetic.Setting(2, 8, 4, 2, 2),
            new RandomArithmetic.Setting(3, 12, 6, 2, 2)),
        SHARES,
        new Shape(64, 192, 2, 2),
        training(60),
        new EvaluationDials(2, 128),
        30);
  }

  /** Minutes on two cores: the effect, with its controls. */
  public static Profile quick() {
    return new Profile(
        "quick",
        dials(
            new RandomArithmetic.Setting(1, 10, 6, 2, 2),
            new RandomArithmetic.Setting(2, 50, 24, 8, 8),
            new RandomArithmetic.Setting(3, 120, 60, 20, 20)),
        SHARES,
        new Shape(128, 384, 4, 4),
        training(2_800),
        new EvaluationDials(6, 128),
        500);
  }

  /** Hours: more programs and a longer training, so that what comes late can be seen. */
  public static Profile full() {
    return new Profile(
        "full",
        dials(
            new RandomArithmetic.Setting(1, 10, 6, 2, 2),
            new RandomArithmetic.Setting(2, 100, 24, 8, 8),
            new RandomArithmetic.Setting(3, 1_000, 100, 30, 30)),
        SHARES,
        new Shape(128, 384, 4, 4),
        training(12_000),
        new EvaluationDials(6, 128),
        1_000);
  }

  /**
   * A built-in profile.
   *
   * @throws UsageException if there is none of this name
   */
  public static Profile named(String name) {
    return switch (name) {
      case "smoke" -> smoke();
      case "quick" -> quick();
      case "full" -> full();
      default ->
          throw new UsageException(
              "there is no profile " + name + ": choose one of " + String.join(", ", NAMES));
    };
  }

  /**
   * How many seeds are run unless the user says otherwise: as many as a verdict takes in the full
   * profile, else one.
   */
  public int defaultSeeds() {
    return name.equals("full") ? Claim.LEAST_SEEDS : 1;
  }

  /** The profile as JSON. */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", name);
    json.put("task", json(dials));
    json.put("shares", json(shares));
    json.put("model", json(model));
    json.put("training", json(training));
    Map<String, Object> asked = new LinkedHashMap<>();
    asked.put("inputsPerProgram", evaluation.inputsPerProgram);
    asked.put("batchSize", evaluation.batchSize);
    json.put("evaluation", asked);
    json.put("checkpointInterval", checkpointInterval);
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
    json.put("hiddenSize", shape.hiddenSize);
    json.put("intermediateSize", shape.intermediateSize);
    json.put("numHiddenLayers", shape.numHiddenLayers);
    json.put("numAttentionHeads", shape.numAttentionHeads);
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
   * Reads what {@link #json()} wrote.
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
   * This profile with some of its fields changed.
   *
   * @param file where the changes come from, for messages
   * @param changes maps as {@link #json()} has them, with only the fields that change
   * @throws InvalidFileException if a field is unknown or out of its range; the message names file
   *     and field
   */
  public Profile with(Path file, Map<String, ?> changes) throws InvalidFileException {
    Map<String, Object> merged = merge(json(), changes);
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
    requireKnown(modes, "direct", "stepping", "recite");
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
        new Shares.Modes(modes.number("direct"), modes.number("stepping"), modes.number("recite")),
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
