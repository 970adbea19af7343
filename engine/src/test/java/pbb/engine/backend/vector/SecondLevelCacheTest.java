package pbb.engine.backend.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecondLevelCacheTest {

  @TempDir Path caches;

  @Test
  void isFoundAmongTheOthers() throws IOException {
    write("index0", "1", "48K");
    write("index1", "1", "32K");
    write("index2", "2", "2048K");
    write("index3", "3", "107520K");
    Files.writeString(caches.resolve("uevent"), "");
    assertEquals(OptionalLong.of(2 << 20), SecondLevelCache.bytes(caches));
  }

  @Test
  void isUnknownWhereNothingTellsOfIt() throws IOException {
    assertEquals(OptionalLong.empty(), SecondLevelCache.bytes(caches.resolve("missing")));
    assertEquals(OptionalLong.empty(), SecondLevelCache.bytes(caches));
    write("index2", "2", "unknown");
    assertEquals(OptionalLong.empty(), SecondLevelCache.bytes(caches));
  }

  private void write(String name, String level, String size) throws IOException {
    Path folder = Files.createDirectory(caches.resolve(name));
    Files.writeString(folder.resolve("level"), level + "\n");
    Files.writeString(folder.resolve("size"), size + "\n");
  }
}
