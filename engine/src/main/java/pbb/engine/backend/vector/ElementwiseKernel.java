package pbb.engine.backend.vector;

/** A kernel on each element by itself, in blocks of {@link #BLOCK_ELEMENTS}. */
abstract class ElementwiseKernel extends BlockKernel {

  private final long elements;

  ElementwiseKernel(Workers workers, long elements) {
    super(workers, blocks(elements, BLOCK_ELEMENTS));
    this.elements = elements;
  }

  @Override
  public final void run(int block, int worker) {
    long from = (long) block * BLOCK_ELEMENTS;
    range(from * Float.BYTES, (int) Math.min(BLOCK_ELEMENTS, elements - from));
  }

  /**
   * Computes {@code count} elements, the first of which lies {@code byteOffset} bytes into each
   * tensor.
   */
  abstract void range(long byteOffset, int count);
}
