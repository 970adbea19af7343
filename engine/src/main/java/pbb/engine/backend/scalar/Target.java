package pbb.engine.backend.scalar;

/**
 * Where a result goes.
 *
 * @param floats what is written
 * @param accumulate whether the result is added to what is there
 */
record Target(Floats floats, boolean accumulate) {

  /** Puts or adds the result of element {@code index}. */
  void put(long index, double value) {
    floats.set(index, accumulate ? floats.get(index) + value : value);
  }
}
