package pbb.cli;

import org.jspecify.annotations.Nullable;
import pbb.run.UsageException;
import picocli.CommandLine.Option;

/**
 * Options for how something is computed. Every command takes them, so that one habit serves all;
 * those that compute nothing say so in their help.
 */
final class ComputeOptions {

  /** Of which backend the best usable one is taken. */
  static final String AUTO = "auto";

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      defaultValue = AUTO,
      description = "auto, scalar, vector or another that doctor lists (default: auto).")
  String backend = AUTO;

  @Option(
      names = "--device",
      paramLabel = "ID",
      description = "A device that doctor lists (default: the backend's best one).")
  @Nullable String device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that compute; changes no result (default: all processors).")
  @Nullable Integer threads;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Decides everything that is random (default: 0).")
  long seed;

  /** How many threads compute. */
  int threadCount() {
    if (threads == null) {
      return Runtime.getRuntime().availableProcessors();
    }
    if (threads < 1) {
      throw new UsageException("--threads must be at least 1, not " + threads);
    }
    return threads;
  }
}
