package pbb.job;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import pbb.engine.train.TrainerConfig;
import pbb.run.ProfileFile;

/**
 * What a training computes: everything that its figures depend on, as {@code run.json} has it.
 *
 * @param data a folder of programs, of token shards or of source files, or a zip file of source
 *     files
 * @param begin what model it begins with
 * @param training batches, steps, optimizer and schedule
 * @param checkpointInterval steps between checkpoints, at least 1
 * @param validationInterval steps between validations, at least 1
 * @param seed decides the initial weights and the order of the data
 * @param backend the backend's name
 * @param device the device's id
 * @param evaluateOn the name of another backend that computes held-out losses meanwhile; empty if
 *     the one that trains does
 */
public record TrainingPlan(
    Path data,
    Begin begin,
    TrainerConfig training,
    long checkpointInterval,
    long validationInterval,
    long seed,
    String backend,
    String device,
    Optional<String> evaluateOn) {

  /** What model a training begins with. */
  public sealed interface Begin {

    /**
     * One with random weights.
     *
     * @param shape its shape
     */
    record Fresh(ModelShape shape) implements Begin {}

    /**
     * That of a checkpoint.
     *
     * @param folder the checkpoint, or the run directory of a training
     */
    record From(Path folder) implements Begin {}
  }

  /**
   * Fields of {@link #json} that may change when a run goes on: a checkpoint is one of any backend.
   */
  public static final Set<String> MAY_MOVE = Set.of("backend", "device");

  /** Checks the intervals, and makes paths independent of where the program is started. */
  public TrainingPlan {
    data = data.toAbsolutePath().normalize();
    requireAtLeastOne(checkpointInterval, "checkpointInterval");
    requireAtLeastOne(validationInterval, "validationInterval");
  }

  private static void requireAtLeastOne(long value, String field) {
    if (value < 1) {
      throw new IllegalArgumentException(field + " must be at least 1, not " + value);
    }
  }

  /** The plan as {@code run.json} has it. */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("schema", 1);
    json.put("job", "train");
    json.put("data", data.toString());
    json.put("seed", seed);
    json.put("backend", backend);
    json.put("device", device);
    evaluateOn.ifPresent(name -> json.put("evaluateOn", name));
    switch (begin) {
      case Begin.Fresh(ModelShape shape) -> json.put("model", shape.json());
      case Begin.From(Path folder) ->
          json.put("init", folder.toAbsolutePath().normalize().toString());
    }
    json.put("training", ProfileFile.json(training));
    json.put("checkpointInterval", checkpointInterval);
    json.put("validationInterval", validationInterval);
    return json;
  }
}
