package pbb.engine.backend.vector;

import java.util.List;
import pbb.engine.backend.host.Kernel;

/**
 * Products that are cut into blocks, which the workers claim: one, or several of which none reads
 * or writes what another writes. Workers then meet once for all of them, and not at the end of
 * each, where some have no block left.
 */
public final class MatMulKernel implements Kernel {

  private final Workers workers;
  private final int blocks;
  private final Workers.Task task;

  MatMulKernel(Workers workers, int blocks, Workers.Task task) {
    this.workers = workers;
    this.blocks = blocks;
    this.task = task;
  }

  /** The blocks of all, one product after the other. */
  static MatMulKernel together(List<MatMulKernel> products) {
    MatMulKernel first = products.getFirst();
    if (products.size() == 1) {
      return first;
    }
    Workers.Task[] tasks =
        products.stream().map(product -> product.task).toArray(Workers.Task[]::new);
    int[] ends = new int[tasks.length];
    int blocks = 0;
    for (int i = 0; i < ends.length; i++) {
      blocks += products.get(i).blocks;
      ends[i] = blocks;
    }
    return new MatMulKernel(
        first.workers,
        blocks,
        (block, worker) -> {
          int product = 0;
          while (block >= ends[product]) {
            product++;
          }
          int before = product == 0 ? 0 : ends[product - 1];
          tasks[product].run(block - before, worker);
        });
  }

  @Override
  public void run() {
    workers.run(task, blocks);
  }
}
