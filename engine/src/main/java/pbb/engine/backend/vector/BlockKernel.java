package pbb.engine.backend.vector;

import pbb.engine.backend.host.Kernel;

/**
 * A kernel whose work is cut into blocks of fixed size, so that its result does not depend on how
 * many workers share them.
 */
abstract class BlockKernel implements Kernel, Workers.Task {

  /**
   * Elements of a block of element-wise work: 64 KiB a tensor, so that a block stays in the L2
   * cache.
   */
  static final int BLOCK_ELEMENTS = 1 << 14;

  final Workers workers;
  final int blocks;

  BlockKernel(Workers workers, int blocks) {
    this.workers = workers;
    this.blocks = blocks;
  }

  /** How many blocks of {@code size} it takes to cover {@code total}. */
  static int blocks(long total, int size) {
    return Math.toIntExact((total + size - 1) / size);
  }

  @Override
  public void run() {
    workers.run(this, blocks);
  }
}
