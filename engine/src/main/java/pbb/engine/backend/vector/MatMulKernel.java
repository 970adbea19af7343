package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import pbb.engine.backend.host.Kernel;

/** A product of these matrices as planned: the workers claim its blocks. */
final class MatMulKernel implements Kernel, Workers.Task {

  private final MatMulPlan plan;
  private final MemorySegment a;
  private final MemorySegment b;
  private final MemorySegment c;

  MatMulKernel(MatMulPlan plan, MemorySegment a, MemorySegment b, MemorySegment c) {
    this.plan = plan;
    this.a = a;
    this.b = b;
    this.c = c;
  }

  MatMulPlan plan() {
    return plan;
  }

  /** The same product, planned as {@link MatMulPlan#inBlocksOf} does. */
  MatMulKernel inBlocksOf(long multiplications) {
    return new MatMulKernel(plan.inBlocksOf(multiplications), a, b, c);
  }

  @Override
  public void run(int block, int worker) {
    plan.compute(block, worker, a, b, c);
  }

  @Override
  public void run() {
    plan.workers().run(this, plan.blocks());
  }
}
