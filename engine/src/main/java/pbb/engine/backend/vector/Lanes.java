package pbb.engine.backend.vector;

import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The vectors of this processor: constants that the compiler folds into every kernel. */
final class Lanes {

  /**
   * Vectors of floats as wide as this processor prefers; {@code -XX:UseAVX} and {@code
   * -XX:MaxVectorSize} narrow them.
   */
  static final VectorSpecies<Float> FLOAT = FloatVector.SPECIES_PREFERRED;

  /** How many floats a vector holds. */
  static final int COUNT = FLOAT.length();

  /** The byte order of all storage. */
  static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /**
   * Whether there are 32 vector registers: with AVX-512 and on 64-bit ARM. AVX2 has 16 of 256 bits;
   * no current x86 processor prefers 128 bits, unless it is told to and then plays ARM.
   */
  static final boolean THIRTY_TWO_REGISTERS =
      FLOAT.vectorBitSize() != 256 || System.getProperty("os.arch").equals("aarch64");

  private Lanes() {}
}
