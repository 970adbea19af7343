package pbb.engine.graph;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
   * @param slices how many slices are stored: 1 or the tensor's own, or those of the output that is
   *     written over it
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
    return place(lives(graph, floatBytes, false));
  }

  /**
   * The same for a backend that runs the ops of a section in another order, or on parts of their
   * operands in turn: what one section touches shares bytes only with what it does not touch, or
   * with what is written {@linkplain Op#inPlace over it}.
   */
  public static MemoryPlan bySection(Graph graph, int floatBytes) {
    Map<Tensor, Life> lives = lives(graph, floatBytes, true);
    Overwriting overwriting = new Overwriting(graph, lives);
    Map<Tensor, Life> apart = new LinkedHashMap<>(lives);
    apart.keySet().removeIf(tensor -> overwriting.output(tensor).isPresent());
    MemoryPlan plan = place(apart);
    Map<Tensor, Place> places = new HashMap<>();
    lives.keySet().forEach(tensor -> places.put(tensor, place(tensor, overwriting, plan)));
    return new MemoryPlan(places, plan.bytes);
  }

  private static Place place(Tensor tensor, Overwriting overwriting, MemoryPlan plan) {
    Optional<Operand> output = overwriting.output(tensor);
    if (output.isEmpty()) {
      return plan.place(tensor);
    }
    Place place = place(output.get().tensor(), overwriting, plan);
    int firstLayers = output.get().firstSlice(0);
    return new Place(place.offset(firstLayers), place.slices, place.sliceBytes);
  }

  private static MemoryPlan place(Map<Tensor, Life> ofTensors) {
    List<Life> lives = new ArrayList<>(ofTensors.values());
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

  /**
   * A section as it counts for the life of tensors.
   *
   * @param start the position of its first op
   * @param end that of its last
   * @param anyOrder whether its ops may run in another order
   */
  private record Span(int start, int end, boolean repeated, boolean anyOrder, int floatBytes) {}

  /** When the activations of {@code graph} are alive. */
  static Map<Tensor, Life> lives(Graph graph, int floatBytes, boolean anyOrder) {
    Map<Tensor, Life> lives = new LinkedHashMap<>();
    int start = 0;
    for (Section section : graph.sections()) {
      int end = start + section.ops().size() - 1;
      boolean repeated = section instanceof Section.Repeated;
      Span span = new Span(start, end, repeated, anyOrder, floatBytes);
      for (int i = 0; i < section.ops().size(); i++) {
        Op op = section.ops().get(i);
        for (Operand input : op.inputs()) {
          use(lives, input, start + i, span, false);
        }
        for (Destination output : op.outputs()) {
          use(lives, output.operand(), start + i, span, !output.accumulate());
        }
      }
      start = end + 1;
    }
    return lives;
  }

  private static void use(
      Map<Tensor, Life> lives, Operand operand, int position, Span span, boolean overwrites) {
    Tensor tensor = operand.tensor();
    if (tensor.role().persistent()) {
      return;
    }
    Life life = lives.computeIfAbsent(tensor, t -> new Life(t, position, span));
    boolean firstUseHere = life.sectionStart != span.start;
    boolean ownSlice = tensor.slices() == 1 || operand.slice().equals(new Operand.OfLayer(0));
    if (life.sectionStart >= 0 && firstUseHere) {
      life.spansSections = true;
    }
    // What is read in a layer before the layer has written it comes from the layer before.
    if (!ownSlice || (firstUseHere && !overwrites)) {
      life.spansLayers = true;
    }
    life.sectionStart = span.start;
    life.last = Math.max(life.last, position);
    if (span.repeated || span.anyOrder) {
      life.extents.add(span);
    }
  }

  /** When a tensor is alive, in positions of ops. */
  static final class Life {
    final Tensor tensor;
    final boolean anyOrder;
    final long sliceBytes;
    final int first;
    int last;
    int sectionStart = -1;
    boolean spansSections;
    boolean spansLayers;
    private final List<Span> extents = new ArrayList<>();

    private Life(Tensor tensor, int first, Span span) {
      this.tensor = tensor;
      this.first = first;
      this.last = first;
      this.sliceBytes =
          tensor.shape().size() * (tensor.type() == DataType.F32 ? span.floatBytes : Integer.BYTES);
      this.anyOrder = span.anyOrder;
    }

    private boolean whole() {
      return anyOrder || dynamic();
    }

    /** Whether each layer writes it anew, and last uses it at this position. */
    boolean isOneLayersUntil(int position) {
      return !dynamic() && last == position;
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

    /**
     * A repeated section that a tensor lives through counts from its start to its end, and where
     * ops may change places every section does.
     */
    private int from() {
      return whole() ? extents.stream().mapToInt(Span::start).reduce(first, Math::min) : first;
    }

    private int to() {
      return whole() ? extents.stream().mapToInt(Span::end).reduce(last, Math::max) : last;
    }

    boolean overlaps(Life other) {
      return from() <= other.to() && other.from() <= to();
    }
  }
}
