package pbb.engine.backend.vector;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * How large the second-level cache is, by which is decided how much is worked on at once. Results
 * do not depend on it.
 */
enum SecondLevelCache {
  /** Less than 2 MiB, as AMD's Zen 4, or unknown. */
  SMALL(512 << 10, 256 << 10, Long.MAX_VALUE),

  /**
   * At least 2 MiB, as Intel's Sapphire Rapids, on which the numbers were measured. There a product
   * gets its weights from the third level at 8 GB/s, and a loop that only reads at 20 to 28; on Zen
   * 4, reading ahead made training 2% slower, and generation more.
   */
  LARGE(1 << 20, 1 << 20, 256 << 10);

  private static final Path OF_FIRST_CPU = Path.of("/sys/devices/system/cpu/cpu0/cache");

  /** So many bytes of a product's right operand are packed at once and stay there. */
  final long packedBytes;

  /** So many bytes of weights stay there beside the rows that are multiplied by them. */
  final long groupBytes;

  /**
   * Weights of at least so many bytes are read ahead. Those of narrow models are smaller:
   * generation with them was up to 2% slower so.
   */
  final long readAheadFrom;

  SecondLevelCache(long packedBytes, long groupBytes, long readAheadFrom) {
    this.packedBytes = packedBytes;
    this.groupBytes = groupBytes;
    this.readAheadFrom = readAheadFrom;
  }

  /** As Linux is told; virtual machines may be told otherwise than it is. */
  static SecondLevelCache ofThisMachine() {
    return of(OF_FIRST_CPU);
  }

  /**
   * The one that a folder tells of.
   *
   * @param caches a folder with one for each cache of a processor, as Linux has them
   */
  static SecondLevelCache of(Path caches) {
    try (Stream<Path> files = Files.list(caches)) {
      List<Path> levels = files.map(f -> f.resolve("level")).filter(Files::exists).toList();
      for (Path level : levels) {
        if (Files.readString(level).strip().equals("2")) {
          String size = Files.readString(level.resolveSibling("size")).strip();
          boolean large =
              size.matches("\\d+K") && Long.parseLong(size, 0, size.length() - 1, 10) >= 2048;
          return large ? LARGE : SMALL;
        }
      }
    } catch (IOException | UncheckedIOException _) {
      // not Linux, or a container without /sys
    }
    return SMALL;
  }
}
