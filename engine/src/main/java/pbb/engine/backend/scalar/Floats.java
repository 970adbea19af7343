package pbb.engine.backend.scalar;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A tensor's floats, read and written as doubles whatever they are stored as. */
sealed interface Floats {

  /** Element {@code index}, counted over the whole operand in row-major order. */
  double get(long index);

  /** Replaces element {@code index}, rounded to what is stored. */
  void set(long index, double value);

  /** Elements of four bytes. */
  record Singles(MemorySegment memory) implements Floats {

    @Override
    public double get(long index) {
      return memory.getAtIndex(ValueLayout.JAVA_FLOAT, index);
    }

    @Override
    public void set(long index, double value) {
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, index, (float) value);
    }
  }

  /** Elements of eight bytes. */
  record Doubles(MemorySegment memory) implements Floats {

    @Override
    public double get(long index) {
      return memory.getAtIndex(ValueLayout.JAVA_DOUBLE, index);
    }

    @Override
    public void set(long index, double value) {
      memory.setAtIndex(ValueLayout.JAVA_DOUBLE, index, value);
    }
  }
}
