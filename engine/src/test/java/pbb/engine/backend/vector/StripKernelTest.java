package pbb.engine.backend.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import pbb.engine.backend.host.BoundOp;
import pbb.engine.backend.host.HostExecutable;
import pbb.engine.backend.host.Kernel;
import pbb.engine.graph.Add;
import pbb.engine.graph.DataType;
import pbb.engine.graph.Gradients;
import pbb.engine.graph.Graph;
import pbb.engine.graph.Program;
import pbb.engine.graph.Role;
import pbb.engine.graph.Tensor;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;
import pbb.engine.random.RandomStream;

class StripKernelTest {

  private static final String GRAPH = "backward";

  /**
   * @param batch sequences
   * @param length tokens of each
   */
  record Case(ModelConfig model, int batch, int length) {

    Transformer.Training training() {
      return new Transformer(model).training("forward", batch, length, true);
    }
  }

  /** Grouped queries and norms of queries and keys; several strips, with rests; long sequences. */
  static Stream<Case> cases() {
    return Stream.of(
        new Case(
            new ModelConfig(70, 48, 80, 3, 4, 2, 12, 1e-5, 10_000, 512, true, true, 0.1), 9, 24),
        new Case(
            new ModelConfig(33, 32, 40, 2, 2, 2, 16, 1e-5, 10_000, 512, false, false, 0.1), 40, 16),
        new Case(
            new ModelConfig(33, 32, 40, 2, 2, 1, 16, 1e-5, 10_000, 512, false, true, 0.1), 3, 200),
        new Case(
            new ModelConfig(33, 32, 40, 1, 2, 2, 16, 1e-5, 10_000, 512, false, false, 0.1), 1, 5),
        new Case( // with a large cache strips of two units, also for three workers
            new ModelConfig(33, 32, 40, 1, 2, 2, 16, 1e-5, 10_000, 512, false, false, 0.1),
            24,
            129),
        new Case( // sequences of two units, together in a strip with a large cache
            new ModelConfig(33, 16, 24, 1, 1, 1, 16, 1e-5, 10_000, 512, false, false, 0.1),
            4,
            512));
  }

  /** What a profile runs op by op, a run does strip by strip; anybody may do one, of any height. */
  @ParameterizedTest
  @MethodSource("cases")
  void stripsAndThreadsDoNotChangeTheBits(Case shape) {
    Map<String, List<Float>> expected = results(shape, 1, SecondLevelCache.SMALL, true);
    for (int threads = 1; threads <= 3; threads++) {
      for (SecondLevelCache cache : SecondLevelCache.values()) {
        String who = threads + " threads, second-level cache " + cache;
        assertEquals(expected, results(shape, threads, cache, false), who + ", by strips");
        assertEquals(expected, results(shape, threads, cache, true), who + ", op by op");
      }
    }
  }

  /** The loss, the logits and all gradients, after two runs, the second with other weights. */
  private static Map<String, List<Float>> results(
      Case shape, int threads, SecondLevelCache cache, boolean opByOp) {
    Transformer.Training training = shape.training();
    Program program = Program.of(Gradients.backward(GRAPH, training.graph(), false));
    Map<String, List<Float>> results = new LinkedHashMap<>();
    try (Workers workers = Workers.of(threads);
        Arena arena = Arena.ofShared()) {
      VectorLowering lowering =
          new VectorLowering(workers, MatMulScratch.allocate(arena, workers, cache), cache);
      try (HostExecutable executable = new HostExecutable(program, lowering, Float.BYTES)) {
        write(executable, training, shape);
        for (int seed = 1; seed <= 2; seed++) {
          Weights.initial(new Transformer(shape.model), seed).writeTo(executable);
          if (opByOp) {
            executable.profile(GRAPH);
          } else {
            executable.run(GRAPH);
          }
          for (Tensor tensor : program.persistentTensors()) {
            if (tensor.role() == Role.GRADIENT || tensor.role() == Role.OUTPUT) {
              results.put(tensor.name() + " of run " + seed, read(executable, tensor));
            }
          }
        }
      }
    }
    return results;
  }

  private static void write(HostExecutable executable, Transformer.Training training, Case shape) {
    int rows = shape.batch * shape.length;
    RandomStream random = RandomStream.of(7, "strips", 0);
    int[] tokens = new int[rows];
    Arrays.setAll(tokens, _ -> random.nextInt(shape.model.vocabularySize()));
    try (Arena arena = Arena.ofConfined()) {
      for (Tensor tensor :
          List.of(
              training.tokens(),
              training.positions(),
              training.documentStart(),
              training.targets(),
              training.weights())) {
        MemorySegment values = arena.allocate(rows * 4L, 4);
        for (int row = 0; row < rows; row++) {
          int t = row % shape.length;
          int start = t < 4 ? 0 : 4; // two documents a row
          if (tensor.type() == DataType.F32) {
            values.setAtIndex(ValueLayout.JAVA_FLOAT, row, t % 3 == 0 ? 0 : 1f / rows);
          } else {
            values.setAtIndex(
                ValueLayout.JAVA_INT,
                row,
                tensor.equals(training.documentStart())
                    ? start
                    : tensor.equals(training.positions()) ? t - start : tokens[row]);
          }
        }
        executable.write(tensor, values);
      }
    }
  }

  private static List<Float> read(HostExecutable executable, Tensor tensor) {
    MemorySegment values = Arena.ofAuto().allocate(tensor.size() * 4, 4);
    executable.read(tensor, values);
    List<Float> list = new ArrayList<>();
    for (float value : values.toArray(ValueLayout.JAVA_FLOAT)) {
      list.add(value);
    }
    return list;
  }

