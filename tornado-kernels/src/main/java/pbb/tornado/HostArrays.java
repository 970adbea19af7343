package pbb.tornado;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * TornadoVM's arrays on the host, each on pages of memory of its own, which are freed when they are
 * closed and not before. The PTX driver pins the pages of an array that is copied
 * (cuMemHostRegister). Where another array has pinned one of them already, or the JVM has freed an
 * array with its pages pinned and given its addresses to another, a copy is refused, or moves what
 * is no longer there; TornadoVM prints that and goes on. The arrays that it allocates itself lie
 * close together, and the garbage collector frees them.
 */
final class HostArrays implements AutoCloseable {

  /** The largest page that processors beside such devices use by default. */
  private static final long PAGE = 64 << 10;

  private final Arena memory = Arena.ofShared();

  /**
   * Zeros.
   *
   * @throws OutOfMemoryError if there is no room; what was allocated before is then freed
   */
  FloatArray floats(int count) {
    return FloatArray.fromSegmentShallow(allocate(count, Float.BYTES));
  }

  /**
   * Zeros.
   *
   * @throws OutOfMemoryError if there is no room; what was allocated before is then freed
   */
  IntArray ints(int count) {
    return IntArray.fromSegmentShallow(allocate(count, Integer.BYTES));
  }

  private MemorySegment allocate(int count, int elementBytes) {
    long bytes = DeviceArena.HEADER + (long) count * elementBytes;
    long pages = (bytes + PAGE - 1) / PAGE * PAGE;
    try {
      return memory.allocate(pages, PAGE).asSlice(0, bytes);
    } catch (OutOfMemoryError e) {
      memory.close();
      throw e;
    }
  }

  /** Frees them, which the device must have let go of. */
  @Override
  public void close() {
    memory.close();
  }
}
