package pbb.engine.backend.vector;

import java.util.HashMap;
import java.util.Map;
import pbb.engine.graph.CachedAttention;
import pbb.engine.graph.Rope;

/**
 * Tables, and a worker's room to work in, that all kernels of a program share: they run one after
 * the other.
 */
final class ProgramScratch {

  private final Workers workers;
  private final Map<RotationKey, RotationTable> rotations = new HashMap<>();
  private final Map<HeadKey, HeadScratch[]> heads = new HashMap<>();
  private final Map<CacheKey, CachedAttentionKernel.Scratch[]> caches = new HashMap<>();

  private record RotationKey(int headDim, double theta, int positionLimit) {}

  private record HeadKey(int length, int headDim) {}

  private record CacheKey(int capacity, int heads) {}

  ProgramScratch(Workers workers) {
    this.workers = workers;
  }

  RotationTable rotation(Rope op) {
    return rotations.computeIfAbsent(
        new RotationKey(op.headDim(), op.theta(), op.positionLimit()),
        key -> new RotationTable(key.headDim, key.theta, key.positionLimit));
  }

  /** One for each worker, for heads of so many positions. */
  HeadScratch[] heads(int length, int headDim) {
    return heads.computeIfAbsent(
        new HeadKey(length, headDim),
        key -> HeadScratch.perWorker(workers, key.length, key.headDim));
  }

  /** One for each worker. */
  CachedAttentionKernel.Scratch[] cache(CachedAttention op) {
    return caches.computeIfAbsent(
        new CacheKey(op.capacity(), op.numHeads()),
        key -> CachedAttentionKernel.Scratch.perWorker(workers, key.capacity, key.heads));
  }
}
