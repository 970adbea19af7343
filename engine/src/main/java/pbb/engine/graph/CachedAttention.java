package pbb.engine.graph;

import java.util.List;

/**
 * Attention of new positions to all that a cache holds up to them: query t of sequence b attends to
 * the cache's positions 0 to {@code positions[b, t]}. What lies beyond is never read, so a prompt
 * may be padded on its right: later positions overwrite the padding before any query reaches it.
 *
 * @param out (B·T, Hq·D)
 * @param q (B·T, Hq·D)
 * @param keys (B, S, Hkv·D)
 * @param values (B, S, Hkv·D)
 * @param positions (B, T), integers in [0, S)
 * @param headDim D
 */
public record CachedAttention(
    Operand out, Operand q, Operand keys, Operand values, Operand positions, int headDim)
    implements Op {

  /** Checks the shapes. */
  public CachedAttention {
    Op.require(
        out.shape().equals(q.shape())
            && keys.shape().equals(values.shape())
            && keys.shape().rank() == 3
            && positions.shape().rank() == 2
            && positions.type() == DataType.I32
            && keys.shape().get(0) == positions.shape().get(0)
            && q.shape().get(0) == positions.size()
            && q.shape().get(1) % headDim == 0
            && keys.shape().get(2) % headDim == 0
            && q.shape().get(1) % keys.shape().get(2) == 0,
        "CachedAttention with headDim=" + headDim,
        "q and out (B·T, Hq·D), keys and values (B, S, Hkv·D), Hq a multiple of Hkv, positions (B,"
            + " T)",
        out,
        q,
        keys,
        values,
        positions);
  }

  /** The number of sequences B. */
  public int batch() {
    return keys.shape().get(0);
  }

  /** The number T of new positions of each sequence. */
  public int length() {
    return positions.shape().get(1);
  }

  /** How many positions S the cache holds. */
  public int capacity() {
    return keys.shape().get(1);
  }

  /** The number of query heads Hq. */
  public int numHeads() {
    return q.shape().get(1) / headDim;
  }

  /** The number of key-value heads Hkv. */
  public int numKeyValueHeads() {
    return keys.shape().get(2) / headDim;
  }

  @Override
  public List<Operand> inputs() {
    return List.of(q, keys, values, positions);
  }

  @Override
  public List<Destination> outputs() {
    return List.of(Destination.overwriting(out));
  }
}
