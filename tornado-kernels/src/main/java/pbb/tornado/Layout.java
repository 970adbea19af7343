package pbb.tornado;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import pbb.engine.graph.DataType;
import pbb.engine.graph.Graph;
import pbb.engine.graph.MemoryPlan;
import pbb.engine.graph.Operand;
import pbb.engine.graph.Program;
import pbb.engine.graph.Role;
import pbb.engine.graph.Tensor;

/**
 * Where a program's tensors lie, counted from the start of its memory: the persistent ones one
 * after the other, inputs first, so that a batch is uploaded in one piece, then the block that the
 * activations of all graphs share.
 */
final class Layout {

  /** Tensors start at multiples of this many elements: a cache line. */
  static final int ALIGNMENT = MemoryPlan.ALIGNMENT / Float.BYTES;

  private final Map<Tensor, Integer> persistent = new LinkedHashMap<>();
  private final Map<Graph, MemoryPlan> plans = new LinkedHashMap<>();
  private final int block;
  private final long floats;
  private final long ints;

  Layout(Program program) {
    long nextFloat = 0;
    long nextInt = 0;
    List<Tensor> inputsFirst =
        program.persistentTensors().stream()
            .sorted(
                Comparator.comparing((Tensor tensor) -> tensor.role() != Role.INPUT)
                    .thenComparing(Tensor::type))
            .toList();
    for (Tensor tensor : inputsFirst) {
      if (tensor.type() == DataType.F32) {
        persistent.put(tensor, (int) nextFloat);
        nextFloat = aligned(nextFloat + tensor.size());
      } else {
        persistent.put(tensor, (int) nextInt);
        nextInt += tensor.size();
      }
    }
    block = (int) nextFloat;
    long largest = 0;
    for (Graph graph : program.graphs()) {
      MemoryPlan plan = MemoryPlan.of(graph, Float.BYTES);
      plans.put(graph, plan);
      largest = Math.max(largest, plan.bytes());
    }
    floats = nextFloat + aligned(largest / Float.BYTES);
    ints = nextInt;
  }

  static long aligned(long elements) {
    return (elements + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** Elements of all floats: more than an array can have if the program is too large. */
  long floats() {
    return floats;
  }

  /** Elements of all integers. */
  long ints() {
    return ints;
  }

  /** The persistent tensors. */
  Iterable<Tensor> persistentTensors() {
    return persistent.keySet();
  }

  /**
   * Where a persistent tensor starts.
   *
   * @throws IllegalArgumentException if the program has no such tensor
   */
  int start(Tensor tensor) {
    @Nullable Integer start = persistent.get(tensor);
    if (start == null) {
      throw new IllegalArgumentException(tensor + " is no persistent tensor of the program");
    }
    return start;
  }

  /** Where an operand of an op of {@code graph} lies. */
  Place place(Graph graph, Operand operand) {
    Tensor tensor = operand.tensor();
    boolean moves = operand.slice() instanceof Operand.OfLayer;
    int size = Math.toIntExact(operand.size());
    int first = operand.firstSlice(0);
    @Nullable Integer start = persistent.get(tensor);
    if (start != null) {
      int at = start + first * Math.toIntExact(tensor.shape().size());
      return moves
          ? new Place(tensor.type(), at, size, size, start, start + Math.toIntExact(tensor.size()))
          : new Place(tensor.type(), at, 0, size, at, at + size);
    }
    if (tensor.type() != DataType.F32) {
      throw new IllegalArgumentException(
          tensor + " cannot be an activation: those are floats on this backend");
    }
    MemoryPlan plan = plans.getOrDefault(graph, MemoryPlan.of(graph, Float.BYTES));
    MemoryPlan.Place place = plan.place(tensor);
    int at = block + Math.toIntExact(place.offset(first) / Float.BYTES);
    if (moves && place.slices() > 1) {
      int from = block + Math.toIntExact(place.offset(0) / Float.BYTES);
      int stride = Math.toIntExact(place.sliceBytes() / Float.BYTES);
      return new Place(tensor.type(), at, stride, size, from, from + place.slices() * stride);
    }
    return new Place(tensor.type(), at, 0, size, at, at + size);
  }
}
