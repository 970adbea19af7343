package pbb.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Arrays on the host by themselves: no device is asked. */
class HostArraysTest {

  private static final long PAGE = 64 << 10;

  @Test
  void eachHasPagesOfItsOwnUntilTheyAreClosed() {
    HostArrays host = new HostArrays();
    FloatArray small = host.floats(3);
    FloatArray large = host.floats(100_000);
    IntArray ints = host.ints(2);
    for (long address :
        List.of(
            small.getSegmentWithHeader().address(),
            large.getSegmentWithHeader().address(),
            ints.getSegmentWithHeader().address())) {
      assertEquals(0, address % PAGE);
    }
    assertEquals(3, small.getSize());
    assertEquals(100_000, large.getSize());
    assertEquals(0f, large.get(99_999));
    ints.set(1, 7);
    assertEquals(7, ints.get(1));
    host.close();
    assertThrows(IllegalStateException.class, () -> ints.get(1));
  }
}
