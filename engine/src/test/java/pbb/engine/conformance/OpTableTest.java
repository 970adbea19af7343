package pbb.engine.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import pbb.engine.backend.Backend;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.backend.Executable;
import pbb.engine.backend.Support;
import pbb.engine.backend.host.HostExecutable;
import pbb.engine.backend.host.Kernel;
import pbb.engine.backend.host.KernelFactory;
import pbb.engine.backend.scalar.ScalarBackend;
import pbb.engine.graph.Op;
import pbb.engine.graph.Operand;
import pbb.engine.graph.Program;
import pbb.engine.graph.Tensor;
import pbb.engine.nn.ModelConfig;

/** That the table has every op, and that its checks find a backend that gets one wrong. */
class OpTableTest {

  private static Set<String> names(List<OpCase> rows) {
    Set<String> names = new HashSet<>();
    rows.forEach(row -> names.add(row.op().name()));
    return names;
  }

  private static Stream<Class<?>> ops(Class<?> type) {
    return type.isSealed()
        ? Arrays.stream(type.getPermittedSubclasses()).flatMap(OpTableTest::ops)
        : Stream.of(type);
  }

  static List<String> all() {
    return ops(Op.class).map(Class::getSimpleName).sorted().toList();
  }

  @Test
  void hasEveryOp() {
    assertEquals(all(), names(OpTable.rows()).stream().sorted().toList());
    assertEquals(all(), names(OpTable.sample()).stream().sorted().toList(), "the self-test's rows");
    List<String> ofModel =
        names(OpTable.ofModel(ModelConfig.llama(16, 12, 20, 2, 3, 8, true), 2, 8)).stream()
            .sorted()
            .toList();
    assertEquals(
        all().stream().filter(name -> !name.equals("ClipFactor")).toList(),
        ofModel,
        "a model's rows");
  }

  @Test
  void namesAreUnique() {
    List<OpCase> rows = OpTable.rows();
    assertEquals(rows.size(), rows.stream().map(OpCase::name).distinct().count());
  }

  @Test
  void inputsAreAFunctionOfTheSeed() {
    OpCase row =
        OpTable.rows().stream()
            .filter(r -> r.op().name().equals("AttentionGradient"))
            .findFirst()
            .orElseThrow();
    row.inputs(1)
        .forEach((tensor, values) -> assertTrue(Arrays.equals(values, row.inputs(1).get(tensor))));
    assertTrue(
        row.inputs(1).entrySet().stream()
            .anyMatch(e -> !Arrays.equals(e.getValue(), row.inputs(2).get(e.getKey()))));
  }

  /** The scalar backend, with something wrong in one op. */
  private record FaultyBackend(String op, Fault fault) implements Backend {

    @Override
    public DeviceStatus device() {
      return new DeviceStatus("faulty", "cpu", "", DeviceStatus.Kind.SCALAR_CPU, Optional.empty());
    }

    @Override
    public Support supports(Op candidate) {
      return new Support.Supported();
    }

    @Override
    public Executable compile(Program program) {
      KernelFactory right = ScalarBackend.withFloats().kernels();
      return new HostExecutable(
          program,
          (candidate, memory) -> {
            Kernel kernel = right.kernel(candidate, memory);
            return candidate.name().equals(op)
                ? () -> fault.run(candidate, memory, kernel)
                : kernel;
          },
          Float.BYTES);
    }

    @Override
    public void close() {}
  }

  private interface Fault {
    void run(Op op, Function<Operand, MemorySegment> memory, Kernel kernel);
  }

  private static MemorySegment output(Op op, Function<Operand, MemorySegment> memory, int index) {
    return memory.apply(op.outputs().get(index).operand());
  }

  private static long findings(String op, Fault fault) {
    try (Backend faulty = new FaultyBackend(op, fault)) {
      return rowsOf(op).stream()
          .filter(row -> row.failure(faulty, Conformance.SEED).isPresent())
          .count();
    }
  }

  /** The rows of an op, but for those that take long. */
  private static List<OpCase> rowsOf(String op) {
    return OpTable.rows().stream()
        .filter(row -> row.op().name().equals(op))
        .filter(row -> row.fillings().keySet().stream().mapToLong(Tensor::size).sum() < 10_000)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("all")
  void anyOutputsLastElementIsChecked(String op) {
    Op any =
        OpTable.rows().stream()
            .map(OpCase::op)
            .filter(o -> o.name().equals(op))
            .findFirst()
            .orElseThrow();
    for (int i = 0; i < any.outputs().size(); i++) {
      int index = i;
      long found =
          findings(
              op,
              (o, memory, kernel) -> {
                kernel.run();
                MemorySegment out = output(o, memory, index);
                long last = out.byteSize() / Float.BYTES - 1;
                float value = out.getAtIndex(ValueLayout.JAVA_FLOAT, last);
                out.setAtIndex(ValueLayout.JAVA_FLOAT, last, value * 1.01f + 0.01f);
              });
      assertEquals(rowsOf(op).size(), found, "rows that find a wrong last element of output " + i);
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void anOpThatDoesNothingIsFound(String op) {
    assertEquals(rowsOf(op).size(), findings(op, (_, _, _) -> {}));
  }

  @Test
  void theSelfTestFindsAnyOpThatIsWrong() {
    assertEquals(Optional.empty(), SelfTest.failure(ScalarBackend.withFloats()));
    for (String op : all()) {
      assertNotEquals(
          Optional.empty(), SelfTest.failure(new FaultyBackend(op, (_, _, _) -> {})), op);
    }
  }
}
