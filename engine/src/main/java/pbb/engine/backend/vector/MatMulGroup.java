package pbb.engine.backend.vector;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import pbb.engine.backend.host.Kernel;

/**
 * Products of which none reads or writes what another writes, as one task: workers meet once for
 * all of them, and not at the end of each, where some have no block left.
 *
 * <p>The largest product comes first, and a block is no larger than a worker's share of what is
 * left when it is claimed (guided self-scheduling: Polychronopoulos and Kuck, 1987): the first
 * products stay whole, so that what they pack serves as much as it can, and the last ones are cut
 * finely enough for workers to end together.
 */
final class MatMulGroup implements Kernel, Workers.Task {

  private final Workers workers;
  private final MatMulKernel[] products;
  private final int[] ends; // the blocks of a product and of all before it
  private final int blocks;

  MatMulGroup(List<MatMulKernel> together) {
    this.workers = together.getFirst().plan().workers();
    List<MatMulKernel> bySize = new ArrayList<>(together);
    bySize.sort(
        Comparator.comparingLong((MatMulKernel m) -> m.plan().multiplications()).reversed());
    this.products = new MatMulKernel[bySize.size()];
    this.ends = new int[products.length];
    long left = bySize.stream().mapToLong(m -> m.plan().multiplications()).sum();
    int end = 0;
    for (int i = 0; i < products.length; i++) {
      MatMulPlan plan = bySize.get(i).plan();
      products[i] = bySize.get(i).with(plan.inBlocksOf(Math.ceilDiv(left, workers.count())));
      end += products[i].plan().blocks();
      ends[i] = end;
      left -= plan.multiplications();
    }
    this.blocks = end;
  }

  @Override
  public void run(int block, int worker) {
    int product = 0;
    while (block >= ends[product]) {
      product++;
    }
    products[product].run(block - (product == 0 ? 0 : ends[product - 1]), worker);
  }

  @Override
  public void run() {
    workers.run(this, blocks);
  }
}
