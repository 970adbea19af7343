package pbb.engine.backend.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostMemoryTest {

  private static final long MIB = 1 << 20;

  /** Small blocks, and large ones that are and are not whole huge pages. */
  @ParameterizedTest
  @ValueSource(longs = {0, 4, 4 * MIB - 4, 4 * MIB, 7 * MIB + 12})
  void givesZeroedAlignedMemoryThatLivesAsLongAsTheArena(long bytes) {
    MemorySegment first;
    try (Arena arena = Arena.ofShared()) {
      HostMemory memory = new HostMemory(arena);
      first = memory.allocate(bytes, 64);
      MemorySegment second = memory.allocate(bytes, 64);
      for (MemorySegment block : new MemorySegment[] {first, second}) {
        assertEquals(0, block.address() % 64);
        assertEquals(-1, block.mismatch(arena.allocate(block.byteSize())));
      }
      first.fill((byte) 1);
      assertEquals(-1, second.mismatch(arena.allocate(second.byteSize())), "blocks overlap");
    }
    assertThrows(IllegalStateException.class, () -> first.get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void saysThatThereIsNotSoMuch() {
    try (Arena arena = Arena.ofShared()) {
      HostMemory memory = new HostMemory(arena);
      assertThrows(OutOfMemoryError.class, () -> memory.allocate(1L << 50, 64));
    }
  }
}
