package pbb.engine.backend.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import pbb.engine.backend.BackendUnavailableException;
import pbb.engine.backend.Profile;
import pbb.engine.backend.Profile.KernelTime;
import pbb.engine.graph.Add;
import pbb.engine.graph.Destination;
import pbb.engine.graph.Graph;
import pbb.engine.graph.MatMul;
import pbb.engine.graph.Program;
import pbb.engine.graph.Role;
import pbb.engine.graph.Section;
import pbb.engine.graph.Tensor;

class HostExecutableTest {

  private static final KernelFactory NOTHING = (_, _) -> () -> {};

  private static Program program(Section... sections) {
    return Program.of(new Graph("graph", List.of(sections)));
  }

  @Test
  void runsLayersInTheOrderOfTheirSectionOnTheirSlices() {
    Tensor x = Tensor.stacked("x", Role.STATE, 3, 2);
    Tensor sum = Tensor.of("sum", Role.OUTPUT, 2);
    Add add = new Add(sum.whole(), x.ofLayer(), sum.whole());
    Program program =
        program(
            new Section.Repeated(3, false, List.of(add)),
            new Section.Repeated(3, true, List.of(add)));
    List<Float> seen = new ArrayList<>();
    KernelFactory factory =
        (_, memory) -> {
          MemorySegment slice = memory.apply(x.ofLayer());
          assertEquals(2 * Float.BYTES, slice.byteSize());
          return () -> seen.add(slice.getAtIndex(ValueLayout.JAVA_FLOAT, 0));
        };
    try (HostExecutable executable = new HostExecutable(program, factory, Float.BYTES);
        Arena arena = Arena.ofConfined()) {
      executable.write(x, arena.allocateFrom(ValueLayout.JAVA_FLOAT, 10, 0, 20, 0, 30, 0));
      executable.run("graph");
      assertEquals(List.of(10f, 20f, 30f, 30f, 20f, 10f), seen);
    }
  }

  @Test
  void refusesToRunOnceClosed() {
    Tensor x = Tensor.of("x", Role.OUTPUT, 2);
    Add add = new Add(x.whole(), x.whole(), x.whole());
    List<String> ran = new ArrayList<>();
    HostExecutable executable =
        new HostExecutable(
            program(new Section.Plain(List.of(add))), (_, _) -> () -> ran.add("add"), Float.BYTES);
    executable.close();
    assertThrows(IllegalStateException.class, () -> executable.run("graph"));
    assertThrows(IllegalStateException.class, () -> executable.profile("graph"));
    assertEquals(List.of(), ran);
  }

  @Test
  void aProfileRunsTheGraphAndCountsOpsOfOneKindTogether() {
    Tensor x = Tensor.stacked("x", Role.STATE, 3, 2);
    Tensor sum = Tensor.of("sum", Role.OUTPUT, 2);
    Tensor square = Tensor.of("square", Role.STATE, 2, 2);
    Tensor product = Tensor.of("product", Role.OUTPUT, 2, 2);
    MatMul multiply =
        new MatMul(
            Destination.overwriting(product.whole()), square.whole(), square.whole(), false, false);
    Program program =
        program(
            new Section.Plain(List.of(multiply)),
            new Section.Repeated(
                3, false, List.of(new Add(sum.whole(), x.ofLayer(), sum.whole()))));
    List<String> ran = new ArrayList<>();
    KernelFactory factory =
        (op, _) ->
            () -> {
              ran.add(op.name());
              LockSupport.parkNanos(1000);
            };
    try (HostExecutable executable = new HostExecutable(program, factory, Float.BYTES)) {
      Profile profile = executable.profile("graph");
      assertEquals(List.of("MatMul", "Add", "Add", "Add"), ran);
      assertEquals(
          List.of("MatMul", "Add"), profile.kernels().stream().map(KernelTime::name).toList());
      assertEquals(List.of(1L, 3L), profile.kernels().stream().map(KernelTime::launches).toList());
      assertEquals(
          List.of(2L * 2 * 2 * 2, 0L), profile.kernels().stream().map(KernelTime::flops).toList());
      assertTrue(profile.kernels().stream().allMatch(time -> time.nanoseconds() > 0));
    }
  }

  @Test
  void saysHowMuchMemoryIsMissing() {
    // More than a 64-bit processor can address, so that no system promises it.
    Tensor huge = Tensor.stacked("huge", Role.STATE, 1 << 28, 1 << 22);
    Program program =
        program(new Section.Plain(List.of(new Add(huge.whole(), huge.whole(), huge.whole()))));
    BackendUnavailableException refusal =
        assertThrows(
            BackendUnavailableException.class,
            () -> new HostExecutable(program, NOTHING, Float.BYTES).close());
    assertTrue(
        String.valueOf(refusal.getMessage()).contains("4294967296 MiB"), refusal.getMessage());
  }

  @Test
  void freesItsMemoryWhereAnOpCannotBeBound() {
    Tensor x = Tensor.of("x", Role.STATE, 2);
    Program program = program(new Section.Plain(List.of(new Add(x.whole(), x.whole(), x.whole()))));
    List<MemorySegment> bound = new ArrayList<>();
    IllegalStateException refusal = new IllegalStateException("cannot");
    assertSame(
        refusal,
        assertThrows(
            IllegalStateException.class,
            () ->
                new HostExecutable(
                        program,
                        (_, memory) -> {
                          bound.add(memory.apply(x.whole()));
                          throw refusal;
                        },
                        Float.BYTES)
                    .close()));
    assertEquals(false, bound.getFirst().scope().isAlive());
  }

  @Test
  void countsItsBytes() {
    Tensor x = Tensor.of("x", Role.STATE, 100);
    Program program = program(new Section.Plain(List.of(new Add(x.whole(), x.whole(), x.whole()))));
    try (HostExecutable executable = new HostExecutable(program, NOTHING, Float.BYTES)) {
      assertEquals(400, executable.bytes());
    }
    try (HostExecutable executable = new HostExecutable(program, NOTHING, Double.BYTES)) {
      assertNotEquals(400, executable.bytes());
    }
  }
}
