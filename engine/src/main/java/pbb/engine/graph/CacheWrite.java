package pbb.engine.graph;

import java.util.List;

/**
 * Puts the keys or values of new positions into a cache: {@code cache[b, positions[b, t]] = x[b·T +
 * t]}; the rest of the cache is left as it is.
 *
 * @param cache (B, S, W)
 * @param x (B·T, W)
 * @param positions (B, T), integers in [0, S)
 */
public record CacheWrite(Operand cache, Operand x, Operand positions) implements Op {

  /** Checks the shapes. */
  public CacheWrite {
    Op.require(
        cache.shape().rank() == 3
            && positions.shape().rank() == 2
            && positions.type() == DataType.I32
            && cache.shape().get(0) == positions.shape().get(0)
            && x.shape().equals(Shape.of((int) positions.size(), cache.shape().get(2))),
        "CacheWrite",
        "cache (B, S, W), x (B·T, W), positions (B, T)",
        cache,
        x,
        positions);
  }

  @Override
  public List<Operand> inputs() {
    return List.of(x, positions);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(Destination.overwriting(cache));
  }
}
