package pbb.engine.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import pbb.engine.nn.Parameter;
import pbb.engine.nn.Transformer;

class GradientsTest {

  private static List<String> names(Section section) {
    return section.ops().stream().map(Op::name).toList();
  }

  /** All destinations within {@code tensor}, in the order in which ops write them. */
  private static List<Destination> writes(Graph graph, Tensor tensor) {
    List<Destination> writes = new ArrayList<>();
    for (Section section : graph.sections()) {
      for (Op op : section.ops()) {
        op.outputs().stream()
            .filter(output -> output.operand().tensor().equals(tensor))
            .forEach(writes::add);
      }
    }
    return writes;
  }

  private static Tensor tensor(Graph graph, String name) {
    return graph.tensors().stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
  }

  private static String refusal(Graph forward) {
    return String.valueOf(
        assertThrows(
                IllegalArgumentException.class,
                () -> Gradients.backward("backward", forward, false))
            .getMessage());
  }

  @Test
  void keepsTheSectionsAndRunsTheLayersBackwards() {
    Graph backward = Graphs.backward(false, false, false);
    assertEquals(5, backward.sections().size());
    assertEquals(List.of("Embedding"), names(backward.sections().get(0)));
    assertEquals(Graphs.forward(false, false).sections().get(1), backward.sections().get(1));
    assertEquals(
        List.of(
            "RmsNorm",
            "MatMul",
            "CrossEntropy",
            "CrossEntropyGradient",
            "MatMul",
            "MatMul",
            "RmsNormGradient"),
        names(backward.sections().get(2)));
    Section.Repeated layers = (Section.Repeated) backward.sections().get(3);
    assertTrue(layers.reversed());
    assertEquals(Graphs.LAYERS, layers.layers());
    assertEquals(
        List.of(
            "MatMul",
            "MatMul",
            "SwiGluGradient",
            "MatMul",
            "MatMul",
            "MatMul",
            "MatMul",
            "RmsNormGradient",
            "MatMul",
            "MatMul",
            "AttentionGradient",
            "Rope",
            "Rope",
            "MatMul",
            "MatMul",
            "MatMul",
            "MatMul",
            "MatMul",
            "MatMul",
            "RmsNormGradient"),
        names(layers));
    assertEquals(List.of("EmbeddingGradient"), names(backward.sections().get(4)));
  }

  @Test
  void theResidualStreamHasOneGradientThatEveryLayerAddsTo() {
    Graph backward = Graphs.backward(false, false, false);
    Tensor gradient = tensor(backward, "gradient.residual.3");
    assertEquals(1, gradient.slices());
    assertEquals(
        List.of(
            Destination.overwriting(gradient.whole()), // the final norm
            Destination.adding(
                gradient.whole()), // in each layer: the norm before the feed-forward block,
            Destination.adding(gradient.whole())), // and the one before attention
        writes(backward, gradient));
    Op last = backward.sections().get(4).ops().getFirst();
    assertEquals(gradient.whole(), ((EmbeddingGradient) last).gradient());
  }

