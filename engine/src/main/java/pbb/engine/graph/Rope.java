package pbb.engine.graph;

import java.util.List;

/**
 * Rotary position embedding (Su et al. 2021, equation 34) in the layout of Hugging Face's Llama: in
 * each head of D elements, the pair (i, i + D/2) is rotated by {@code position · theta^(−2i/D)}.
 *
 * @param out (N, H·D)
 * @param x (N, H·D)
 * @param positions N integers in [0, positionLimit), of any shape
 * @param headDim D, even
 * @param theta the base of the wavelengths
 * @param positionLimit one more than the largest position: how long tables of sines need to be
 * @param inverse whether to rotate back, as the gradient does
 */
public record Rope(
    Operand out,
    Operand x,
    Operand positions,
    int headDim,
    double theta,
    int positionLimit,
    boolean inverse)
    implements Op.Differentiable {

  /** Checks the shapes. */
  public Rope {
    Op.require(
        out.shape().equals(x.shape())
            && x.shape().rank() == 2
            && x.shape().get(1) % headDim == 0
            && headDim % 2 == 0
            && positions.size() == x.shape().get(0)
            && positions.type() == DataType.I32,
        "Rope with headDim=" + headDim,
        "x and out (N, H·headDim), positions of N integers",
        out,
        x,
        positions);
  }

  @Override
  public List<Operand> inputs() {
    return List.of(x, positions);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(Destination.overwriting(out));
  }

  @Override
  public List<InPlace> inPlace() {
    return List.of(new InPlace(x, out));
  }

  @Override
  public void differentiate(Tape tape) {
    Destination dx = tape.contribution(x);
    if (dx.accumulate()) {
      throw new IllegalArgumentException(
          "Rope must be the first to contribute to the gradient of "
              + x
              + ": nothing else may read it");
    }
    tape.emit(
        new Rope(
            dx.operand(), tape.gradient(out), positions, headDim, theta, positionLimit, !inverse));
  }
}
