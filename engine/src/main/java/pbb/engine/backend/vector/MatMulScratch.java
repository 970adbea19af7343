package pbb.engine.backend.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The memory that matrix products pack their blocks into: for each worker a block of A, a block of
 * B and a tile of C. Its size does not depend on the products, and a worker computes one block at a
 * time, so all products of a backend share one.
 */
final class MatMulScratch {

  private static final long ALIGNMENT = 64; // a cache line, and the widest vector

  /**
   * One worker's part.
   *
   * @param a room for packed rows of op(A), or a copy of a tile's rows; a tile's rows that the
   *     matrix lacks are computed from what is left here
   * @param b room for packed columns of op(B); likewise
   * @param tile room for a tile of C
   */
  record OfWorker(MemorySegment a, MemorySegment b, MemorySegment tile) {

    static OfWorker allocate(Arena arena, long packedBytes) {
      return new OfWorker(
          arena.allocate(MatMulPlan.PACKED_A_BYTES, ALIGNMENT),
          arena.allocate(packedBytes, ALIGNMENT),
          arena.allocate(4L * MatMulTile.TALL_ROWS * MatMulTile.COLUMNS, ALIGNMENT));
    }
  }

  private final List<OfWorker> parts;

  private MatMulScratch(List<OfWorker> parts) {
    this.parts = parts;
  }

  /**
   * Allocates it.
   *
   * @param arena who owns the memory
   * @param workers who will run the products
   * @param cache what packed columns of op(B) shall stay in
   */
  static MatMulScratch allocate(Arena arena, Workers workers, SecondLevelCache cache) {
    return new MatMulScratch(
        IntStream.range(0, workers.count())
            .mapToObj(_ -> OfWorker.allocate(arena, cache.packedBytes))
            .toList());
  }

  /** The room that each worker has for packed columns of op(B). */
  long packedBytes() {
    return parts.getFirst().b().byteSize();
  }

  OfWorker of(int worker) {
    return parts.get(worker);
  }
}
