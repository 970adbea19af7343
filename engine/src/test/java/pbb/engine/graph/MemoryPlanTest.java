package pbb.engine.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MemoryPlanTest {

  /** What a piece of memory holds: which slice of which tensor. */
  private record Value(Tensor tensor, int slice) {}

  /**
   * Runs {@code graph} on memory that remembers, word by word, which slice of which tensor was last
   * written there.
   *
   * @param inPlace whether ops may write over what they say they can
   * @return what is wrong: an op that reads what is no longer there, or writes over what it reads
   */
  private static Optional<String> firstConflict(
      Graph graph,
      int floatBytes,
      Function<Tensor, MemoryPlan.Place> places,
      long bytes,
      boolean inPlace) {
    @Nullable Value[] words = new Value[Math.toIntExact(bytes / Integer.BYTES)];
    for (Section section : graph.sections()) {
      for (int iteration = 0; iteration < section.layers(); iteration++) {
        int layer = section.layer(iteration);
        for (Op op : section.ops()) {
          String where = op.name() + " of layer " + layer + " ";
          for (Operand input : op.inputs()) {
            Optional<String> conflict = check(words, input, layer, floatBytes, places);
            if (conflict.isPresent()) {
              return Optional.of(where + conflict.get());
            }
          }
          for (Destination output : op.outputs()) {
            if (output.accumulate()) {
              Optional<String> conflict = check(words, output.operand(), layer, floatBytes, places);
              if (conflict.isPresent()) {
                return Optional.of(where + conflict.get());
              }
            }
          }
          for (Destination output : op.outputs()) {
            fill(words, output.operand(), layer, floatBytes, places);
          }
          // Once all is written, all outputs are whole, and all inputs but those that are changed
          // in place.
          for (Destination output : op.outputs()) {
            if (check(words, output.operand(), layer, floatBytes, places).isPresent()) {
              return Optional.of(where + "writes two outputs to one place");
            }
          }
          for (Operand input : op.inputs()) {
            boolean lost = check(words, input, layer, floatBytes, places).isPresent();
            if (lost && !(inPlace && overwrites(op, input, layer, floatBytes, places))) {
              return Optional.of(where + "writes over " + input);
            }
          }
        }
      }
    }
    return Optional.empty();
  }

  /** Whether the op may write over an input, and writes right there. */
  private static boolean overwrites(
      Op op, Operand input, int layer, int floatBytes, Function<Tensor, MemoryPlan.Place> places) {
    return op.inPlace().stream()
        .filter(pair -> pair.input().equals(input))
        .map(Op.InPlace::output)
        .anyMatch(
            output ->
                Arrays.equals(
                    range(input, input.firstSlice(layer), floatBytes, places),
                    range(output, output.firstSlice(layer), floatBytes, places)));
  }

  private static Optional<String> firstConflict(
      Graph graph, int floatBytes, Function<Tensor, MemoryPlan.Place> places, long bytes) {
    return firstConflict(graph, floatBytes, places, bytes, false);
  }

  private static int[] range(
      Operand operand, int slice, int floatBytes, Function<Tensor, MemoryPlan.Place> places) {
    long size =
        operand.tensor().shape().size()
            * (operand.type() == DataType.F32 ? floatBytes : Integer.BYTES);
    long start = places.apply(operand.tensor()).offset(slice);
    return new int[] {(int) (start / Integer.BYTES), (int) ((start + size) / Integer.BYTES)};
  }

  private static int count(Operand operand) {
    return operand.slice() instanceof Operand.Whole ? operand.tensor().slices() : 1;
  }

  private static Optional<String> check(
      @Nullable Value[] words,
      Operand operand,
      int layer,
      int floatBytes,
      Function<Tensor, MemoryPlan.Place> places) {
    if (operand.tensor().role().persistent()) {
      return Optional.empty();
    }
    for (int i = 0; i < count(operand); i++) {
      int slice = operand.firstSlice(layer) + i;
      int[] range = range(operand, slice, floatBytes, places);
      for (int word = range[0]; word < range[1]; word++) {
        Value held = words[word];
        if (!new Value(operand.tensor(), slice).equals(held)) {
          return Optional.of("reads " + operand + " but finds " + held);
        }
      }
    }
    return Optional.empty();
  }

  private static void fill(
      @Nullable Value[] words,
      Operand operand,
      int layer,
      int floatBytes,
      Function<Tensor, MemoryPlan.Place> places) {
    if (operand.tensor().role().persistent()) {
      return;
    }
    for (int i = 0; i < count(operand); i++) {
      int slice = operand.firstSlice(layer) + i;
      int[] range = range(operand, slice, floatBytes, places);
      Arrays.fill(words, range[0], range[1], new Value(operand.tensor(), slice));
    }
  }

  private static Optional<String> firstConflict(Graph graph, int floatBytes) {
    MemoryPlan plan = MemoryPlan.of(graph, floatBytes);
    return firstConflict(graph, floatBytes, plan::place, plan.bytes());
  }

  static java.util.stream.Stream<Graph> graphs() {
    return Graphs.all();
  }

  @ParameterizedTest
  @MethodSource("graphs")
  void everyOpFindsWhatWasWrittenForIt(Graph graph) {
    assertEquals(Optional.empty(), firstConflict(graph, Float.BYTES));
    assertEquals(Optional.empty(), firstConflict(graph, Double.BYTES));
  }

  @ParameterizedTest
  @MethodSource("graphs")
  void theCheckFindsTensorsThatLieInOnePlace(Graph graph) {
    MemoryPlan plan = MemoryPlan.of(graph, Float.BYTES);
    Function<Tensor, MemoryPlan.Place> allInOne =
        t -> new MemoryPlan.Place(0, plan.place(t).slices(), plan.place(t).sliceBytes());
    assertNotEquals(Optional.empty(), firstConflict(graph, Float.BYTES, allInOne, plan.bytes()));
  }

  @Test
  void theCheckFindsALayersSliceThatIsLost() {
    Graph graph = Graphs.backward(false, false, false);
    MemoryPlan plan = MemoryPlan.of(graph, Float.BYTES);
    for (String folded : List.of("residual", "gate", "attentionLogSumExp")) {
      Function<Tensor, MemoryPlan.Place> places =
          t ->
              t.name().equals(folded)
                  ? new MemoryPlan.Place(plan.place(t).offset(), 1, 0)
                  : plan.place(t);
      assertNotEquals(
          Optional.empty(), firstConflict(graph, Float.BYTES, places, plan.bytes()), folded);
    }
  }

  private static int slices(Graph graph, String name) {
    Tensor tensor =
        graph.tensors().stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
    return MemoryPlan.of(graph, Float.BYTES).place(tensor).slices();
  }

  @Test
  void whatDiesWithinItsLayerIsStoredOnce() {
    Graph forward = Graphs.forward(false, false);
    for (String name :
        List.of("attentionNormed", "queries", "attended", "middle", "gate", "gated", "down")) {
      assertEquals(1, slices(forward, name), name);
    }
    assertEquals(Graphs.LAYERS + 1, slices(forward, "residual"));
  }

  @Test
  void whatTheBackwardPassReadsKeepsASliceForEachLayer() {
    Graph backward = Graphs.backward(false, false, false);
    for (String name :
        List.of(
            "attentionNormed",
            "attentionNormedInverseRms",
            "rotatedQueries",
            "rotatedKeys",
            "values",
            "attended",
            "attentionLogSumExp",
            "middle",
            "feedForwardNormed",
            "gate",
            "up",
            "gated")) {
      assertEquals(Graphs.LAYERS, slices(backward, name), name);
    }
    for (String name :
        List.of(
            "queries", "keys", "attentionOutput", "down", "gradient.gate", "gradient.residual.3")) {
      assertEquals(1, slices(backward, name), name);
    }
  }

  @ParameterizedTest
  @MethodSource("graphs")
  void memoryIsSharedAndAligned(Graph graph) {
    MemoryPlan plan = MemoryPlan.of(graph, Float.BYTES);
    long sum = 0;
    for (Tensor tensor : graph.tensors()) {
      if (!tensor.role().persistent()) {
        MemoryPlan.Place place = plan.place(tensor);
        sum += place.slices() * place.sliceBytes();
        assertEquals(0, place.offset() % MemoryPlan.ALIGNMENT, tensor.toString());
        assertTrue(
            place.offset() + place.slices() * place.sliceBytes() <= plan.bytes(),
            tensor + " ends outside the block");
      }
    }
    assertTrue(plan.bytes() < 0.9 * sum, plan.bytes() + " bytes for values of " + sum);
  }

  /** So that the ops of a section may run in any order that their operands allow. */
  @ParameterizedTest
  @MethodSource("graphs")
  void bySectionNothingThatASectionTouchesSharesBytesUnlessItIsWrittenInPlace(Graph graph) {
    MemoryPlan plan = MemoryPlan.bySection(graph, Float.BYTES);
    assertEquals(
        Optional.empty(), firstConflict(graph, Float.BYTES, plan::place, plan.bytes(), true));
    Overwriting overwriting = new Overwriting(graph, MemoryPlan.lives(graph, Float.BYTES, true));
    for (Section section : graph.sections()) {
      List<Tensor> tensors =
          new Graph("section", sectionsUpTo(graph, section))
              .tensors().stream()
                  .filter(t -> touches(section, t) && overwriting.output(t).isEmpty())
                  .toList();
      for (Tensor a : tensors) {
        for (Tensor b : tensors) {
          MemoryPlan.Place first = plan.place(a);
          MemoryPlan.Place second = plan.place(b);
          assertTrue(
              a.equals(b)
                  || first.offset() + first.slices() * first.sliceBytes() <= second.offset()
                  || second.offset() + second.slices() * second.sliceBytes() <= first.offset(),
              a + " and " + b);
        }
      }
    }
  }

  /** What a layer rotates, adds to the residual and differentiates takes no memory of its own. */
  @Test
  void bySectionWhatIsReadOnceIsWrittenOver() {
    Graph graph = Graphs.backward(false, false, false);
    MemoryPlan plan = MemoryPlan.bySection(graph, Float.BYTES);
    for (int layer = 0; layer < 2; layer++) {
      assertEquals(
          offset(graph, plan, "rotatedQueries", layer), offset(graph, plan, "queries", layer));
      assertEquals(
          offset(graph, plan, "middle", layer), offset(graph, plan, "attentionOutput", layer));
      assertEquals(offset(graph, plan, "residual", layer + 1), offset(graph, plan, "down", layer));
      assertEquals(
          offset(graph, plan, "gradient.gate", 0), offset(graph, plan, "gradient.gated", 0));
    }
    assertNotEquals(offset(graph, plan, "values", 0), offset(graph, plan, "keys", 0));
  }

  /** What holds something else until the input has died lies elsewhere. */
  @Test
  void bySectionNothingIsWrittenWhereTheOutputStillHoldsAnOlderValue() {
    Operand in = Tensor.of("in", Role.INPUT, 2, 4).whole();
    Operand older = Tensor.of("older", Role.ACTIVATION, 2, 4).whole();
    Operand branch = Tensor.of("branch", Role.ACTIVATION, 2, 4).whole();
    Operand sum = Tensor.of("sum", Role.OUTPUT, 2, 4).whole();
    Graph graph =
        Graphs.plain(
            new Add(older, in, in),
            new Add(branch, in, in),
            new Add(sum, in, older),
            new Add(older, in, branch),
            new Add(sum, sum, older));
    MemoryPlan plan = MemoryPlan.bySection(graph, Float.BYTES);
    assertNotEquals(plan.place(branch.tensor()).offset(), plan.place(older.tensor()).offset());
    assertEquals(
        Optional.empty(), firstConflict(graph, Float.BYTES, plan::place, plan.bytes(), true));
  }

  private static long offset(Graph graph, MemoryPlan plan, String name, int slice) {
    return plan.place(
            graph.tensors().stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow())
        .offset(slice);
  }

  private static List<Section> sectionsUpTo(Graph graph, Section section) {
    return graph.sections().subList(0, graph.sections().indexOf(section) + 1);
  }

  private static boolean touches(Section section, Tensor tensor) {
    return !tensor.role().persistent()
        && section.ops().stream()
            .anyMatch(
                op ->
                    op.inputs().stream().anyMatch(input -> input.tensor().equals(tensor))
                        || op.outputs().stream()
                            .anyMatch(output -> output.operand().tensor().equals(tensor)));
  }

  @Test
  void knowsNoPlaceForWhatIsKeptElsewhere() {
    Graph forward = Graphs.forward(false, false);
    MemoryPlan plan = MemoryPlan.of(forward, Float.BYTES);
    Tensor tokens =
        forward.tensors().stream().filter(t -> t.role() == Role.INPUT).findFirst().orElseThrow();
    assertThrows(IllegalArgumentException.class, () -> plan.place(tokens));
  }
}
