package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.Function;
import pbb.engine.backend.host.Kernel;
import pbb.engine.backend.host.KernelFactory;
import pbb.engine.graph.AdamW;
import pbb.engine.graph.Add;
import pbb.engine.graph.Attention;
import pbb.engine.graph.AttentionGradient;
import pbb.engine.graph.CacheWrite;
import pbb.engine.graph.CachedAttention;
import pbb.engine.graph.ClipFactor;
import pbb.engine.graph.CrossEntropy;
import pbb.engine.graph.CrossEntropyGradient;
import pbb.engine.graph.Embedding;
import pbb.engine.graph.EmbeddingGradient;
import pbb.engine.graph.MatMul;
import pbb.engine.graph.Op;
import pbb.engine.graph.Operand;
import pbb.engine.graph.RmsNorm;
import pbb.engine.graph.RmsNormGradient;
import pbb.engine.graph.Role;
import pbb.engine.graph.Rope;
import pbb.engine.graph.SquaredNorm;
import pbb.engine.graph.SwiGlu;
import pbb.engine.graph.SwiGluGradient;
import pbb.engine.graph.TakeRows;

/** Binds each op of a graph to its kernel. */
final class VectorKernels implements KernelFactory {

  private final Workers workers;
  private final MatMulScratch matMulScratch;
  private final SecondLevelCache cache;
  private final Strips.Cut cut;
  private final Optional<PackedWeights> weights;
  private final ProgramScratch scratch;

  /**
   * @param scratch what the kernels of the program share
   * @param cut how rows are cut into strips
   * @param weights those of the program, packed ahead of its products, if they are
   */
  VectorKernels(
      Workers workers,
      MatMulScratch matMulScratch,
      ProgramScratch scratch,
      SecondLevelCache cache,
      Strips.Cut cut,
      Optional<PackedWeights> weights) {
    this.workers = workers;
    this.matMulScratch = matMulScratch;
    this.scratch = scratch;
    this.cache = cache;
    this.cut = cut;
    this.weights = weights;
  }

