package pbb.engine.backend.vector;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The memory that matrix products pack their blocks into: for each worker a block of A, a block of B and a tile of C. Its size
 * does not depend on the products, so all products of an executable share one, one product at a time.
 */
public final class MatMulScratch {

  private static final long ALIGNMENT = 64; // a cache line, and the widest vector

  private final MemorySegment[] a;
  private final MemorySegment[] b;
  private final MemorySegment[] tile;

  private MatMulScratch(int workers) {
    a = new MemorySegment[workers];
    b = new MemorySegment[workers];
    tile = new MemorySegment[workers];
  }

  /**
   * Allocates it.
   *
   * @param arena who owns the memory
   * @param workers how many workers run the products
   */
  public static MatMulScratch allocate(Arena arena, Workers workers) {
    MatMulScratch scratch = new MatMulScratch(workers.count());
    for (int worker = 0; worker < workers.count(); worker++) {
      scratch.a[worker] = arena.allocate(MatMulPlan.PACKED_A_BYTES, ALIGNMENT);
      scratch.b[worker] = arena.allocate(MatMulPlan.PACKED_B_BYTES, ALIGNMENT);
      scratch.tile[worker] =
          arena.allocate(4L * MatMulTile.ROWS * MatMulTile.COLUMNS, ALIGNMENT);
    }
    return scratch;
  }

  MemorySegment a(int worker) {
    return a[worker];
  }

  MemorySegment b(int worker) {
    return b[worker];
  }

  MemorySegment tile(int worker) {
    return tile[worker];
  }
}
