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

  /** The largest page of memory that Linux is commonly built for: 64 KiB, on some arm64. */
  private static final long PAGE = 64 << 10;

  /** Of all threads, since a backend may be closed by another than has opened it. */
  private final Arena memory = Arena.ofShared();

  /**
   * An array of zeros.
   *
   * @param count how many elements
   * @throws OutOfMemoryError if there is no room
   */
  FloatArray floats(int count) {
    return FloatArray.fromSegmentShallow(allocate(count, Float.BYTES));
  }

  /**
   * An array of zeros.
   *
   * @param count how many elements
   * @throws OutOfMemoryError if there is no room
   */
  IntArray ints(int count) {
    return IntArray.fromSegmentShallow(allocate(count, Integer.BYTES));
  }

  private MemorySegment allocate(int count, int elementBytes) {
    long bytes = DeviceArena.HEADER + (long) count * elementBytes;
    return memory.allocate(Math.ceilDiv(bytes, PAGE) * PAGE, PAGE).asSlice(0, bytes);
  }

  /** Frees them all, which the device must have let go of. */
  @Override
  public void close() {
    memory.close();
  }
}
