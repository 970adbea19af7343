package pbb.engine.graph;

import java.util.List;

/**
 * The gradient of {@link Embedding} by its table: each row is the sum of the gradients at the
 * positions that read it, in the order of the positions.
 *
 * @param table (V, C), the gradient by the table
 * @param gradient (N, C), the gradient by the rows that were read
 * @param tokens N integers in [0, V)
 */
public record EmbeddingGradient(Destination table, Operand gradient, Operand tokens) implements Op {

  /** Checks the shapes. */
  public EmbeddingGradient {
    Op.require(
        gradient.shape().equals(Shape.of((int) tokens.size(), table.shape().get(1)))
            && tokens.type() == DataType.I32,
        "EmbeddingGradient",
        "table (V, C), gradient (N, C), tokens of N integers",
        table,
        gradient,
        tokens);
  }

  @Override
  public List<Operand> inputs() {
    return List.of(gradient, tokens);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(table);
  }
}
