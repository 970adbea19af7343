package pbb.tornado;

import pbb.tornado.kernels.AttentionKernels;
import pbb.tornado.kernels.ElementwiseKernels;
import pbb.tornado.kernels.EmbeddingKernels;
import pbb.tornado.kernels.LossKernels;
import pbb.tornado.kernels.MatMulKernels;
import pbb.tornado.kernels.NormKernels;
import pbb.tornado.kernels.OptimizerKernels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task5;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Every kernel that ops are made of; each is compiled once, when something first needs it. */
enum DeviceKernel {
  ADAM_W(OptimizerKernels::adamW),
  ADD(ElementwiseKernels::add),
  ATTENTION(AttentionKernels::attention),
  CACHE_WRITE(EmbeddingKernels::cacheWrite),
  CACHED_ATTENTION(AttentionKernels::cachedAttention),
  CLIP_FACTOR(OptimizerKernels::clipFactor),
  COPY_ROWS(EmbeddingKernels::copyRows),
  CROSS_ENTROPY_GRADIENT(LossKernels::crossEntropyGradient),
  CROSS_ENTROPY_ROWS(LossKernels::crossEntropyRows),
  KEY_VALUE_GRADIENT(AttentionKernels::keyValueGradient),
  LINK_OCCURRENCES(EmbeddingKernels::linkOccurrences),
  MAT_MUL(MatMulKernels::matMul),
  QUERY_GRADIENT(AttentionKernels::queryGradient),
  RMS_NORM(NormKernels::rmsNorm),
  RMS_NORM_GRADIENT(NormKernels::rmsNormGradient),
  ROPE(ElementwiseKernels::rope),
  ROW_DOTS(AttentionKernels::rowDots),
  SQUARED_BLOCKS(OptimizerKernels::squaredBlocks),
  SUM_BLOCKS(NormKernels::sumBlocks),
  SUM_OCCURRENCES(EmbeddingKernels::sumOccurrences),
  SUM_PARTS(MatMulKernels::sumParts),
  SUM_VECTOR(LossKernels::sumVector),
  SWI_GLU(ElementwiseKernels::swiGlu),
  SWI_GLU_GRADIENT(ElementwiseKernels::swiGluGradient),
  WEIGHT_GRADIENT_BLOCKS(NormKernels::weightGradientBlocks),
  ZERO(EmbeddingKernels::zero);

  /** Work-items of a group, all along the first dimension. */
  static final int GROUP = 64;

  private final Task5<KernelContext, FloatArray, IntArray, IntArray, IntArray> body;

  DeviceKernel(Task5<KernelContext, FloatArray, IntArray, IntArray, IntArray> body) {
    this.body = body;
  }

  /** What TornadoVM compiles. */
  Task5<KernelContext, FloatArray, IntArray, IntArray, IntArray> body() {
    return body;
  }
}
