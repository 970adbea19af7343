package pbb.engine.graph;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the activations of a graph lie in one block of memory: those that are never alive together
 * share bytes.
 *
 * <p>A stacked activation that dies within its layer is folded: all layers use the one slice that
 * is stored. One that another section reads, as the backward pass does, keeps a slice a layer.
 */
public final class MemoryPlan {

  /**
   * Every activation starts at a multiple of this many bytes: a cache line, and the widest vector.
   */
  public static final int ALIGNMENT = 64;

  /**
   * Where an activation lies.
   *
   * @param offset of its first slice from the start of the block, in bytes
   * @param slices how many slices are stored: 1 or the tensor's own
   * @param sliceBytes from one slice to the next
   */
  public record Place(long offset, int slices, long sliceBytes) {

    /** Where slice {@code index} starts, in bytes from the start of the block. */
    public long offset(int index) {
      return slices == 1 ? offset : offset + index * sliceBytes;
    }

    private long end() {
      return aligned(offset + slices * sliceBytes);
    }
  }

  private final Map<Tensor, Place> places;
  private final long bytes;

  private MemoryPlan(Map<Tensor, Place> places, long bytes) {
    this.places = Map.copyOf(places);
    this.bytes = bytes;
  }

  /**
   * Plans the activations of {@code graph}.
   *
   * @param floatBytes the size of a stored float: 4, or 8 where a backend stores doubles
   */
  public static MemoryPlan of(Graph graph, int floatBytes) {
    List<Life> lives = new ArrayList<>(lives(graph, floatBytes).values());
    // The largest first: small ones then fill the gaps.
    lives.sort(
        Comparator.comparingLong((Life life) -> -life.bytes())
            .thenComparingInt(life -> life.first)
            .thenComparing(life -> life.tensor.name()));
    Map<Tensor, Place> places = new LinkedHashMap<>();
    List<Life> placed = new ArrayList<>();
    long bytes = 0;
    for (Life life : lives) {
      List<Place> taken =
          placed.stream()
              .filter(life::overlaps)
              .map(other -> places.getOrDefault(other.tensor, new Place(0, 1, 0)))
              .sorted(Comparator.comparingLong(Place::offset))
              .toList();
      long offset = 0;
      for (Place place : taken) {
        if (offset + life.bytes() <= place.offset()) {
          break;
        }
        offset = Math.max(offset, place.end());
      }
      Place place = new Place(offset, life.storedSlices(), life.sliceBytes);
      places.put(life.tensor, place);
      placed.add(life);
      bytes = Math.max(bytes, place.end());
    }
    return new MemoryPlan(places, bytes);
  }

  /** Where {@code activation} lies. */
  public Place place(Tensor activation) {
    Place place = places.get(activation);
    if (place == null) {
      throw new IllegalArgumentException(activation + " is no activation of this graph");
    }
    return place;
  }

  /** The size of the block. */
  public long bytes() {
    return bytes;
  }

  private static long aligned(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  private static Map<Tensor, Life> lives(Graph graph, int floatBytes) {
    Map<Tensor, Life> lives = new LinkedHashMap<>();
    int start = 0;
    for (Section section : graph.sections()) {
      int end = start + section.ops().size() - 1;
      boolean repeated = section instanceof Section.Repeated;
      for (int i = 0; i < section.ops().size(); i++) {
        Op op = section.ops().get(i);
        for (Operand input : op.inputs()) {
          use(lives, input, start + i, start, end, repeated, false, floatBytes);
        }
        for (Destination output : op.outputs()) {
          use(
              lives,
              output.operand(),
              start + i,
              start,
              end,
              repeated,
              !output.accumulate(),
              floatBytes);
        }
      }
      start = end + 1;
    }
    return lives;
  }

  private static void use(
      Map<Tensor, Life> lives,
      Operand operand,
      int position,
      int sectionStart,
      int sectionEnd,
      boolean repeated,
      boolean overwrites,
      int floatBytes) {
    Tensor tensor = operand.tensor();
    if (tensor.role().persistent()) {
      return;
    }
    Life life = lives.computeIfAbsent(tensor, t -> new Life(t, position, floatBytes));
    boolean firstUseHere = life.sectionStart != sectionStart;
    boolean ownSlice = tensor.slices() == 1 || operand.slice().equals(new Operand.OfLayer(0));
    if (life.sectionStart >= 0 && firstUseHere) {
      life.spansSections = true;
    }
    // What is read in a layer before the layer has written it comes from the layer before.
    if (!ownSlice || (firstUseHere && !overwrites)) {
      life.spansLayers = true;
    }
    life.sectionStart = sectionStart;
    life.last = Math.max(life.last, position);
    if (repeated) {
      life.extents.add(new int[] {sectionStart, sectionEnd});
    }
  }

  /** When a tensor is alive, in positions of ops. */
  private static final class Life {
    final Tensor tensor;
    final long sliceBytes;
    final int first;
    int last;
    int sectionStart = -1;
    boolean spansSections;
    boolean spansLayers;
    final List<int[]> extents = new ArrayList<>();

    Life(Tensor tensor, int first, int floatBytes) {
      this.tensor = tensor;
      this.first = first;
      this.last = first;
      this.sliceBytes =
          tensor.shape().size() * (tensor.type() == DataType.F32 ? floatBytes : Integer.BYTES);
    }

    private boolean dynamic() {
      return spansSections || spansLayers;
    }

    int storedSlices() {
      return dynamic() ? tensor.slices() : 1;
    }

    long bytes() {
      return aligned(storedSlices() * sliceBytes);
    }

    /** A repeated section that a tensor lives through counts from its start to its end. */
    private int from() {
      return dynamic() ? extents.stream().mapToInt(e -> e[0]).reduce(first, Math::min) : first;
    }

    private int to() {
      return dynamic() ? extents.stream().mapToInt(e -> e[1]).reduce(last, Math::max) : last;
    }

    boolean overlaps(Life other) {
      return from() <= other.to() && other.from() <= to();
    }
  }
}
