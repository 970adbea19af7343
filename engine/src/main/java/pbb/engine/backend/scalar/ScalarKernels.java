package pbb.engine.backend.scalar;

import java.lang.foreign.MemorySegment;
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
import pbb.engine.graph.Rope;
import pbb.engine.graph.SquaredNorm;
import pbb.engine.graph.SwiGlu;
import pbb.engine.graph.SwiGluGradient;
import pbb.engine.graph.TakeRows;

/** Where each op's definition is. */
final class ScalarKernels implements KernelFactory {

  private final boolean doubles;

  ScalarKernels(boolean doubles) {
    this.doubles = doubles;
  }

  @Override
  public Kernel kernel(Op op, Function<Operand, MemorySegment> memory) {
    Operands operands = new Operands(memory, doubles);
    return switch (op) {
      case Embedding embedding -> EmbeddingKernels.forward(embedding, operands);
      case EmbeddingGradient gradient -> EmbeddingKernels.backward(gradient, operands);
      case TakeRows takeRows -> EmbeddingKernels.takeRows(takeRows, operands);
      case MatMul matMul -> MatMulKernel.forward(matMul, operands);
      case RmsNorm rmsNorm -> RmsNormKernels.forward(rmsNorm, operands);
      case RmsNormGradient gradient -> RmsNormKernels.backward(gradient, operands);
      case Rope rope -> RopeKernel.forward(rope, operands);
      case Attention attention -> AttentionKernels.forward(attention, operands);
      case AttentionGradient gradient -> AttentionKernels.backward(gradient, operands);
      case CacheWrite cacheWrite -> AttentionKernels.cacheWrite(cacheWrite, operands);
      case CachedAttention attention -> AttentionKernels.cached(attention, operands);
      case SwiGlu swiGlu -> SwiGluKernels.forward(swiGlu, operands);
      case SwiGluGradient gradient -> SwiGluKernels.backward(gradient, operands);
      case Add add -> AddKernel.forward(add, operands);
      case CrossEntropy crossEntropy -> CrossEntropyKernels.forward(crossEntropy, operands);
      case CrossEntropyGradient gradient -> CrossEntropyKernels.backward(gradient, operands);
      case SquaredNorm squaredNorm -> OptimizerKernels.squaredNorm(squaredNorm, operands);
      case ClipFactor clipFactor -> OptimizerKernels.clipFactor(clipFactor, operands);
      case AdamW adamW -> OptimizerKernels.adamW(adamW, operands);
    };
  }
}
