package pbb.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import pbb.engine.backend.Support;

/** Memory of the device, and the host's copies of it. */
class DeviceArenaTest {

  private static final long SEED = 11;

  /**
   * A driver that pins pages of the host's must let them go before they are given to another, or
   * what is copied from there is lost.
   */
  @Test
  void oneAfterAnotherHoldsWhatItWasGiven() {
    Random random = new Random(SEED);
    for (int round = 0; round < 16; round++) {
      String where = "round " + round + " of seed " + SEED;
      int floats = 1000 + random.nextInt(2_000_000);
      int ints = 1000 + random.nextInt(2_000_000);
      try (TornadoBackend backend = TestDevice.open(_ -> new Support.Supported())) {
        DeviceArena arena = backend.allocate(floats, ints, 1000 + random.nextInt(500_000));
        DeviceArena.Region region = arena.take(floats, ints, 16).orElseThrow();
        MemorySegment someInts = MemorySegment.ofArray(random.ints(ints).toArray());
        MemorySegment someFloats = MemorySegment.ofArray(new float[floats]);
        for (int i = 0; i < floats; i++) {
          someFloats.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat());
        }
        arena.uploadInts(region.ints(), someInts);
        arena.uploadFloats(region.floats(), someFloats);
        arena.hostInts(region.ints(), ints).fill((byte) 0);
        arena.hostFloats(region.floats(), floats).fill((byte) 0);
        arena.downloadInts(region.ints(), ints);
        arena.downloadFloats(region.floats(), floats);
        assertEquals(-1, someInts.mismatch(arena.hostInts(region.ints(), ints)), where);
        assertEquals(-1, someFloats.mismatch(arena.hostFloats(region.floats(), floats)), where);
      }
      System.gc(); // Arrays that only the collector frees would be gone, and their addresses free.
    }
  }
}
