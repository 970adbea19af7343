package pbb.engine.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GraphTest {

  private static final Operand INPUT = Tensor.of("input", Role.INPUT, 2, 3).whole();
  private static final Operand MIDDLE = Tensor.of("middle", Role.ACTIVATION, 2, 3).whole();
  private static final Operand OUTPUT = Tensor.of("output", Role.OUTPUT, 2, 3).whole();

  private static String refusal(org.junit.jupiter.api.function.Executable executable) {
    return String.valueOf(assertThrows(IllegalArgumentException.class, executable).getMessage());
  }

  @Test
  void namesItsTensorsInOrderOfFirstUse() {
    Graph graph = Graphs.plain(new Add(MIDDLE, INPUT, INPUT), new Add(OUTPUT, MIDDLE, INPUT));
    assertEquals(
        List.of(INPUT.tensor(), MIDDLE.tensor(), OUTPUT.tensor()), List.copyOf(graph.tensors()));
    assertEquals(Set.of(INPUT.tensor(), OUTPUT.tensor()), Program.of(graph).persistentTensors());
  }

  @Test
  void refusesAnActivationThatIsReadBeforeItIsWritten() {
    assertEquals(
        "Add of graph graph reads middle(2, 3) before any op has written it",
        refusal(() -> Graphs.plain(new Add(OUTPUT, INPUT, MIDDLE))));
  }

  @Test
  void refusesToAddToAnActivationThatNothingHasWritten() {
    Operand square = Tensor.of("square", Role.ACTIVATION, 2, 2).whole();
    assertTrue(
        refusal(
                () ->
                    Graphs.plain(new MatMul(Destination.adding(square), INPUT, INPUT, false, true)))
            .contains("reads square(2, 2) before"));
  }

  @Test
  void refusesTwoTensorsOfOneName() {
    Operand other = Tensor.of("input", Role.ACTIVATION, 2, 3).whole();
    assertTrue(
        refusal(() -> Graphs.plain(new Add(other, INPUT, INPUT)))
            .startsWith("two tensors of graph graph are named input"));
  }

  @Test
  void refusesALayerWithoutASlice() {
    Tensor stacked = Tensor.stacked("stacked", Role.STATE, 3, 2, 3);
    Add inRange = new Add(stacked.ofLayer(1), stacked.ofLayer(), INPUT);
    new Graph("graph", List.of(new Section.Repeated(2, false, List.of(inRange))));
    assertEquals(
        "Add of graph graph is run for 3 layers, but stacked[layer+1](2, 3) has only 3 slices",
        refusal(
            () -> new Graph("graph", List.of(new Section.Repeated(3, false, List.of(inRange))))));
  }

  @Test
  void countsTheOperationsOfEveryLayer() {
    Operand weight = Tensor.stacked("weight", Role.PARAMETER, 4, 5, 3).ofLayer();
    Operand out = Tensor.stacked("out", Role.ACTIVATION, 4, 2, 5).ofLayer();
    Section layers = new Section.Repeated(4, false, List.of(MatMul.linear(out, INPUT, weight)));
    assertEquals(4 * 2 * 2 * 5 * 3, new Graph("graph", List.of(layers)).flops());
  }

  @Test
  void aModelsTrainingStepCountsThreeTimesItsForwardProducts() {
    Graph forward = Graphs.forward(false, false);
    Graph backward = Graphs.backward(false, false, false);
    assertEquals(3 * forward.flops(), backward.flops());
    double perToken = Graphs.config(false, false).trainingFlopsPerToken(5);
    assertEquals(perToken * 10, (double) backward.flops(), "the config's estimate, 10 tokens");
  }

  @Test
  void aProgramSharesPersistentTensorsByName() {
    Graph first =
        new Graph("first", List.of(new Section.Plain(List.of(new Add(MIDDLE, INPUT, INPUT)))));
    Graph second =
        new Graph("second", List.of(new Section.Plain(List.of(new Add(OUTPUT, INPUT, INPUT)))));
    Program program = Program.of(first, second);
    assertEquals(Set.of(INPUT.tensor(), OUTPUT.tensor()), program.persistentTensors());
    assertEquals(second, program.graph("second"));
    assertTrue(refusal(() -> program.graph("third")).contains("third"));
    assertEquals("two graphs are named first", refusal(() -> Program.of(first, first)));
  }

  @Test
  void aProgramRefusesTwoPersistentTensorsOfOneName() {
    Operand wide = Tensor.of("input", Role.INPUT, 7, 3).whole();
    Operand wideOut = Tensor.of("wideOut", Role.OUTPUT, 7, 3).whole();
    Graph first = Graphs.plain(new Add(OUTPUT, INPUT, INPUT));
    Graph second =
        new Graph("second", List.of(new Section.Plain(List.of(new Add(wideOut, wide, wide)))));
    assertEquals(
        "two tensors are named input: input(2, 3), input(7, 3)",
        refusal(() -> Program.of(first, second)));
  }

  @Test
  void opsRefuseShapesThatDoNotFit() {
    assertEquals(
        "Add needs operands of one shape, not [wide(7, 3), input(2, 3), input(2, 3)]",
        refusal(() -> new Add(Tensor.of("wide", Role.OUTPUT, 7, 3).whole(), INPUT, INPUT)));
    refusal(() -> MatMul.linear(OUTPUT, INPUT, INPUT));
    refusal(() -> new Operand(INPUT.tensor(), new Operand.At(1)));
    refusal(() -> Shape.of(2, 0));
    refusal(() -> new Tensor("none", DataType.F32, Shape.of(1), 0, Role.INPUT));
  }
}
