package pbb.engine.backend.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static pbb.engine.backend.vector.Lanes.FLOAT;
import static pbb.engine.backend.vector.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;

/**
 * Off-heap memory by address, for inner loops. A block's bounds are checked once, when {@link
 * #address} turns a place in a segment into an address, and not with each of its vectors: those
 * checks took up to a third of a matrix product's time.
 */
final class Memory {

  /** All of the process's memory, so that an address is an offset. */
  @SuppressWarnings("restricted")
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  /**
   * The bits that addresses have. Masked with them, a sum of addresses and offsets is seen not to
   * overflow.
   */
  static final long ADDRESS_BITS = (1L << 56) - 1;

  /** The bits that the distance between two rows of a matrix has, in bytes. */
  static final long ROW_BITS = (1L << 30) - 1;

  /** Those of an offset from one row into the next. */
  static final long OFFSET_BITS = (1L << 31) - 1;

  private static final int CACHE_LINE = 64;

  private Memory() {}

  /**
   * The address of a place in a segment.
   *
   * @param segment off-heap memory that stays alive as long as the address is used
   * @param offset where the place begins, in bytes
   * @param bytes how far from there the address will be used
   * @throws IndexOutOfBoundsException if the segment does not reach that far
   */
  static long address(MemorySegment segment, long offset, long bytes) {
    return segment.address() + Objects.checkFromIndexSize(offset, bytes, segment.byteSize());
  }

  /** The vector at an address that was checked. */
  static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(FLOAT, ALL, address & ADDRESS_BITS, ORDER);
  }

  /** Stores a vector at an address that was checked. */
  static void store(long address, FloatVector vector) {
    vector.intoMemorySegment(ALL, address & ADDRESS_BITS, ORDER);
  }

  /** The float at an address that was checked. */
  static float get(long address) {
    return ALL.get(JAVA_FLOAT_UNALIGNED, address & ADDRESS_BITS);
  }

  /** Sets the float at an address that was checked. */
  static void set(long address, float value) {
    ALL.set(JAVA_FLOAT_UNALIGNED, address & ADDRESS_BITS, value);
  }

  /**
   * Reads memory that will be worked on in another order, once from its beginning to its end, for
   * processors foresee that and load what comes next.
   *
   * @param address where it begins, checked
   * @param bytes how much of it
   * @return a number that must be put somewhere, or else the compiler leaves out the reading
   */
  static float readAhead(long address, long bytes) {
    int sum = 0;
    for (long at = address; at < address + bytes; at += CACHE_LINE) {
      sum += Float.floatToRawIntBits(get(at));
    }
    return Float.intBitsToFloat(sum);
  }
}
