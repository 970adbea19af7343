package pbb.lang;

import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/** An integer without bounds. What fits a {@code long} is kept as one, since nearly all do. */
public final class IntValue implements Value {

  private static final int CACHED_FROM = -128;
  private static final IntValue[] CACHED = new IntValue[1152];

  static {
    for (int i = 0; i < CACHED.length; i++) {
      CACHED[i] = new IntValue(CACHED_FROM + i, null);
    }
  }

  private final long small;

  /** The value where it does not fit {@link #small}, else null. */
  private final @Nullable BigInteger big;

  private IntValue(long small, @Nullable BigInteger big) {
    this.small = small;
    this.big = big;
  }

  public static IntValue of(long value) {
    long index = value - CACHED_FROM;
    return index >= 0 && index < CACHED.length ? CACHED[(int) index] : new IntValue(value, null);
  }

  public static IntValue of(BigInteger value) {
    return value.bitLength() < Long.SIZE ? of(value.longValue()) : new IntValue(0, value);
  }

  public BigInteger value() {
    return big == null ? BigInteger.valueOf(small) : big;
  }

  public boolean fitsLong() {
    return big == null;
  }

  /**
   * The value as a {@code long}.
   *
   * @throws ArithmeticException unless {@link #fitsLong}
   */
  public long longValue() {
    if (big != null) {
      throw new ArithmeticException(big + " does not fit 64 bits");
    }
    return small;
  }

  /** -1, 0 or 1. */
  int signum() {
    return big == null ? Long.signum(small) : big.signum();
  }

  /** How many bits the magnitude has, as Python's {@code int.bit_length}. */
  int bitLength() {
    return big != null ? big.abs().bitLength() : bitLength(small);
  }

  static int bitLength(long value) {
    // The magnitude of Long.MIN_VALUE reads right as an unsigned number.
    return Long.SIZE - Long.numberOfLeadingZeros(value < 0 ? -value : value);
  }

  @Override
  public String type() {
    return "int";
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof IntValue that
        && (big == null ? that.big == null && small == that.small : big.equals(that.big));
  }

  @Override
  public int hashCode() {
    return big == null ? Long.hashCode(small) : big.hashCode();
  }

  @Override
  public String toString() {
    return big == null ? Long.toString(small) : big.toString();
  }
}
