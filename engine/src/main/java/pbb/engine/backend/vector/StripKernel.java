package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import pbb.engine.backend.host.BoundOp;
import pbb.engine.backend.host.Kernel;

/**
 * Kernels that are run one after the other on each strip of rows: what one writes, the next finds
 * in the worker's cache, and the workers meet once for all of them rather than once for each. The
 * bits are those of running kernel after kernel.
 */
final class StripKernel implements Kernel, Workers.Task {

  private final Workers workers;
  private final Strips strips;
  private final RowKernel[] kernels;

  private StripKernel(List<RowKernel> kernels) {
    this.kernels = kernels.toArray(RowKernel[]::new);
    this.workers = this.kernels[0].workers;
    this.strips = this.kernels[0].strips;
  }

  @Override
  public void run(int strip, int worker) {
    for (RowKernel kernel : kernels) {
      kernel.run(strip, worker);
    }
  }

  @Override
  public void run() {
    workers.run(this, strips.count());
    for (RowKernel kernel : kernels) {
      kernel.finish();
    }
  }

  /**
   * A schedule for a section whose tensors share memory row by row or not at all ({@link
   * pbb.engine.graph.Op#inPlace}). Kernels on rows are gathered as far as possible: those between
   * them that need all rows, such as the products that give the gradients of weights, wait until
   * what they read is about to be overwritten.
   */
  static List<Kernel> schedule(List<BoundOp> section) {
    Gathering gathering = new Gathering();
    section.forEach(gathering::add);
    gathering.end();
    return gathering.schedule;
  }

  private static final class Gathering {
    final List<Kernel> schedule = new ArrayList<>();
    private final List<RowKernel> gathered = new ArrayList<>();
    private final List<BoundOp> waiting = new ArrayList<>();

    void add(BoundOp op) {
      Optional<RowKernel> onRows = onRows(op);
      if (onRows.isEmpty()) {
        waiting.add(op);
        return;
      }
      RowKernel kernel = onRows.get();
      boolean joins = gathered.isEmpty() || gathered.getFirst().strips.equals(kernel.strips);
      if (!joins || disturbs(op, waiting)) {
        end();
      }
      gathered.add(kernel);
    }

    private static Optional<RowKernel> onRows(BoundOp op) {
      return op.kernel() instanceof RowKernel kernel
              && kernel.independent()
              && kernel.strips.suffice(kernel.workers)
          ? Optional.of(kernel)
          : Optional.empty();
    }

    /** Whether an op must run after others that stand before it. */
    private static boolean disturbs(BoundOp op, List<BoundOp> others) {
      return others.stream()
          .anyMatch(
              other ->
                  overlap(op.writes(), other.reads())
                      || overlap(op.writes(), other.writes())
                      || overlap(op.reads(), other.writes()));
    }

    private static boolean overlap(List<MemorySegment> some, List<MemorySegment> others) {
      return some.stream()
          .anyMatch(a -> others.stream().anyMatch(b -> a.asOverlappingSlice(b).isPresent()));
    }

    void end() {
      if (gathered.size() == 1) {
        schedule.add(gathered.getFirst());
      } else if (!gathered.isEmpty()) {
        schedule.add(new StripKernel(gathered));
      }
      gathered.clear();
      List<BoundOp> products = new ArrayList<>();
      for (BoundOp op : waiting) {
        boolean product = op.kernel() instanceof MatMulKernel;
        if (!product || disturbs(op, products)) {
          schedule(products);
        }
        if (product) {
          products.add(op);
        } else {
          schedule.add(op.kernel());
        }
      }
      schedule(products);
      waiting.clear();
    }

    /** Schedules products together, and forgets them. */
    private void schedule(List<BoundOp> products) {
      if (!products.isEmpty()) {
        schedule.add(
            products.size() == 1
                ? products.getFirst().kernel()
                : new MatMulGroup(
                    products.stream().map(op -> (MatMulKernel) op.kernel()).toList()));
        products.clear();
      }
    }
  }
}
