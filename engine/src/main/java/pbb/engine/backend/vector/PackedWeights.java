package pbb.engine.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import pbb.engine.graph.MatMul;
import pbb.engine.graph.Role;

/**
 * The packed weights of a program, each once for all graphs that read it in the same direction. For
 * each direction, forward and backward to the inputs, they take as much memory again as the
 * weights, rounded up to whole panels.
 */
final class PackedWeights {

  private final Workers workers;
  private final SegmentAllocator allocator;
  private final Map<Key, PackedWeight> weights = new HashMap<>();
  private final List<Panel> panels = new ArrayList<>();
  private final Workers.Task packing = (block, _) -> panels.get(block).pack();

  private record Key(long address, boolean transposed, int k, int n) {}

  private record Panel(PackedWeight weight, int number) {
    void pack() {
      weight.pack(number);
    }
  }

  /**
   * @param allocator memory that lives as long as the program
   */
  PackedWeights(Workers workers, SegmentAllocator allocator) {
    this.workers = workers;
    this.allocator = allocator;
  }

  /** Whether a product's right operand is packed ahead of it. */
  static boolean serves(MatMul op) {
    return op.b().tensor().role() == Role.PARAMETER && !op.transposeA() && op.batch() == 1;
  }

  /**
   * The right operand of a product that is {@linkplain #serves served}.
   *
   * @param b its memory
   */
  PackedWeight of(MatMul op, MemorySegment b) {
    return weights.computeIfAbsent(
        new Key(b.address(), op.transposeB(), op.k(), op.n()),
        key -> {
          PackedWeight weight = new PackedWeight(b, key.transposed, key.k, key.n, allocator);
          for (int panel = 0; panel < weight.panels(); panel++) {
            panels.add(new Panel(weight, panel));
          }
          return weight;
        });
  }

  /** Packs all of them. */
  void pack() {
    workers.run(packing, panels.size());
  }
}
