package pbb.engine.graph;

import java.util.List;

/**
 * Picks rows: {@code out[b] = x[rows[b]]}; generation needs logits at the last position of each
 * sequence only.
 *
 * @param out (B, C)
 * @param x (N, C)
 * @param rows B integers in [0, N)
 */
public record TakeRows(Operand out, Operand x, Operand rows) implements Op {

  /** Checks the shapes. */
  public TakeRows {
    Op.require(
        x.shape().rank() == 2
            && out.shape().equals(Shape.of((int) rows.size(), x.shape().get(1)))
            && rows.type() == DataType.I32,
        "TakeRows",
        "out (B, C), x (N, C), rows of B integers",
        out,
        x,
        rows);
  }

  @Override
  public List<Operand> inputs() {
    return List.of(x, rows);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(Destination.overwriting(out));
  }
}
