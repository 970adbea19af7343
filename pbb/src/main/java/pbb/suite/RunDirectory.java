package pbb.suite;

import java.io.IOException;
import java.nio.file.Path;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.run.Environment;
import pbb.run.RunFolder;
import pbb.run.UsageException;

/**
 * The directory of a run of the suite, locked against other processes until it is closed. Besides
 * what every {@link RunFolder} has, it holds {@code results.json} and {@code cells/}.
 */
public final class RunDirectory implements AutoCloseable {

  private final RunFolder folder;
  private final RunConfig config;

  private RunDirectory(RunFolder folder, RunConfig config) {
    this.folder = folder;
    this.config = config;
  }

  /**
   * Begins a run in a directory that is new or empty, or goes on with one.
   *
   * @param path the directory
   * @param config what is to be computed
   * @param environment where it is computed now
   * @param resume whether to go on with the run that the directory holds
   * @throws UsageException if the directory cannot be used; see {@link RunFolder#open}
   * @throws InvalidFileException if {@code run.json} cannot be read
   */
  public static RunDirectory open(
      Path path, RunConfig config, Environment environment, boolean resume) throws IOException {
    return new RunDirectory(RunFolder.open(path, config.json(), environment, resume), config);
  }

  /** The configuration of the run that a directory holds. */
  public static RunConfig config(Path path) throws IOException {
    return RunConfig.read(JsonObject.read(path.resolve(RunFolder.CONFIG)));
  }

  /** The directory. */
  public Path path() {
    return folder.path();
  }

  /** What is computed. */
  public RunConfig config() {
    return config;
  }

  /** When the run began, in ISO 8601. */
  public String startedAt() {
    return folder.startedAt();
  }

  /** Lets other processes use the directory. */
  @Override
  public void close() throws IOException {
    folder.close();
  }
}
