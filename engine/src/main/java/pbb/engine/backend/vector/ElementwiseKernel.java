package pbb.engine.backend.vector;

/** A kernel on each element by itself. */
abstract class ElementwiseKernel extends RowKernel {

  private final int width;

  /**
   * @param elements how many there are
   */
  ElementwiseKernel(Workers workers, Strips strips, long elements) {
    super(workers, strips);
    this.width = Math.toIntExact(elements / strips.rows());
  }

  @Override
  final void rows(int first, int end, int worker) {
    range((long) first * width * Float.BYTES, (end - first) * width);
  }

  /**
   * Computes {@code count} elements, the first of which lies {@code byteOffset} bytes into each
   * tensor.
   */
  abstract void range(long byteOffset, int count);
}
