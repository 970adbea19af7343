package pbb.engine.checkpoint;

import java.io.IOException;
import java.nio.file.Path;

/** Writes one checkpoint after another and keeps two, until it is killed. */
final class CheckpointWriter {

  private CheckpointWriter() {}

  /** Takes the folder of the checkpoints. */
  public static void main(String[] args) throws IOException {
    Checkpoints checkpoints = new Checkpoints(Path.of(args[0]));
    long step =
        checkpoints
                .latest(
                    problem -> {
                      throw new IllegalStateException(problem);
                    })
                .isPresent()
            ? checkpoints.steps().getLast() + 1
            : 0;
    while (true) {
      checkpoints.write(step, SmallModel.contents(step));
      checkpoints.prune(2);
      step++;
    }
  }
}
