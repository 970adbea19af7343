package pbb.engine.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import pbb.engine.io.AtomicFiles;
import pbb.engine.io.InvalidFileException;

/**
 * The checkpoints of one training run, {@code step-N} each, in a folder that one process at a time
 * writes to.
 */
public final class Checkpoints {

  private static final Pattern NAME = Pattern.compile("step-(0|[1-9][0-9]{0,17})");

  private final Path folder;

  /** The checkpoints in a folder, which need not exist yet. */
  public Checkpoints(Path folder) {
    this.folder = folder;
  }

  /** Where the checkpoint of a step is, or would be. */
  public Path path(long step) {
    if (step < 0) {
      throw new IllegalArgumentException("a step is at least 0, not " + step);
    }
    return folder.resolve("step-" + step);
  }

  /**
   * Writes the checkpoint of a step, and removes what killed runs left half-written in the folder.
   * A damaged checkpoint of the same step is replaced; a whole one is not.
   *
   * @throws IOException in one sentence, if it cannot be written; the other checkpoints are then as
   *     they were
   */
  public void write(long step, Checkpoint.Contents contents) throws IOException {
    AtomicFiles.removePartials(folder);
    Path path = path(step);
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && problem(path).isPresent()) {
      AtomicFiles.remove(path);
    }
    Checkpoint.write(path, contents);
  }

  /**
   * The newest checkpoint that is whole and from which training can go on; empty if there is none.
   *
   * @param skipped is told of each newer one that is damaged, in one sentence
   */
  public Optional<Checkpoint> latest(Consumer<String> skipped) throws IOException {
    for (long step : steps().reversed()) {
      Optional<String> problem = problem(path(step));
      if (problem.isEmpty()) {
        return Optional.of(Checkpoint.open(path(step)));
      }
      skipped.accept(problem.get());
    }
    return Optional.empty();
  }

  /**
   * Removes all but the newest {@code keep} whole checkpoints. Damaged ones neither count nor go,
   * so that a whole one is always left if there was one.
   *
   * @param keep at least 1
   */
  public void prune(int keep) throws IOException {
    if (keep < 1) {
      throw new IllegalArgumentException("at least 1 checkpoint must be kept, not " + keep);
    }
    int whole = 0;
    for (long step : steps().reversed()) {
      if (problem(path(step)).isEmpty() && ++whole > keep) {
        AtomicFiles.remove(path(step));
      }
    }
  }

  /** The steps that have a checkpoint, whole or damaged, in ascending order. */
  public List<Long> steps() throws IOException {
    List<Long> steps = new ArrayList<>();
    if (!Files.isDirectory(folder)) {
      return steps;
    }
    try (Stream<Path> entries = Files.list(folder)) {
      entries.forEach(
          entry -> {
            Matcher name = NAME.matcher(String.valueOf(entry.getFileName()));
            if (name.matches()) {
              steps.add(Long.parseLong(name.group(1)));
            }
          });
    }
    steps.sort(Comparator.naturalOrder());
    return List.copyOf(steps);
  }

  // What keeps training from going on from a checkpoint; empty if nothing does.
  private static Optional<String> problem(Path path) throws IOException {
    try {
      Checkpoint checkpoint = Checkpoint.open(path);
      checkpoint.tokenizer();
      checkpoint.trainer();
      return Optional.empty();
    } catch (InvalidFileException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }
}
