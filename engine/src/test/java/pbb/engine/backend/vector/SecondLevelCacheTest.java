package pbb.engine.backend.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecondLevelCacheTest {

  @TempDir Path caches;

  @Test
  void isLargeFrom2MiBOn() throws IOException {
    write("index0", "1", "48K");
    write("index1", "1", "32K");
    write("index2", "2", "2047K");
    write("index3", "3", "107520K");
    Files.writeString(caches.resolve("uevent"), "");
    assertEquals(SecondLevelCache.SMALL, SecondLevelCache.of(caches));
    Files.writeString(caches.resolve("index2/size"), "2048K\n");
    assertEquals(SecondLevelCache.LARGE, SecondLevelCache.of(caches));
  }

  @Test
  void countsAsSmallWhereNothingTellsOfIt() throws IOException {
    assertEquals(SecondLevelCache.SMALL, SecondLevelCache.of(caches.resolve("missing")));
    assertEquals(SecondLevelCache.SMALL, SecondLevelCache.of(caches));
    write("index2", "2", "unknown");
    assertEquals(SecondLevelCache.SMALL, SecondLevelCache.of(caches));
  }

  private void write(String name, String level, String size) throws IOException {
    Path folder = Files.createDirectory(caches.resolve(name));
    Files.writeString(folder.resolve("level"), level + "\n");
    Files.writeString(folder.resolve("size"), size + "\n");
  }
}
