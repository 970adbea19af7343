package pbb.engine.graph;

import java.util.List;

/**
 * The matrix product {@code out = op(a) · op(b)}, where op transposes its matrix or leaves it.
 * Matrices may come in batches: then all three have a first dimension of the same extent.
 *
 * @param out ([batch,] M, N)
 * @param a ([batch,] M, K), or ([batch,] K, M) where it is to be transposed
 * @param b ([batch,] K, N), or ([batch,] N, K) where it is to be transposed
 * @param transposeA whether {@code a} is to be transposed
 * @param transposeB whether {@code b} is to be transposed
 */
public record MatMul(Destination out, Operand a, Operand b, boolean transposeA, boolean transposeB)
    implements Op.Differentiable {

  /** Checks the shapes. */
  public MatMul {
    int rank = out.shape().rank();
    Op.require(
        (rank == 2 || rank == 3)
            && a.shape().rank() == rank
            && b.shape().rank() == rank
            && (rank == 2
                || (out.shape().get(0) == a.shape().get(0)
                    && out.shape().get(0) == b.shape().get(0)))
            && a.shape().get(transposeA ? -1 : -2) == out.shape().get(-2)
            && b.shape().get(transposeB ? -2 : -1) == out.shape().get(-1)
            && a.shape().get(transposeA ? -2 : -1) == b.shape().get(transposeB ? -1 : -2),
        "MatMul with transposeA=" + transposeA + ", transposeB=" + transposeB,
        "out (M, N) = op(a) (M, K) · op(b) (K, N)",
        out,
        a,
        b);
  }

  /**
   * {@code out = x · weightᵀ}: a linear layer, its weight (outputs, inputs) as Hugging Face stores
   * it.
   */
  public static MatMul linear(Operand out, Operand x, Operand weight) {
    return new MatMul(Destination.overwriting(out), x, weight, false, true);
  }

  /** How many matrices there are; 1 without a batch dimension. */
  public int batch() {
    return out.shape().rank() == 3 ? out.shape().get(0) : 1;
  }

  /** The rows of the product. */
  public int m() {
    return out.shape().get(-2);
  }

  /** The columns of the product. */
  public int n() {
    return out.shape().get(-1);
  }

  /** The length of the sums. */
  public int k() {
    return a.shape().get(transposeA ? -2 : -1);
  }

  @Override
  public List<Operand> inputs() {
    return List.of(a, b);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(out);
  }

  @Override
  public long flops() {
    return 2L * batch() * m() * n() * k();
  }

  @Override
  public void differentiate(Tape tape) {
    Operand dOut = tape.gradient(out.operand()); // ([batch,] M, N)
    Destination dA = tape.contribution(a);
    Destination dB = tape.contribution(b);
    // out = A·B: dA = dOut·Bᵀ, dB = Aᵀ·dOut; where an operand stands transposed, so does its
    // gradient.
    tape.emit(
        transposeA
            ? new MatMul(dA, b, dOut, transposeB, true)
            : new MatMul(dA, dOut, b, false, !transposeB));
    tape.emit(
        transposeB
            ? new MatMul(dB, dOut, a, true, transposeA)
            : new MatMul(dB, a, dOut, !transposeA, false));
  }
}
