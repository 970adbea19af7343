package pbb.engine.backend.vector;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * How large a core's second-level cache is, on which depends how much is worked on at once; results
 * do not.
 */
final class SecondLevelCache {

  private static final Path OF_FIRST_CPU = Path.of("/sys/devices/system/cpu/cpu0/cache");

  /**
   * Whether it has at least 2 MiB, as that of Intel's servers since Sapphire Rapids. Where the
   * system does not tell, it counts as small.
   */
  static final boolean LARGE = bytes(OF_FIRST_CPU).orElse(0) >= 2 << 20;

  private SecondLevelCache() {}

  /**
   * Its size as Linux tells it.
   *
   * @param caches a folder with a folder for each cache of a processor
   */
  static OptionalLong bytes(Path caches) {
    try (Stream<Path> folders = Files.list(caches)) {
      for (Path folder : folders.filter(f -> Files.exists(f.resolve("level"))).toList()) {
        String size = Files.readString(folder.resolve("size")).strip();
        if (Files.readString(folder.resolve("level")).strip().equals("2")
            && size.matches("\\d+K")) {
          return OptionalLong.of(Long.parseLong(size, 0, size.length() - 1, 10) << 10);
        }
      }
    } catch (IOException _) {
      // not Linux, or a container without /sys
    }
    return OptionalLong.empty();
  }
}
