package pbb.engine.graph;

import java.util.List;

/**
 * Rows of a table: {@code out[n] = table[tokens[n]]}.
 *
 * @param out (N, C)
 * @param table (V, C)
 * @param tokens N integers in [0, V), of any shape
 */
public record Embedding(Operand out, Operand table, Operand tokens) implements Op.Differentiable {

  /** Checks the shapes. */
  public Embedding {
    Op.require(
        table.shape().rank() == 2
            && out.shape().equals(Shape.of((int) tokens.size(), table.shape().get(1)))
            && tokens.type() == DataType.I32,
        "Embedding",
        "out (N, C), table (V, C), tokens of N integers",
        out,
        table,
        tokens);
  }

  @Override
  public List<Operand> inputs() {
    return List.of(table, tokens);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(Destination.overwriting(out));
  }

  @Override
  public void differentiate(Tape tape) {
    tape.emit(new EmbeddingGradient(tape.contribution(table), tape.gradient(out), tokens));
  }
}
