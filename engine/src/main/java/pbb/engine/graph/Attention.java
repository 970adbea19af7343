package pbb.engine.graph;

import java.util.List;

/**
 * Causal scaled dot-product attention with grouped queries (Vaswani et al. 2017, equation 1;
 * Ainslie et al. 2023) over packed rows: position t of a row attends to the positions from its
 * document's start up to itself, and so never to another document. Query head h reads key-value
 * head {@code h / (Hq / Hkv)}; scores are scaled by {@code 1/√D}.
 *
 * @param out (B·T, Hq·D)
 * @param logSumExp (B·T, Hq), the logarithm of each softmax's denominator; kept for the gradient
 * @param q (B·T, Hq·D)
 * @param k (B·T, Hkv·D)
 * @param v (B·T, Hkv·D)
 * @param documentStart (B, T), for each position the position in its row where its document starts,
 *     at most its own
 * @param headDim D
 */
public record Attention(
    Operand out,
    Operand logSumExp,
    Operand q,
    Operand k,
    Operand v,
    Operand documentStart,
    int headDim)
    implements Op.Differentiable {

  /** Checks the shapes. */
  public Attention {
    requireShapes("Attention", out, logSumExp, q, k, v, documentStart, headDim);
  }

  static void requireShapes(
      String op,
      Operand out,
      Operand logSumExp,
      Operand q,
      Operand k,
      Operand v,
      Operand documentStart,
      int headDim) {
    int rows = (int) documentStart.size();
    Op.require(
        documentStart.shape().rank() == 2
            && documentStart.type() == DataType.I32
            && q.shape().equals(out.shape())
            && k.shape().equals(v.shape())
            && q.shape().rank() == 2
            && q.shape().get(0) == rows
            && k.shape().get(0) == rows
            && q.shape().get(1) % headDim == 0
            && k.shape().get(1) % headDim == 0
            && q.shape().get(1) % k.shape().get(1) == 0
            && logSumExp.shape().equals(Shape.of(rows, q.shape().get(1) / headDim)),
        op + " with headDim=" + headDim,
        "q and out (B·T, Hq·D), k and v (B·T, Hkv·D), Hq a multiple of Hkv, logSumExp (B·T, Hq),"
            + " documentStart (B, T)",
        out,
        logSumExp,
        q,
        k,
        v,
        documentStart);
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
    return List.of(q, k, v, documentStart);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(Destination.overwriting(out), Destination.overwriting(logSumExp));
  }

  /** Two products of the lower triangle, as if each row held one document. */
  @Override
  public long flops() {
    return 2L * batch() * length() * length() * q.shape().get(1);
  }

  @Override
  public void differentiate(Tape tape) {
    tape.emit(
        new AttentionGradient(
            tape.contribution(q),
            tape.contribution(k),
            tape.contribution(v),
            tape.gradient(out),
            q,
            k,
            v,
            out,
            logSumExp,
            documentStart,
            headDim));
  }
}
