package pbb.engine.graph;

import java.util.List;

/**
 * The gradients of {@link Attention}, with the probabilities recomputed from {@code logSumExp} (Dao
 * et al. 2022, algorithm 4): {@code P = exp(scale·QKᵀ − logSumExp)}, {@code dV = Pᵀ·dO}, {@code dS
 * = P ∘ (dO·Vᵀ − rowsum(dO ∘ O))}, {@code dQ = scale·dS·K}, {@code dK = scale·dSᵀ·Q}.
 *
 * @param dq (B·T, Hq·D)
 * @param dk (B·T, Hkv·D), summed over the query heads of the group
 * @param dv (B·T, Hkv·D), likewise
 * @param gradient (B·T, Hq·D), the gradient by the output
 * @param q (B·T, Hq·D)
 * @param k (B·T, Hkv·D)
 * @param v (B·T, Hkv·D)
 * @param out (B·T, Hq·D), the output
 * @param logSumExp (B·T, Hq)
 * @param documentStart (B, T)
 * @param headDim D
 */
public record AttentionGradient(
    Destination dq,
    Destination dk,
    Destination dv,
    Operand gradient,
    Operand q,
    Operand k,
    Operand v,
    Operand out,
    Operand logSumExp,
    Operand documentStart,
    int headDim)
    implements Op {

  /** Checks the shapes. */
  public AttentionGradient {
    Attention.requireShapes("AttentionGradient", out, logSumExp, q, k, v, documentStart, headDim);
    Op.require(
        dq.shape().equals(q.shape())
            && dk.shape().equals(k.shape())
            && dv.shape().equals(v.shape())
            && gradient.shape().equals(out.shape()),
        "AttentionGradient",
        "gradients of the shapes of q, k, v and out",
        dq,
        dk,
        dv,
        gradient);
  }

  /** The number of rows B. */
  public int batch() {
    return documentStart.shape().get(0);
  }

  /** The length T of a row. */
  public int length() {
    return documentStart.shape().get(1);
  }

  /** The number of query heads Hq. */
  public int numHeads() {
    return q.shape().get(1) / headDim;
  }

  /** The number of key-value heads Hkv. */
  public int numKeyValueHeads() {
    return k.shape().get(1) / headDim;
  }

  @Override
  public List<Operand> inputs() {
    return List.of(gradient, q, k, v, out, logSumExp, documentStart);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(dq, dk, dv);
  }

  /** Five products of the lower triangle, of which four count: the scores are computed anew. */
  @Override
  public long flops() {
    return 4L * batch() * length() * length() * q.shape().get(1);
  }
}
