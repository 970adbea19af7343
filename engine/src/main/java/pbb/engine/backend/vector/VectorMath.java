package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The arithmetic on vectors that the Vector API leaves to chance: {@code reduceLanes} and {@code
 * lanewise(EXP)} give other bits before compilation than after, so sums go down a fixed tree and
 * the exponential is a polynomial.
 */
final class VectorMath {

  private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
  private static final int COUNT = Lanes.COUNT;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;

  /** Shuffles that bring the upper half of 2, 4, 8, 16 lanes onto the lower. */
  private static final VectorShuffle<Float> HALF_OF_2 = rotation(1);

  private static final VectorShuffle<Float> HALF_OF_4 = rotation(2);
  private static final VectorShuffle<Float> HALF_OF_8 = rotation(4);
  private static final VectorShuffle<Float> HALF_OF_16 = rotation(8);

  private static final float LOG2_E = 1.442695f;

  /**
   * ln 2 in two parts: the first has 9 trailing zero bits, so that its product with an exponent is
   * exact.
   */
  private static final float LN_2_HIGH = 0.6933594f;

  private static final float LN_2_LOW = -0.00021219444f;

  /**
   * 1.5 · 2²³: adding it rounds a small float to an integer and leaves that integer in the lowest
   * bits.
   */
  private static final float ROUNDER = 12582912f;

  private static final int ROUNDER_BITS = Float.floatToRawIntBits(ROUNDER);

  private static final int ROOT_HALF_BITS = Float.floatToRawIntBits(0.70710677f);

  /** Below this the exponential is less than the smallest normal float and counts as 0. */
  private static final float EXP_UNDERFLOW = -87.33654f;

  /** Above this the power of two in the result would be no float. */
  private static final float EXP_LARGEST = 88.3762f;

  private VectorMath() {}

  private static VectorShuffle<Float> rotation(int distance) {
    return VectorShuffle.fromOp(SPECIES, lane -> (lane + distance) % COUNT);
  }

  static FloatVector load(MemorySegment segment, long byteOffset) {
    return FloatVector.fromMemorySegment(SPECIES, segment, byteOffset, Lanes.ORDER);
  }

  static FloatVector load(MemorySegment segment, long byteOffset, VectorMask<Float> mask) {
    return FloatVector.fromMemorySegment(SPECIES, segment, byteOffset, Lanes.ORDER, mask);
  }

  /** The sum of all lanes, halves added to halves. */
  static float sum(FloatVector v) {
    if (COUNT >= 16) {
      v = v.add(v.rearrange(HALF_OF_16));
    }
    if (COUNT >= 8) {
      v = v.add(v.rearrange(HALF_OF_8));
    }
    if (COUNT >= 4) {
      v = v.add(v.rearrange(HALF_OF_4));
    }
    if (COUNT >= 2) {
      v = v.add(v.rearrange(HALF_OF_2));
    }
    return v.lane(0);
  }

  /** The greatest lane; the order does not matter to it. */
  static float max(FloatVector v) {
    return v.reduceLanes(VectorOperators.MAX);
  }

  /**
   * exp(x), within 2 ulp for x up to {@value #EXP_LARGEST}, and exp of that beyond; 0 where the
   * result is no normal float. Kept small: what the compiler does not inline boxes its vectors.
   * Cephes' expf: {@code x = n ln 2 + r} with |r| ≤ ln 2 / 2, a polynomial of degree 7 for exp(r),
   * and n put into the exponent.
   */
  static FloatVector exp(FloatVector x) {
    FloatVector bounded = x.blend(EXP_LARGEST, x.compare(VectorOperators.GT, EXP_LARGEST));
    FloatVector rounded =
        bounded.fma(
            FloatVector.broadcast(SPECIES, LOG2_E), FloatVector.broadcast(SPECIES, ROUNDER));
    FloatVector n = rounded.sub(ROUNDER);
    FloatVector r =
        n.fma(
            FloatVector.broadcast(SPECIES, -LN_2_LOW),
            n.fma(FloatVector.broadcast(SPECIES, -LN_2_HIGH), bounded));
    FloatVector p = FloatVector.broadcast(SPECIES, 0.00019875691f);
    p = p.fma(r, FloatVector.broadcast(SPECIES, 0.0013981999f));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 0.008333452f));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 0.041665796f));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 0.16666666f));
    p = p.fma(r, FloatVector.broadcast(SPECIES, 0.5f));
    p = p.fma(r.mul(r), r).add(1f);
    IntVector power =
        rounded.reinterpretAsInts().sub(ROUNDER_BITS - 127).lanewise(VectorOperators.LSHL, 23);
    return p.mul(power.reinterpretAsFloats())
        .blend(0f, x.compare(VectorOperators.LT, EXP_UNDERFLOW));
  }

  /**
   * The natural logarithm of a normal positive float, within 1 ulp; NaN of NaN. Cephes' logf:
   * {@code x = 2ⁿ (1 + f)} with 1 + f in [√½, √2), a polynomial of degree 8 for what follows the
   * first two terms of the series in f, and n ln 2 in two parts.
   */
  static FloatVector log(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    IntVector n = bits.sub(ROOT_HALF_BITS).lanewise(VectorOperators.ASHR, 23);
    FloatVector f = bits.sub(n.lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats().sub(1f);
    FloatVector exponent = n.add(ROUNDER_BITS).reinterpretAsFloats().sub(ROUNDER);
    FloatVector p = FloatVector.broadcast(SPECIES, 0.07037684f);
    p = p.fma(f, FloatVector.broadcast(SPECIES, -0.1151461f));
    p = p.fma(f, FloatVector.broadcast(SPECIES, 0.116769984f));
    p = p.fma(f, FloatVector.broadcast(SPECIES, -0.12420141f));
    p = p.fma(f, FloatVector.broadcast(SPECIES, 0.14249323f));
    p = p.fma(f, FloatVector.broadcast(SPECIES, -0.16668057f));
    p = p.fma(f, FloatVector.broadcast(SPECIES, 0.20000714f));
    p = p.fma(f, FloatVector.broadcast(SPECIES, -0.24999994f));
    p = p.fma(f, FloatVector.broadcast(SPECIES, 0.3333333f));
    FloatVector square = f.mul(f);
    FloatVector small = p.mul(f.mul(square)).add(exponent.mul(LN_2_LOW)).sub(square.mul(0.5f));
    return f.add(small).add(exponent.mul(LN_2_HIGH)).blend(x, x.compare(VectorOperators.NE, x));
  }

  /** 1 / (1 + exp(−x)). */
  static FloatVector sigmoid(FloatVector x) {
    return FloatVector.broadcast(SPECIES, 1f).div(exp(x.neg()).add(1f));
  }

  static {
    if (INTS.length() != COUNT) {
      throw new IllegalStateException(
          "int and float vectors differ in length: " + INTS + ", " + SPECIES);
    }
  }
}
