package pbb.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import pbb.engine.backend.Profile;
import pbb.engine.backend.Profile.KernelTime;
import pbb.engine.graph.Gradients;
import pbb.engine.graph.Graph;
import pbb.engine.graph.Program;
import pbb.engine.graph.Tensor;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;

/** What the device's clock says of a run. */
class ProfileTest {

  @Test
  void aProfileCountsEveryLaunchAndEveryOperationOfAnUnchangedRun() {
    Transformer model = new Transformer(TrainingData.model(2));
    Transformer.Training training = model.training("forward", 2, 20, false);
    Graph graph = Gradients.backward("backward", training.graph(), false);
    try (TornadoExecutable executable = TestDevice.backend().compile(Program.of(graph));
        Arena arena = Arena.ofConfined()) {
      Weights.initial(model, 1).writeTo(executable);
      MemorySegment ones = arena.allocate(training.weights().size() * Float.BYTES, 64);
      for (long i = 0; i < training.weights().size(); i++) {
        ones.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1);
      }
      executable.write(training.weights(), ones);
      executable.run(graph.name());
      float loss = loss(executable, training.loss(), arena);
      assertTrue(loss > 0, "loss: " + loss);
      long began = System.nanoTime();
      Profile profile = executable.profile(graph.name());
      long spent = System.nanoTime() - began;
      assertEquals(loss, loss(executable, training.loss(), arena));

      Map<String, KernelTime> times =
          profile.kernels().stream().collect(Collectors.toMap(KernelTime::name, time -> time));
      assertEquals(
          executable.launches(graph.name()),
          times.values().stream().mapToLong(KernelTime::launches).sum(),
          times::toString);
      assertEquals(
          graph.flops(),
          times.values().stream().mapToLong(KernelTime::flops).sum(),
          times::toString);
      assertEquals(
          2, Objects.requireNonNull(times.get("keyValueGradient")).launches(), "one a layer");
      long inKernels = times.values().stream().mapToLong(KernelTime::nanoseconds).sum();
      assertTrue(
          times.values().stream().allMatch(time -> time.nanoseconds() > 0)
              && inKernels + profile.transferNanoseconds() < spent,
          () -> profile + " in " + spent + " ns");

      assertThrows(IllegalArgumentException.class, () -> executable.profile("none"));
      executable.run(graph.name());
      assertEquals(loss, loss(executable, training.loss(), arena), "after the profiler");
    }
  }

  private static float loss(TornadoExecutable executable, Tensor tensor, Arena arena) {
    MemorySegment value = arena.allocate(tensor.size() * Float.BYTES, 64);
    executable.read(tensor, value);
    return value.get(ValueLayout.JAVA_FLOAT, 0);
  }
}
