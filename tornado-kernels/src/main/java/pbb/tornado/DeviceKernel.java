package pbb.tornado;

import java.util.Arrays;
import java.util.Locale;
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
  ADAM_W(OptimizerKernels::adamW, 12),
  ADD(ElementwiseKernels::add, 6),
  ATTENTION(AttentionKernels::attention, 12),
  CACHE_WRITE(EmbeddingKernels::cacheWrite, 6),
  CACHED_ATTENTION(AttentionKernels::cachedAttention, 10),
  CLIP_FACTOR(OptimizerKernels::clipFactor, 4),
  COPY_ROWS(EmbeddingKernels::copyRows, 6),
  CROSS_ENTROPY_GRADIENT(LossKernels::crossEntropyGradient, 10),
  CROSS_ENTROPY_ROWS(LossKernels::crossEntropyRows, 8),
  KEY_VALUE_GRADIENT(AttentionKernels::keyValueGradient, 16),
  LINK_OCCURRENCES(EmbeddingKernels::linkOccurrences, 2),
  MAT_MUL(MatMulKernels::matMul, 18),
  QUERY_GRADIENT(AttentionKernels::queryGradient, 14),
  RMS_NORM(NormKernels::rmsNorm, 8),
  RMS_NORM_GRADIENT(NormKernels::rmsNormGradient, 10),
  ROPE(ElementwiseKernels::rope, 6),
  ROW_DOTS(AttentionKernels::rowDots, 4),
  SQUARED_BLOCKS(OptimizerKernels::squaredBlocks, 3),
  SUM_BLOCKS(NormKernels::sumBlocks, 2),
  SUM_OCCURRENCES(EmbeddingKernels::sumOccurrences, 6),
  SUM_PARTS(MatMulKernels::sumParts, 2),
  SUM_VECTOR(LossKernels::sumVector, 2),
  SWI_GLU(ElementwiseKernels::swiGlu, 6),
  SWI_GLU_GRADIENT(ElementwiseKernels::swiGluGradient, 10),
  WEIGHT_GRADIENT_BLOCKS(NormKernels::weightGradientBlocks, 8),
  ZERO(EmbeddingKernels::zero, 2);

  /** No descriptor is longer than this. */
  static final int LONGEST = 32;

  /** Work-items of a group, all along the first dimension. */
  static final int GROUP = 64;

  @SuppressWarnings("ImmutableEnumChecker") // A reference to a static method has no state.
  private final Task5<KernelContext, FloatArray, IntArray, IntArray, IntArray> body;

  private final int bound;

  /**
   * A kernel.
   *
   * @param bound where in a descriptor it stands how much there is to do
   */
  DeviceKernel(Task5<KernelContext, FloatArray, IntArray, IntArray, IntArray> body, int bound) {
    this.body = body;
    this.bound = bound;
  }

  /**
   * A descriptor with which the kernel does nothing, or writes to the third float at most: for a
   * run that has it compiled. Ones elsewhere, since kernels divide by some entries.
   */
  int[] nothing() {
    int[] descriptor = new int[LONGEST];
    Arrays.fill(descriptor, 1);
    descriptor[bound] = 0;
    return descriptor;
  }

  /** The name of the method, such as {@code matMul} for {@link #MAT_MUL}. */
  String methodName() {
    String[] words = name().split("_");
    StringBuilder method = new StringBuilder(words[0].toLowerCase(Locale.ROOT));
    for (int i = 1; i < words.length; i++) {
      method.append(words[i].charAt(0)).append(words[i].substring(1).toLowerCase(Locale.ROOT));
    }
    return method.toString();
  }

  /** What TornadoVM compiles. */
  Task5<KernelContext, FloatArray, IntArray, IntArray, IntArray> body() {
    return body;
  }
}
