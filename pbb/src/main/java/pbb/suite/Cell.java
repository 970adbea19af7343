package pbb.suite;

import java.nio.file.Path;
import pbb.eval.Scoring;

/**
 * One training with its evaluation.
 *
 * @param experiment the experiment's id
 * @param task the task's name
 * @param condition the condition, such as the curriculum
 * @param seed decides everything that is random in it
 */
public record Cell(String experiment, String task, String condition, long seed) {

  /** Its folder in a run directory. */
  public Path folder(Path runDirectory) {
    return runDirectory
        .resolve("cells")
        .resolve(experiment)
        .resolve(condition)
        .resolve("seed-" + seed);
  }

  /** What its rows are marked with. */
  Scoring.Cell mark() {
    return new Scoring.Cell(experiment, task, condition, seed);
  }

  @Override
  public String toString() {
    return experiment + "/" + condition + "/seed-" + seed;
  }
}