  @Test
  void whatIsReadThreeTimesCollectsThreeContributions() {
    Graph backward = Graphs.backward(false, false, false);
    Tensor gradient = tensor(backward, "gradient.attentionNormed");
    assertEquals(
        List.of(false, true, true),
        writes(backward, gradient).stream().map(Destination::accumulate).toList(),
        "values, keys and queries read the normed input");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyParameterHasAGradientThatAccumulatesIfAsked(boolean accumulate) {
    Transformer model = new Transformer(Graphs.config(false, true));
    Graph backward = Graphs.backward(false, true, accumulate);
    Set<Tensor> expected = new HashSet<>();
    for (Parameter parameter : model.parameters()) {
      Tensor gradient = Gradients.of(parameter.tensor());
      expected.add(gradient);
      List<Destination> writes = writes(backward, gradient);
      assertEquals(1, writes.size(), gradient.toString());
      assertEquals(accumulate, writes.getFirst().accumulate(), gradient.toString());
      assertEquals(parameter.tensor().slices(), gradient.slices());
    }
    Set<Tensor> actual = new HashSet<>(backward.tensors());
    actual.removeIf(tensor -> tensor.role() != Role.GRADIENT);
    assertEquals(expected, actual);
  }

  @Test
  void aTiedTableCollectsBothContributions() {
    Tensor gradient = tensor(Graphs.backward(true, false, false), "gradient.embedding");
    assertEquals(
        List.of(false, true),
        writes(Graphs.backward(true, false, false), gradient).stream()
            .map(Destination::accumulate)
            .toList());
    assertEquals(
        List.of(true, true),
        writes(Graphs.backward(true, false, true), gradient).stream()
            .map(Destination::accumulate)
            .toList());
  }

  @Test
  void theTermsOfASumShareItsGradient() {
    Graph backward = Graphs.backward(false, false, false);
    assertTrue(
        backward.sections().stream()
                .flatMap(s -> s.ops().stream())
                .filter(Add.class::isInstance)
                .count()
            == 2,
        "only the forward pass adds");
    assertFalse(backward.tensors().stream().anyMatch(t -> t.name().equals("gradient.middle")));
  }

  @Test
  void namesTheGradientOfAParameterOnly() {
    Tensor weight = Tensor.stacked("weight", Role.PARAMETER, 2, 3);
    assertEquals(Tensor.stacked("gradient.weight", Role.GRADIENT, 2, 3), Gradients.of(weight));
    assertThrows(IllegalArgumentException.class, () -> Gradients.of(Tensor.of("x", Role.INPUT, 3)));
  }

  // What follows are graphs that cannot be differentiated, and what is said of each.

  private static final Operand TABLE = Tensor.of("table", Role.PARAMETER, 5, 4).whole();
  private static final Operand TOKENS = Tensor.ofInts("tokens", Role.INPUT, 3).whole();
  private static final Operand WEIGHTS = Tensor.of("weights", Role.INPUT, 3).whole();

  private static Operand activation(String name, int... shape) {
    return Tensor.of(name, Role.ACTIVATION, shape).whole();
  }

  private static Op embedding(Operand out) {
    return new Embedding(out, TABLE, TOKENS);
  }

  private static Op loss(Operand logits) {
    return new CrossEntropy(
        Tensor.of("loss", Role.OUTPUT, 1).whole(),
        activation("logSumExp", 3),
        logits,
        TOKENS,
        WEIGHTS);
  }

  @Test
  void refusesAnOpWithoutAGradientRule() {
    Operand x = activation("x", 3, 4);
    Operand taken = activation("taken", 3, 4);
    assertEquals(
        "TakeRows has no gradient rule: it cannot be trained through",
        refusal(Graphs.plain(embedding(x), new TakeRows(taken, x, TOKENS), loss(taken))));
  }

  @Test
  void refusesAnOpThatTheLossDoesNotDependOn() {
    Operand x = activation("x", 3, 4);
    Operand unused = activation("unused", 3, 4);
    assertEquals(
        "no op passes a gradient to unused(3, 4): the loss does not depend on it",
        refusal(Graphs.plain(embedding(x), embedding(unused), loss(x))));
  }

  @Test
  void refusesLogitsThatSomethingElseReads() {
    Operand x = activation("x", 3, 4);
    Operand gated = activation("gated", 3, 4);
    assertEquals(
        "only CrossEntropy may read x(3, 4) where gradients are wanted",
        refusal(
            Graphs.plain(
                embedding(x),
                loss(x),
                new SwiGlu(gated, x, x),
                new CrossEntropy(
                    Tensor.of("other", Role.OUTPUT, 1).whole(),
                    activation("otherSum", 3),
                    gated,
                    TOKENS,
                    WEIGHTS))));
  }

  @Test
  void refusesARotationThatIsNotTheOnlyReader() {
    Operand x = activation("x", 3, 4);
    Operand rotated = activation("rotated", 3, 4);
    Operand gated = activation("gated", 3, 4);
    assertEquals(
        "Rope must be the first to contribute to the gradient of x(3, 4): nothing else may read it",
        refusal(
            Graphs.plain(
                embedding(x),
                new Rope(rotated, x, TOKENS, 4, 10_000, 5, false),
                new SwiGlu(gated, rotated, x),
                loss(gated))));
  }

  @Test
  void refusesToChangeAGradientThatIsStillToBeRead() {
    // The sum's gradient is that of both terms; x has a second reader, which would add to both.
    Operand x = activation("x", 3, 4);
    Operand branch = activation("branch", 3, 4);
    Operand gated = activation("gated", 3, 4);
    Operand sum = activation("sum", 3, 4);
    Operand total = activation("total", 3, 4);
    assertEquals(
        "adding to the gradient of x(3, 4) would change that of [branch(3, 4)], which is still to"
            + " be read: the branch of a sum must start after all that reads its other term",
        refusal(
            Graphs.plain(
                embedding(x),
                embedding(branch),
                new SwiGlu(gated, x, x),
                new Add(sum, x, branch),
                new SwiGlu(total, sum, gated),
                loss(total))));
  }

  @Test
  void refusesALayerThatDoesNotHandOnItsInput() {
    Tensor x = Tensor.stacked("x", Role.ACTIVATION, 3, 3, 4);
    Graph forward =
        new Graph(
            "forward",
            List.of(
                new Section.Plain(List.of(embedding(x.at(0)))),
                new Section.Repeated(
                    2, false, List.of(new SwiGlu(x.ofLayer(1), x.ofLayer(), x.ofLayer()))),
                new Section.Plain(List.of(loss(x.at(2))))));
    assertEquals(
        "the gradient of x(3, 3, 4) does not come back to its buffer at the start of a layer: what"
            + " a layer hands on must be its input plus something",
        refusal(forward));
  }

  @Test
  void refusesALayerThatReadsAnActivationFromOutside() {
    Tensor x = Tensor.stacked("x", Role.ACTIVATION, 3, 3, 4);
    Operand outside = activation("outside", 3, 4);
    Operand gated = Tensor.stacked("gated", Role.ACTIVATION, 2, 3, 4).ofLayer();
    Graph forward =
        new Graph(
            "forward",
            List.of(
                new Section.Plain(List.of(embedding(x.at(0)), embedding(outside))),
                new Section.Repeated(
                    2,
                    false,
                    List.of(
                        new SwiGlu(gated, outside, outside),
                        new Add(x.ofLayer(1), x.ofLayer(), gated))),
                new Section.Plain(List.of(loss(x.at(2))))));
    assertEquals(
        "SwiGlu of a repeated section reads outside(3, 4), which is neither a parameter, nor"
            + " written by its layer, nor handed on from layer to layer: gradients to it are not"
            + " covered",
        refusal(forward));
  }
}
