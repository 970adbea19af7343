package pbb.engine.backend.vector;

/** Cosines and sines of a rotary embedding for every position and frequency. */
final class RotationTable {

  /** (positionLimit, headDim / 2), row-major. */
  final float[] cosines;

  /** (positionLimit, headDim / 2), row-major. */
  final float[] sines;

  final int positionLimit;

  /**
   * The table for {@code positionLimit} positions.
   *
   * @param headDim the size of a head
   * @param theta the base of the wavelengths
   */
  RotationTable(int headDim, double theta, int positionLimit) {
    this.positionLimit = positionLimit;
    int half = headDim / 2;
    cosines = new float[Math.multiplyExact(positionLimit, half)];
    sines = new float[cosines.length];
    for (int i = 0; i < half; i++) {
      double frequency = StrictMath.pow(theta, -2.0 * i / headDim);
      for (int position = 0; position < positionLimit; position++) {
        cosines[position * half + i] = (float) StrictMath.cos(position * frequency);
        sines[position * half + i] = (float) StrictMath.sin(position * frequency);
      }
    }
  }
}