  @Test
  void aStripHoldsWholeSequencesWhereTheyAreShort() {
    assertEquals(new Strips(4096, 256), strips(4096, 32));
    assertEquals(new Strips(4096, 256), strips(4096, 256));
    assertEquals(new Strips(1000, 240), strips(1000, 40));
    assertFalse(strips(2048, 512).keepTogether(512));
    Strips odd = strips(1009, 1);
    assertEquals(4, odd.count());
    assertEquals(1009, odd.end(3));
    assertEquals(2, strips(64, 1).count());
    assertEquals(1, strips(5, 5).count());
    assertEquals(1, new Strips.Cut(1, 1, Strips.Cut.NO_PAIRS).strips(64).count());
  }

  /** With a large cache strips are twice as tall, unless one of two would have more rows so. */
  @Test
  void aStripHasTwoUnitsWhereTheyFit() {
    Graph graph = cases().findFirst().orElseThrow().training().graph();
    try (Workers one = Workers.of(1);
        Workers two = Workers.of(2)) {
      Strips.Cut forOne = Strips.Cut.of(graph, one, SecondLevelCache.LARGE);
      Strips.Cut forTwo = Strips.Cut.of(graph, two, SecondLevelCache.LARGE);
      assertEquals(new Strips(24 * 20, 24 * 20, 24 * 10), forOne.strips(24 * 20));
      assertEquals(new Strips(24 * 100, 24 * 20, 24 * 10), forOne.strips(24 * 100));
      assertEquals(new Strips(24 * 60, 24 * 10, 24 * 10), forTwo.strips(24 * 60));
      assertEquals(new Strips(24 * 80, 24 * 20, 24 * 10), forTwo.strips(24 * 80));
      assertEquals(new Strips(24 * 71, 24 * 20, 24 * 10), forTwo.strips(24 * 71));
      assertEquals(8, forTwo.strips(24 * 71).units());
      assertEquals(new Strips(24 * 61, 24 * 10, 24 * 10), forTwo.strips(24 * 61));
      assertEquals(new Strips(24 * 100, 24 * 10, 24 * 10), forTwo.strips(24 * 100));
      assertEquals(new Strips(24 * 111, 24 * 20, 24 * 10), forTwo.strips(24 * 111));
      Strips.Cut ofTwoUnits = new Strips.Cut(512, 2, 1);
      assertTrue(
          ofTwoUnits.strips(2048).keepTogether(512), "a sequence of two units is in one strip");
    }
  }

  /** One unit of few rows for one worker, unless sums of units would then be others. */
  @Test
  void partialSumsAloneKeepTwoUnitsForOneWorker() {
    Transformer.Training training = cases().findFirst().orElseThrow().training();
    Graph forward = training.graph();
    Graph backward = Gradients.backward(GRAPH, forward, false);
    try (Workers one = Workers.of(1);
        Workers two = Workers.of(2)) {
      assertEquals(
          new Strips.Cut(24, 1, Strips.Cut.NO_PAIRS),
          Strips.Cut.of(forward, one, SecondLevelCache.SMALL));
      assertEquals(
          new Strips.Cut(24, 2, Strips.Cut.NO_PAIRS),
          Strips.Cut.of(forward, two, SecondLevelCache.SMALL));
      assertEquals(
          new Strips.Cut(24, 2, Strips.Cut.NO_PAIRS),
          Strips.Cut.of(backward, one, SecondLevelCache.SMALL));
      assertEquals(
          new Strips.Cut(24, 2, Strips.Cut.NO_PAIRS),
          Strips.Cut.of(backward, two, SecondLevelCache.SMALL));
    }
  }

  private static Strips strips(int rows, int sequenceLength) {
    return new Strips.Cut(sequenceLength, 2, Strips.Cut.NO_PAIRS).strips(rows);
  }

  /** A product that needs all rows waits, until what it reads is about to be overwritten. */
  @Test
  void gathersRowsAroundWhatNeedsAllOfThem() {
    List<String> ran = new ArrayList<>();
    try (Workers workers = Workers.of(1);
        Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate(64);
      MemorySegment y = arena.allocate(64);
      MemorySegment sum = arena.allocate(64);
      Strips two = new Strips(2, 1);
      List<Kernel> schedule =
          StripKernel.schedule(
              List.of(
                  bound(onRows(workers, two, "a", ran), List.of(), List.of(x)),
                  bound(() -> ran.add("all of x"), List.of(x), List.of(sum)),
                  bound(onRows(workers, two, "b", ran), List.of(x), List.of(y)),
                  bound(onRows(workers, two, "c", ran), List.of(y), List.of(x.asSlice(32)))));
      schedule.forEach(Kernel::run);
    }
    assertEquals(List.of("a0", "b0", "a1", "b1", "all of x", "c0", "c1"), ran);
  }

  private static RowKernel onRows(Workers workers, Strips strips, String name, List<String> ran) {
    return new RowKernel(workers, strips) {
      @Override
      void rows(int first, int end, int worker) {
        ran.add(name + first);
      }
    };
  }

  private static BoundOp bound(
      Kernel kernel, List<MemorySegment> reads, List<MemorySegment> writes) {
    Tensor any = Tensor.of("any", Role.STATE, 1);
    return new BoundOp(new Add(any.whole(), any.whole(), any.whole()), kernel, reads, writes);
  }
}
