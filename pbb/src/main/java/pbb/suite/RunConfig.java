package pbb.suite;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import pbb.curriculum.Homogeneous;
import pbb.document.Formats;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.run.Profile;
import pbb.run.ProfileFile;
import pbb.run.UsageException;
import pbb.task.RandomArithmetic;
import pbb.task.TaskData;

/**
 * What a run computes: everything that its figures depend on, as {@code run.json} has it. The
 * number of threads is not among it, since it changes no figure.
 *
 * @param profile every number but the seeds
 * @param experiments the experiments' ids, in the order in which they run
 * @param seeds the seeds, in the order in which they run
 * @param backend the name of the backend that was chosen
 * @param device the id of its device
 * @param evaluateOn the name of the backend that answers are generated on
 */
public record RunConfig(
    Profile profile,
    List<String> experiments,
    List<Long> seeds,
    String backend,
    String device,
    String evaluateOn) {

  /** A run that evaluates where it trains. */
  public RunConfig(
      Profile profile, List<String> experiments, List<Long> seeds, String backend, String device) {
    this(profile, experiments, seeds, backend, device, backend);
  }

  /**
   * Copies the lists and checks them.
   *
   * @throws UsageException if an experiment is unknown, or a list is empty or has something twice
   */
  public RunConfig {
    experiments = List.copyOf(experiments);
    seeds = List.copyOf(seeds);
    requireDistinct("experiments", experiments);
    requireDistinct("seeds", seeds);
    experiments.forEach(Experiment::named);
  }

  private static void requireDistinct(String field, List<?> values) {
    if (values.isEmpty()) {
      throw new UsageException("a run needs at least one of its " + field);
    }
    if (values.stream().distinct().count() < values.size()) {
      throw new UsageException("the " + field + " of a run must differ: " + values);
    }
  }

  /**
   * Draws each seed's programs, so that dials which cannot be met are known before anything is
   * written.
   *
   * @throws UsageException if they cannot
   */
  public void requireDrawable() {
    for (long seed : seeds) {
      try {
        RandomArithmetic task = new RandomArithmetic(profile.dials(), seed);
        TaskData data = task.generate(Formats.reservedWords());
        var _ = new Homogeneous(task, data, profile.shares(), seed);
      } catch (IllegalArgumentException e) {
        throw new UsageException(
            "profile "
                + profile.name()
                + " cannot be drawn with seed "
                + seed
                + ": "
                + e.getMessage());
      }
    }
  }

  /**
   * How many seeds are run unless the user says otherwise: as many as a verdict takes in the full
   * profile, else one.
   */
  public static int defaultSeeds(Profile profile) {
    return profile.name().equals("full") ? Claim.LEAST_SEEDS : 1;
  }

  /** The seeds {@code first} to {@code first + count − 1}. */
  public static List<Long> seeds(long first, int count) {
    List<Long> seeds = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      seeds.add(first + i);
    }
    return seeds;
  }

  /** The cells, in the order in which they run. */
  public List<Cell> cells() {
    List<Cell> cells = new ArrayList<>();
    for (String id : experiments) {
      Experiment experiment = Experiment.named(id);
      for (String condition : experiment.conditions()) {
        for (long seed : seeds) {
          cells.add(new Cell(experiment.id(), experiment.task(), condition, seed));
        }
      }
    }
    return cells;
  }

  /** The configuration as {@code run.json} has it. */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("schema", 1);
    json.put("experiments", experiments);
    json.put("seeds", seeds);
    json.put("backend", backend);
    json.put("device", device);
    json.put("evaluateOn", evaluateOn);
    json.put("profile", ProfileFile.json(profile));
    return json;
  }

  /**
   * Reads {@code run.json}.
   *
   * @throws InvalidFileException if it cannot be read; the message names the field
   */
  public static RunConfig read(JsonObject json) throws InvalidFileException {
    json.integer("schema", 1, 1);
    List<Long> seeds = new ArrayList<>();
    for (long seed : json.integers("seeds")) {
      seeds.add(seed);
    }
    try {
      return new RunConfig(
          ProfileFile.read(json.object("profile")),
          json.strings("experiments"),
          seeds,
          json.string("backend"),
          json.string("device"),
          json.has("evaluateOn") ? json.string("evaluateOn") : json.string("backend"));
    } catch (UsageException e) {
      throw new InvalidFileException(json.file(), "holds no run that can go on: " + e.getMessage());
    }
  }
}