  @Override
  public Kernel kernel(Op op, Function<Operand, MemorySegment> memory) {
    return switch (op) {
      case Add a ->
          new AddKernel(
              workers,
              strips(a.out()),
              memory.apply(a.out()),
              memory.apply(a.x()),
              memory.apply(a.branch()));
      case AdamW a ->
          new AdamWKernel(
              workers,
              elements(a.parameter()),
              a,
              memory.apply(a.parameter()),
              memory.apply(a.firstMoment()),
              memory.apply(a.secondMoment()),
              memory.apply(a.gradient()),
              memory.apply(a.clip()),
              memory.apply(a.schedule()));
      case Attention a ->
          new AttentionKernel(
              workers,
              strips(a.out()),
              scratch.heads(a.length(), a.headDim()),
              a,
              memory.apply(a.out()),
              memory.apply(a.logSumExp()),
              memory.apply(a.q()),
              memory.apply(a.k()),
              memory.apply(a.v()),
              memory.apply(a.documentStart()));
      case AttentionGradient a ->
          new AttentionGradientKernel(
              workers,
              strips(a.out()),
              scratch.heads(a.length(), a.headDim()),
              a,
              memory.apply(a.dq().operand()),
              memory.apply(a.dk().operand()),
              memory.apply(a.dv().operand()),
              memory.apply(a.gradient()),
              memory.apply(a.q()),
              memory.apply(a.k()),
              memory.apply(a.v()),
              memory.apply(a.logSumExp()),
              memory.apply(a.documentStart()));
      case CacheWrite c ->
          new CacheWriteKernel(
              workers,
              strips(c.x()),
              c,
              memory.apply(c.cache()),
              memory.apply(c.x()),
              memory.apply(c.positions()));
      case CachedAttention c ->
          new CachedAttentionKernel(
              workers,
              strips(c.out()),
              scratch.cache(c),
              c,
              memory.apply(c.out()),
              memory.apply(c.q()),
              memory.apply(c.keys()),
              memory.apply(c.values()),
              memory.apply(c.positions()));
      case ClipFactor c ->
          new ClipFactorKernel(memory.apply(c.out()), memory.apply(c.squaredNorms()), c.maxNorm());
      case CrossEntropy c ->
          new CrossEntropyKernel(
              workers,
              strips(c.logits()),
              c,
              memory.apply(c.loss()),
              memory.apply(c.logSumExp()),
              memory.apply(c.logits()),
              memory.apply(c.targets()),
              memory.apply(c.weights()));
      case CrossEntropyGradient c ->
          new CrossEntropyGradientKernel(
              workers,
              strips(c.logits()),
              c,
              memory.apply(c.dlogits()),
              memory.apply(c.logits()),
              memory.apply(c.logSumExp()),
              memory.apply(c.targets()),
              memory.apply(c.weights()));
      case Embedding e ->
          new EmbeddingKernel(
              workers,
              strips(e.out()),
              memory.apply(e.out()),
              memory.apply(e.table()),
              memory.apply(e.tokens()),
              e.table().tensor().role() == Role.PARAMETER);
      case EmbeddingGradient e ->
          new EmbeddingGradientKernel(
              workers,
              e,
              memory.apply(e.table().operand()),
              memory.apply(e.gradient()),
              memory.apply(e.tokens()));
      case MatMul m -> product(m, memory);
      case RmsNorm r ->
          new RmsNormKernel(
              workers,
              strips(r.x()),
              r,
              memory.apply(r.out()),
              memory.apply(r.inverseRms()),
              memory.apply(r.x()),
              memory.apply(r.weight()));
      case RmsNormGradient r ->
          new RmsNormGradientKernel(
              workers,
              strips(r.x()),
              r,
              memory.apply(r.dx().operand()),
              memory.apply(r.dweight().operand()),
              memory.apply(r.gradient()),
              memory.apply(r.x()),
              memory.apply(r.inverseRms()),
              memory.apply(r.weight()));
      case Rope r ->
          new RopeKernel(
              workers,
              strips(r.x()),
              r,
              scratch.rotation(r),
              memory.apply(r.out()),
              memory.apply(r.x()),
              memory.apply(r.positions()));
      case SquaredNorm s ->
          new SquaredNormKernel(workers, memory.apply(s.out()), s.index(), memory.apply(s.x()));
      case SwiGlu s ->
          new SwiGluKernel(
              workers,
              strips(s.out()),
              memory.apply(s.out()),
              memory.apply(s.gate()),
              memory.apply(s.up()));
      case SwiGluGradient s ->
          new SwiGluGradientKernel(
              workers,
              strips(s.gate()),
              s,
              memory.apply(s.dgate().operand()),
              memory.apply(s.dup().operand()),
              memory.apply(s.gradient()),
              memory.apply(s.gate()),
              memory.apply(s.up()));
      case TakeRows t ->
          new EmbeddingKernel(
              workers,
              strips(t.out()),
              memory.apply(t.out()),
              memory.apply(t.x()),
              memory.apply(t.rows()),
              false);
    };
  }

  private Kernel product(MatMul op, Function<Operand, MemorySegment> memory) {
    MemorySegment a = memory.apply(op.a());
    MemorySegment b = memory.apply(op.b());
    MemorySegment out = memory.apply(op.out().operand());
    if (weights.isPresent() && PackedWeights.serves(op)) {
      PackedWeight weight = weights.get().of(op, b);
      return new WeightProductKernel(
          workers, strips(op.out().operand()), matMulScratch, cache, op, a, weight, out);
    }
    return MatMulPlan.of(
            MatMulShape.dense(
                op.batch(),
                op.m(),
                op.n(),
                op.k(),
                op.transposeA(),
                op.transposeB(),
                op.out().accumulate()),
            workers,
            matMulScratch)
        .bind(a, b, out);
  }

  private Strips strips(Operand rows) {
    return rows.shape().rank() > 1 ? cut.strips(rows.shape().get(0)) : elements(rows);
  }

  /** Each element is a row, for what knows no rows. */
  private static Strips elements(Operand of) {
    return new Strips(Math.toIntExact(of.size()), BlockKernel.BLOCK_ELEMENTS);
  }
}
