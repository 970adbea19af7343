package pbb.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import pbb.engine.checkpoint.Checkpoint;
import pbb.engine.checkpoint.Checkpoints;
import pbb.engine.io.InvalidFileException;

/** Finds the checkpoint that a user means. */
final class CheckpointFolder {

  private CheckpointFolder() {}

  /** Opens a checkpoint, or the newest whole one of a training's run directory. */
  static Checkpoint open(Path folder) throws IOException {
    Path several = folder.resolve("checkpoints");
    if (!Files.isDirectory(several)) {
      return Checkpoint.open(folder);
    }
    return new Checkpoints(several)
        .latest(_ -> {})
        .orElseThrow(
            () ->
                new InvalidFileException(
                    several, "holds no checkpoint that is whole: train first"));
  }
}
