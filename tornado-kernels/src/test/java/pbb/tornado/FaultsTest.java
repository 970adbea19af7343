package pbb.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import pbb.engine.backend.BackendOptions;
import pbb.engine.backend.BackendUnavailableException;
import pbb.engine.backend.Executable;
import pbb.engine.backend.Support;
import pbb.engine.graph.Graph;
import pbb.engine.graph.Op;
import pbb.engine.graph.Program;
import pbb.engine.graph.Role;
import pbb.engine.graph.Section;
import pbb.engine.graph.SwiGlu;
import pbb.engine.graph.Tensor;
import pbb.engine.nn.Transformer;
import uk.ac.manchester.tornado.api.WorkerGrid3D;

/** What goes wrong in one sentence, and before the device is given it. */
class FaultsTest {

  private static String message(Class<? extends RuntimeException> type, Runnable action) {
    return String.valueOf(assertThrows(type, action::run).getMessage());
  }

  @Test
  void moreThanAnArrayCanHave() {
    assertDoesNotFit(900_000_000, "more than the 8 GiB that one array can have");
  }

  @Test
  void moreThanOneAllocationCanHave() {
    long width = TestDevice.backend().largestAllocation() / Float.BYTES / 3 + 1;
    assumeTrue(
        3 * width < 2_000_000_000,
        "SKIPPED: the device allocates as much in one piece as an array can have");
    assertDoesNotFit((int) width, "where one allocation can have ");
  }

  private static void assertDoesNotFit(int width, String why) {
    Tensor out = Tensor.of("out", Role.OUTPUT, 1, width);
    Tensor gate = Tensor.of("gate", Role.INPUT, 1, width);
    Tensor up = Tensor.of("up", Role.INPUT, 1, width);
    Op op = new SwiGlu(out.whole(), gate.whole(), up.whole());
    Program program = Program.of(new Graph("op", List.of(new Section.Plain(List.of(op)))));
    TornadoBackend backend = TestDevice.backend();
    String message = message(BackendUnavailableException.class, () -> backend.compile(program));
    assertTrue(message.contains((3L * 4 * width >> 20) + " MiB"), message);
    assertTrue(message.contains(why) && message.contains("--batch-size"), message);
  }

  @Test
  void anUnknownDevice() {
    String message =
        message(
            BackendUnavailableException.class,
            () -> new TornadoProvider().open(new BackendOptions("opencl:99", 1)));
    assertTrue(message.contains("opencl:99"), message);
    assertTrue(message.contains(TestDevice.backend().device().id()), message);
  }

  @Test
  void integersThatPointNowhere() {
    Transformer.Training training =
        new Transformer(TrainingData.model(1)).training("forward", 1, 4, true);
    try (Executable executable = TestDevice.backend().compile(Program.of(training.graph()));
        Arena arena = Arena.ofConfined()) {
      MemorySegment ints = arena.allocate(16, 16);
      executable.run("forward");
      ints.setAtIndex(ValueLayout.JAVA_INT, 2, 100_000);
      executable.write(training.tokens(), ints);
      String message = message(IllegalArgumentException.class, () -> executable.run("forward"));
      assertTrue(message.contains("element 2 of tokens") && message.contains("100000"), message);
      ints.setAtIndex(ValueLayout.JAVA_INT, 2, 3);
      executable.write(training.tokens(), ints);
      executable.write(training.targets(), ints);
      executable.run("forward");
      ints.setAtIndex(ValueLayout.JAVA_INT, 2, -1);
      executable.write(training.targets(), ints);
      // Of weight 0: nobody looks.
      executable.run("forward");
      MemorySegment ones = arena.allocate(16, 16);
      for (int i = 0; i < 4; i++) {
        ones.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1);
      }
      executable.write(training.weights(), ones);
      assertTrue(
          message(IllegalArgumentException.class, () -> executable.run("forward"))
              .contains("element 2 of targets"));
    }
  }

  @Test
  void aClosedBackend() {
    Transformer.Training training =
        new Transformer(TrainingData.model(1)).training("forward", 1, 4, true);
    TornadoBackend backend = TestDevice.open(_ -> new Support.Supported());
    Executable executable = backend.compile(Program.of(training.graph()));
    backend.close();
    String message = message(IllegalStateException.class, () -> executable.run("forward"));
    assertTrue(message.contains("was closed"), message);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ints = arena.allocate(16, 16);
      message =
          message(IllegalStateException.class, () -> executable.read(training.tokens(), ints));
      assertTrue(message.contains("was closed"), message);
    }
  }

  @Test
  void launchesThatGiveWrongNumbers() {
    assertThrows(
        IllegalArgumentException.class, () -> new Step.Launch(DeviceKernel.ADD, 0, 0, 1, 0));
    assertThrows(
        IllegalArgumentException.class, () -> new Step.Launch(DeviceKernel.ADD, 0, 1, 0, 0));
    assertThrows(
        IllegalArgumentException.class, () -> new Step.Launch(DeviceKernel.ADD, 0, 1 << 26, 1, 0));
    assertEquals(1, new Step.Launch(DeviceKernel.ADD, 0, 1, 1, 0).ops());
  }

  @Test
  void groupsOfAnotherSize() {
    WorkerGrid3D grid = new WorkerGrid3D(128, 1, 3);
    grid.setLocalWork(64, 1, 1);
    DeviceArena.requireGroups("tornado opencl:0", grid);
    grid.setLocalWork(64, 1, 3);
    assertTrue(
        message(
                BackendUnavailableException.class,
                () -> DeviceArena.requireGroups("tornado opencl:0", grid))
            .contains("it was given [64, 1, 3]"));
    grid.setLocalWorkToNull();
    assertTrue(
        message(
                BackendUnavailableException.class,
                () -> DeviceArena.requireGroups("tornado opencl:0", grid))
            .contains("takes no groups of 64 work-items"));
  }
}
