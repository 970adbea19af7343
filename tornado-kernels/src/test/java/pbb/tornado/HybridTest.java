package pbb.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import pbb.engine.backend.Backend;
import pbb.engine.backend.Placement;
import pbb.engine.backend.Support;
import pbb.engine.backend.Transfers;
import pbb.engine.conformance.Conformance;
import pbb.engine.conformance.OpCase;
import pbb.engine.conformance.OpTable;
import pbb.engine.graph.Gradients;
import pbb.engine.graph.Op;
import pbb.engine.graph.Program;
import pbb.engine.graph.Tensor;
import pbb.engine.nn.Transformer;

/** A device that refuses ops: they run on the host, with the same results. */
class HybridTest {

  private static Function<Op, Support> refusing(Set<String> ops) {
    return op ->
        ops.contains(op.name()) ? new Support.Refused("the test says so") : new Support.Supported();
  }

  @TestFactory
  Stream<DynamicTest> aModelWithSomeOpsOnTheHost() {
    Set<String> refused =
        Set.of(
            "Attention",
            "AttentionGradient",
            "RmsNormGradient",
            "SwiGlu",
            "EmbeddingGradient",
            "SquaredNorm",
            "AdamW",
            "CacheWrite",
            "TakeRows");
    // One for all checks: it compiles each kernel once.
    Backend refusing = TestDevice.open(refusing(refused));
    return new Conformance(_ -> new TestDevice.KeptOpen(refusing))
        .checks().stream()
            .filter(
                check ->
                    check.name().endsWith("model QK-norm, grouped queries")
                        && !check.name().startsWith("any number of threads"))
            .map(
                check ->
                    DynamicTest.dynamicTest(
                        check.name(), () -> check.failure().ifPresent(failure -> fail(failure))))
            .onClose(refusing::close);
  }

  @Test
  void everyOpCanBeRefused() {
    try (Backend backend = TestDevice.open(op -> new Support.Refused("all are"))) {
      Set<String> seen = new TreeSet<>();
      for (OpCase row : OpTable.rows()) {
        boolean small = row.fillings().keySet().stream().mapToLong(Tensor::size).sum() < 6000;
        if (small && seen.add(row.op().name())) {
          row.failure(backend, Conformance.SEED).ifPresent(failure -> fail(failure));
        }
      }
      assertEquals(19, seen.size(), seen.toString());
    }
  }

  @Test
  void itSaysWhatRunsOnTheHostAndCountsTheBytes() {
    Transformer model = new Transformer(TrainingData.model(2));
    Transformer.Training training = model.training("forward", 2, 20, false);
    Program program = Program.of(Gradients.backward("backward", training.graph(), false));
    try (TornadoBackend backend = TestDevice.open(refusing(Set.of("SwiGlu", "SwiGluGradient")));
        TornadoExecutable executable = backend.compile(program)) {
      List<Placement> placements = executable.placements();
      // 40 rows of 96 floats in 2 layers: gate, up and out; gradient, gate and up, dgate and dup.
      assertEquals(
          Set.of(
              new Placement("backward", "SwiGlu", "the test says so", 3L * 40 * 96 * 4 * 2),
              new Placement(
                  "backward", "SwiGluGradient", "the test says so", 5L * 40 * 96 * 4 * 2)),
          Set.copyOf(placements));
      executable.run("backward");
      Transfers before = executable.transfers();
      executable.run("backward");
      Transfers after = executable.transfers();
      assertEquals((2 + 3) * 40 * 96 * 4 * 2, after.toHost() - before.toHost());
      assertTrue(after.toDevice() - before.toDevice() >= (1 + 2) * 40 * 96 * 4 * 2);
    }
    try (TornadoBackend backend = TestDevice.open(refusing(Set.of()));
        TornadoExecutable executable = backend.compile(program)) {
      assertEquals(List.of(), executable.placements());
    }
  }
}
