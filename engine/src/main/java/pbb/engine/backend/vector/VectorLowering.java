package pbb.engine.backend.vector;

import java.lang.foreign.SegmentAllocator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import pbb.engine.backend.host.BoundOp;
import pbb.engine.backend.host.Kernel;
import pbb.engine.backend.host.KernelFactory;
import pbb.engine.backend.host.Lowering;
import pbb.engine.graph.Graph;
import pbb.engine.graph.MemoryPlan;

/** One program on this backend: weights packed when they have changed, rows strip by strip. */
final class VectorLowering implements Lowering {

  private final Workers workers;
  private final MatMulScratch matMulScratch;
  private final ProgramScratch scratch;
  private final SecondLevelCache cache;
  private @Nullable PackedWeights weights;

  VectorLowering(Workers workers, MatMulScratch matMulScratch, SecondLevelCache cache) {
    this.cache = cache;
    this.workers = workers;
    this.matMulScratch = matMulScratch;
    this.scratch = new ProgramScratch(workers);
  }

  @Override
  public MemoryPlan plan(Graph graph) {
    return MemoryPlan.bySection(graph, Float.BYTES);
  }

  @Override
  public KernelFactory kernels(Graph graph, SegmentAllocator allocator) {
    PackedWeights ofProgram = weights;
    if (ofProgram == null) {
      ofProgram = new PackedWeights(workers, allocator);
      weights = ofProgram;
    }
    Strips.Cut cut = Strips.Cut.of(graph, workers, cache);
    return new VectorKernels(workers, matMulScratch, scratch, cache, cut, Optional.of(ofProgram));
  }

  @Override
  public List<Kernel> schedule(List<BoundOp> section) {
    return StripKernel.schedule(section);
  }

  @Override
  public void parametersChanged() {
    if (weights != null) {
      weights.pack();
    }
  }
}
