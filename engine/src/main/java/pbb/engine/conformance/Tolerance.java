package pbb.engine.conformance;

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
import pbb.engine.graph.RmsNorm;
import pbb.engine.graph.RmsNormGradient;
import pbb.engine.graph.Rope;
import pbb.engine.graph.SquaredNorm;
import pbb.engine.graph.SwiGlu;
import pbb.engine.graph.SwiGluGradient;
import pbb.engine.graph.TakeRows;

/**
 * How far an op may be from its definition in exact arithmetic on the same inputs. Each element may
 * be off by {@code relative · (|expected| + max(rms, cancelling))}, where rms is the root mean
 * square of what is expected of its tensor.
 *
 * @param relative the bound
 * @param cancelling the size of terms of which nothing is left in exact arithmetic, but their
 *     roundings are; 0 for none
 * @param reason where the bound comes from
 */
public record Tolerance(double relative, double cancelling, String reason) {

  /** Half the distance of 1 to the next float: what one rounding costs at most. */
  static final double ROUNDING = 0x1p-24;

  /** What {@code op} may be off by, for inputs of about unit size. */
  static Tolerance of(Op op) {
    return switch (op) {
      case Embedding _, TakeRows _, CacheWrite _ -> new Tolerance(0, 0, "copies");
      case Add _ -> roundings(1);
      case SwiGlu _ -> roundings(16);
      case SwiGluGradient _ -> roundings(32);
      // The angle's sine and cosine are rounded once each: they must come from double precision.
      case Rope _ -> roundings(6);
      case MatMul matMul -> sum(matMul.k());
      case EmbeddingGradient gradient -> sum(gradient.tokens().size());
      case RmsNorm norm -> sum(norm.weight().size());
      case RmsNormGradient gradient ->
          sum(Math.max(gradient.weight().size(), gradient.inverseRms().size()));
      case Attention attention -> sum(attention.headDim() + attention.length()).times(2);
      case AttentionGradient gradient -> sum(gradient.headDim() + 2L * gradient.length()).times(4);
      case CachedAttention attention -> sum(attention.headDim() + attention.capacity()).times(2);
      case CrossEntropy loss -> sum(loss.logits().size()).times(2);
      case CrossEntropyGradient gradient -> sum(gradient.logits().shape().get(1)).times(2);
      case SquaredNorm norm -> sum(norm.x().size());
      case ClipFactor clip -> sum(clip.squaredNorms().size());
      case AdamW _ -> roundings(16);
    };
  }

  /** About this many roundings, one after the other. */
  private static Tolerance roundings(int count) {
    return new Tolerance(count * ROUNDING, 0, count + " roundings");
  }

  /**
   * Sums of {@code length} terms, in any order: roundings of random sign grow with the square root;
   * four standard deviations and a few roundings more are allowed.
   */
  private static Tolerance sum(long length) {
    return new Tolerance(
        (8 + 4 * Math.sqrt((double) length)) * ROUNDING, 0, "sums of " + length + " terms");
  }

  /** The tolerance where errors are {@code factor} times as large. */
  Tolerance times(double factor) {
    return factor == 1
        ? this
        : new Tolerance(relative * factor, cancelling, reason + ", times " + factor);
  }

  /** The tolerance where terms of this size cancel. */
  Tolerance cancelling(double size) {
    return new Tolerance(relative, size, reason);
  }
}
