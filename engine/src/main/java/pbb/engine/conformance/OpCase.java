package pbb.engine.conformance;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import pbb.engine.backend.Backend;
import pbb.engine.backend.scalar.ScalarBackend;
import pbb.engine.graph.DataType;
import pbb.engine.graph.Graph;
import pbb.engine.graph.Op;
import pbb.engine.graph.Program;
import pbb.engine.graph.Section;
import pbb.engine.graph.Tensor;
import pbb.engine.random.RandomStream;

/**
 * A row of the op table: one op at one shape on inputs of one kind.
 *
 * @param name the op's name and what is particular, unique in the table
 * @param op the op, all of its tensors persistent
 * @param fillings how each tensor that the op names begins, but for what {@code prelude} writes
 * @param prelude the op whose outputs are inputs of this one: for a gradient, its forward op
 * @param tolerance how far the outputs may be from the definition
 */
public record OpCase(
    String name, Op op, Map<Tensor, Filling> fillings, Optional<Op> prelude, Tolerance tolerance) {

  /** The name of the one graph of {@link #program()}. */
  public static final String GRAPH = "op";

  /** Copies the map. */
  public OpCase {
    fillings = Map.copyOf(fillings);
  }

  /** The op by itself. */
  public Program program() {
    return program(op);
  }

  private static Program program(Op op) {
    return Program.of(new Graph(GRAPH, List.of(new Section.Plain(List.of(op)))));
  }

  /** What the op's tensors begin with: floats that single precision holds, and integers. */
  public Map<Tensor, double[]> inputs(long seed) {
    Map<Tensor, double[]> values = filled(program(), seed);
    prelude.ifPresent(
        forward -> {
          Program program = program(forward);
          Map<Tensor, double[]> before = filled(program, seed);
          Set<Tensor> written =
              forward.outputs().stream()
                  .map(output -> output.operand().tensor())
                  .collect(Collectors.toSet());
          try (Backend scalar = ScalarBackend.withDoubles();
              Session session = new Session(scalar, program)) {
            session.write(before);
            session.run(GRAPH);
            op.inputs().stream()
                .map(input -> input.tensor())
                .filter(written::contains)
                .forEach(tensor -> values.put(tensor, rounded(tensor, session.read(tensor))));
          }
        });
    return values;
  }

  private Map<Tensor, double[]> filled(Program program, long seed) {
    Map<Tensor, double[]> values = new LinkedHashMap<>();
    for (Tensor tensor : program.persistentTensors()) {
      Filling filling = fillings.getOrDefault(tensor, Filling.UNWRITTEN);
      values.put(
          tensor,
          rounded(
              tensor,
              filling.values(
                  Math.toIntExact(tensor.size()), RandomStream.of(seed, tensor.name(), 0))));
    }
    return values;
  }

  private static double[] rounded(Tensor tensor, double[] values) {
    if (tensor.type() == DataType.F32) {
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) values[i];
      }
    }
    return values;
  }

  /** The op compiled, with its inputs written. */
  public Session open(Backend backend, Map<Tensor, double[]> inputs) {
    Session session = new Session(backend, program());
    session.write(inputs);
    return session;
  }

  /**
   * What each tensor that the op writes holds after {@code runs} runs; what is added to or changed
   * in place goes on.
   */
  public Map<Tensor, double[]> outputs(Backend backend, Map<Tensor, double[]> inputs, int runs) {
    try (Session session = open(backend, inputs)) {
      for (int i = 0; i < runs; i++) {
        session.run(GRAPH);
      }
      Map<Tensor, double[]> outputs = new LinkedHashMap<>();
      op.outputs()
          .forEach(output -> outputs.computeIfAbsent(output.operand().tensor(), session::read));
      return outputs;
    }
  }

  /** Runs the op on {@code backend} and holds it against its definition. */
  public Optional<String> failure(Backend backend, long seed) {
    Map<Tensor, double[]> inputs = inputs(seed);
    Map<Tensor, double[]> expected;
    try (Backend scalar = ScalarBackend.withDoubles()) {
      expected = outputs(scalar, inputs, 1);
    }
    Map<Tensor, double[]> actual = outputs(backend, inputs, 1);
    for (Map.Entry<Tensor, double[]> entry : expected.entrySet()) {
      Tensor tensor = entry.getKey();
      double[] values = actual.getOrDefault(tensor, new double[0]);
      Optional<String> difference =
          Comparison.difference(
              name + ", seed " + seed + ", " + tensor, values, entry.getValue(), tolerance);
      if (difference.isPresent()) {
        return difference;
      }
    }
    return Optional.empty();
  }

  /** Whether the case is one of the op of this name; all cases are for an empty name. */
  public static Predicate<OpCase> ofOp(String opName) {
    return row -> opName.isEmpty() || row.op().name().equals(opName);
  }

  @Override
  public String toString() {
    return name;
  }
}
