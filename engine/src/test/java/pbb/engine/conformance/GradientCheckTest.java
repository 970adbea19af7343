package pbb.engine.conformance;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import pbb.engine.backend.scalar.ScalarBackend;
import pbb.engine.graph.CrossEntropy;
import pbb.engine.graph.Destination;
import pbb.engine.graph.Gradients;
import pbb.engine.graph.Graph;
import pbb.engine.graph.Op;
import pbb.engine.graph.Operand;
import pbb.engine.graph.Program;
import pbb.engine.graph.Section;
import pbb.engine.graph.Tensor;
import pbb.engine.nn.Parameter;
import pbb.engine.random.RandomStream;

/** The gradients of the definition, with doubles stored, against central differences. */
class GradientCheckTest {

  private static final long SEED = 7;

  /** Elements of each tensor that are moved. */
  private static final int SAMPLES = 12;

  private static Stream<OpCase> differentiableRows() {
    return OpTable.rows().stream()
        .filter(row -> row.op() instanceof Op.Differentiable && row.prelude().isEmpty())
        .filter(row -> row.op().outputs().stream().noneMatch(Destination::accumulate))
        .filter(row -> row.fillings().keySet().stream().mapToLong(Tensor::size).sum() < 5_000);
  }

  /**
   * Where {@code analytic} is not the derivative of {@code loss} by the elements of {@code values}.
   *
   * @param scale below this an error counts as absolute
   */
  private static Optional<String> mismatch(
      String what,
      double[] values,
      int[] elements,
      double[] analytic,
      double scale,
      ToDoubleFunction<double[]> loss) {
    for (int element : elements) {
      double before = values[element];
      double h = 1e-3 * Math.max(Math.abs(before), 0.1);
      double[] at = new double[4];
      // Four points: the error is of fifth order in h.
      double[] steps = {-2, -1, 1, 2};
      for (int i = 0; i < 4; i++) {
        values[element] = before + steps[i] * h;
        at[i] = loss.applyAsDouble(values);
      }
      values[element] = before;
      double numeric = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * h);
      double error = Math.abs(numeric - analytic[element]);
      if (!(error <= 1e-7 * (Math.abs(numeric) + scale))) {
        return Optional.of(
            "%s, seed %d: by element %d the gradient is %s, but differences give %s"
                .formatted(what, SEED, element, analytic[element], numeric));
      }
    }
    return Optional.empty();
  }

  private static int[] sampled(Operand operand, RandomStream stream) {
    int size = Math.toIntExact(operand.size());
    int first = operand.firstSlice(0) * size;
    return size <= SAMPLES
        ? IntStream.range(first, first + size).toArray()
        : IntStream.generate(() -> first + stream.nextInt(size)).limit(SAMPLES).toArray();
  }

  /**
   * Checks the rule of one op with the loss Σ g · output, for random g; {@code factor} distorts the
   * analytic gradient.
   */
  private static Optional<String> check(OpCase row, double factor) {
    Op.Differentiable forward = (Op.Differentiable) row.op();
    SingleOpTape tape = new SingleOpTape(false, _ -> {}, _ -> {});
    forward.differentiate(tape);
    List<Op> ops = new ArrayList<>(List.of(forward));
    ops.addAll(tape.emitted());
    Map<Tensor, double[]> inputs = row.inputs(SEED);
    Map<Operand, double[]> cotangents = new LinkedHashMap<>();
    tape.cotangents()
        .forEach(
            (output, cotangent) -> {
              double[] g =
                  Filling.normal(1)
                      .values(
                          Math.toIntExact(cotangent.tensor().size()),
                          RandomStream.of(SEED, cotangent.tensor().name(), 0));
              inputs.put(cotangent.tensor(), g);
              cotangents.put(output, g);
            });
    if (forward instanceof CrossEntropy entropy) {
      double[] one = new double[Math.toIntExact(entropy.loss().tensor().size())];
      one[entropy.loss().firstSlice(0)] = 1;
      cotangents.put(entropy.loss(), one);
    }
    Program both =
        Program.of(
            new Graph("forward", List.of(new Section.Plain(List.of(forward)))),
            new Graph("backward", List.of(new Section.Plain(ops))));
    try (ScalarBackend scalar = ScalarBackend.withDoubles();
        Session session = new Session(scalar, both)) {
      session.write(inputs);
      session.run("backward");
      assertFalse(tape.gradients().isEmpty());
      for (Map.Entry<Operand, Operand> entry : tape.gradients().entrySet()) {
        Operand input = entry.getKey();
        double[] analytic =
            Arrays.stream(
                    // The terms of a sum have the gradient of the sum, which no op writes.
                    tape.cotangents().containsValue(entry.getValue())
                        ? inputs.getOrDefault(entry.getValue().tensor(), new double[0])
                        : session.read(entry.getValue().tensor()))
                .map(value -> factor * value)
                .toArray();
        double[] values = inputs.getOrDefault(input.tensor(), new double[0]);
        Optional<String> mismatch =
            mismatch(
                row.name() + " by " + input.tensor().name(),
                values,
                sampled(input, RandomStream.of(SEED, "elements", 0)),
                analytic,
                Math.max(1e-3, Comparison.rms(analytic)),
                moved -> {
                  session.write(input.tensor(), moved);
                  session.run("forward");
                  return cotangents.entrySet().stream()
                      .mapToDouble(
                          g -> dot(g.getKey(), g.getValue(), session.read(g.getKey().tensor())))
                      .sum();
                });
        session.write(input.tensor(), values);
        if (mismatch.isPresent()) {
          return mismatch;
        }
      }
      return Optional.empty();
    }
  }

  private static double dot(Operand output, double[] g, double[] values) {
    int size = Math.toIntExact(output.size());
    int first = output.firstSlice(0) * size;
    double sum = 0;
    for (int i = first; i < first + size; i++) {
      sum += g[i] * values[i];
    }
    return sum;
  }

  @ParameterizedTest
  @MethodSource("differentiableRows")
  void aGradientRuleGivesTheDerivative(OpCase row) {
    check(row, 1).ifPresent(failure -> fail(failure));
  }

  @Test
  void theTableHasEveryDifferentiableOp() {
    List<String> names =
        differentiableRows().map(row -> row.op().name()).distinct().sorted().toList();
    List<String> all =
        Arrays.stream(Op.Differentiable.class.getPermittedSubclasses())
            .map(Class::getSimpleName)
            .sorted()
            .toList();
    assertTrue(names.equals(all), names + " of " + all);
  }

  @Test
  void aGradientThatIsOffByOneMillionthIsFound() {
    Map<String, OpCase> oneAnOp = new LinkedHashMap<>();
    differentiableRows().forEach(row -> oneAnOp.put(row.op().name(), row));
    oneAnOp
        .values()
        .forEach(row -> assertTrue(check(row, 1 + 1e-6).isPresent(), row.name() + ": not found"));
  }

  private static Stream<ModelCase> models() {
    return ModelCase.all().stream();
  }

  @ParameterizedTest
  @MethodSource("models")
  void theGradientsOfAModelAreDerivativesOfItsLoss(ModelCase model) {
    Tensor loss = model.training().loss();
    Map<Tensor, double[]> weights = model.weights();
    try (ScalarBackend scalar = ScalarBackend.withDoubles();
        Session session = new Session(scalar, model.program())) {
      session.write(weights);
      session.write(model.batch(0));
      session.run(ModelCase.FIRST);
      for (Parameter parameter : model.model().parameters()) {
        Tensor tensor = parameter.tensor();
        double[] analytic = session.read(Gradients.of(tensor));
        double[] values = weights.getOrDefault(tensor, new double[0]);
        // Along a random direction: a sum over all elements that a wrong one falls out of.
        double[] direction =
            Filling.normal(1).values(values.length, RandomStream.of(SEED, tensor.name(), 0));
        double derivative = 0;
        for (int i = 0; i < values.length; i++) {
          derivative += analytic[i] * direction[i];
        }
        double scale = Comparison.rms(analytic) * Math.sqrt(values.length);
        assertTrue(scale > 0, model.name() + ": no gradient by " + tensor);
        mismatch(
                model.name() + " along a direction of " + tensor,
                new double[1],
                new int[] {0},
                new double[] {derivative},
                scale,
                distance -> {
                  double[] moved = values.clone();
                  Arrays.setAll(moved, i -> values[i] + distance[0] * direction[i]);
                  session.write(tensor, moved);
                  session.run(ModelCase.FORWARD);
                  return session.read(loss)[0];
                })
            .ifPresent(failure -> fail(failure));
        session.write(tensor, values);
      }
    }
  }
}
