package pbb.engine.backend.vector;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import pbb.engine.backend.host.Kernel;

/**
 * Products of which none reads or writes what another writes, as one task: workers meet once for
 * all of them, and not at the end of each, where some have no block left.
 *
 * <p>The largest product comes first, and its blocks are no larger than a worker's share of what is
 * left when it begins, as far as {@link MatMulPlan#inBlocksOf} divides them (after guided
 * self-scheduling: Polychronopoulos and Kuck, 1987). The first products thereby have few blocks, so
 * that what is packed serves as much as it can, and the last ones are cut finely enough for workers
 * to end together. If that leaves workers without any, products keep the blocks that they have by
 * themselves.
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
    List<MatMulKernel> shared = inShares(bySize, workers.count());
    boolean forAll = blocks(shared) >= workers.count();
    this.products = (forAll ? shared : bySize).toArray(MatMulKernel[]::new);
    this.ends = new int[products.length];
    int end = 0;
    for (int i = 0; i < products.length; i++) {
      end += products[i].plan().blocks();
      ends[i] = end;
    }
    this.blocks = end;
  }

  private static List<MatMulKernel> inShares(List<MatMulKernel> bySize, int workers) {
    List<MatMulKernel> shares = new ArrayList<>();
    long left = bySize.stream().mapToLong(m -> m.plan().multiplications()).sum();
    for (MatMulKernel product : bySize) {
      shares.add(product.inBlocksOf(Math.ceilDiv(left, workers)));
      left -= product.plan().multiplications();
    }
    return shares;
  }

  private static int blocks(List<MatMulKernel> products) {
    return products.stream().mapToInt(m -> m.plan().blocks()).sum();
  }

  /** How many blocks all products together have. */
  int blocks() {
    return blocks;
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
