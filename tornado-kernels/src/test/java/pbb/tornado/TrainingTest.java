package pbb.tornado;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pbb.engine.backend.Backend;
import pbb.engine.backend.BackendOptions;
import pbb.engine.backend.Executable;
import pbb.engine.backend.Support;
import pbb.engine.backend.Transfers;
import pbb.engine.backend.vector.VectorProvider;
import pbb.engine.checkpoint.Checkpoint;
import pbb.engine.generate.Completion;
import pbb.engine.generate.GenerationConfig;
import pbb.engine.generate.Generator;
import pbb.engine.generate.Sampling;
import pbb.engine.graph.Gradients;
import pbb.engine.graph.Program;
import pbb.engine.nn.Parameter;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;
import pbb.engine.train.StepReport;
import pbb.engine.train.Trainer;

/** Whole trainings and generation on the device, beside the vector backend's. */
class TrainingTest {

  /** Of a loss, relative. */
  private static final double TOLERANCE = 1e-3;

  @TempDir Path folder;

  private static Backend vector() {
    return new VectorProvider().open(new BackendOptions("cpu", 2));
  }

  private static Weights weights() {
    return Weights.initial(new Transformer(TrainingData.model(3)), 11);
  }

  private static List<Double> losses(Trainer trainer, int steps) {
    List<Double> losses = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      losses.add(trainer.step().loss());
    }
    return losses;
  }

  private static void assertClose(List<Double> expected, List<Double> actual) {
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(
          expected.get(i), actual.get(i), TOLERANCE * expected.get(i), "loss of step " + i);
    }
  }

  @Test
  void theFirstFiftyStepsLoseAsMuchAsOnVector() {
    List<Double> expected;
    try (Backend backend = vector();
        Trainer trainer =
            Trainer.start(backend, TrainingData.config(2, 50), weights(), TrainingData.batches())) {
      expected = losses(trainer, 50);
    }
    assertTrue(expected.getLast() < 0.7 * expected.getFirst(), "it learns: " + expected);
    try (Trainer trainer =
        Trainer.start(
            TestDevice.shared(), TrainingData.config(2, 50), weights(), TrainingData.batches())) {
      assertClose(expected, losses(trainer, 50));
    }
  }

  @Test
  void aCheckpointOfVectorGoesOnHereAndBack() throws IOException {
    Path checkpoint = folder.resolve("step-20");
    List<Double> expected;
    try (Backend backend = vector();
        Trainer trainer =
            Trainer.start(
                backend, TrainingData.config(1, 130), weights(), TrainingData.batches())) {
      losses(trainer, 20);
      Checkpoint.write(checkpoint, trainer.contents(TrainingData.TOKENIZER));
      expected = losses(trainer, 50);
    }
    Path later = folder.resolve("step-30");
    try (Trainer trainer =
        Trainer.resume(
            TestDevice.shared(),
            TrainingData.config(1, 130),
            Checkpoint.open(checkpoint),
            TrainingData.batches())) {
      List<Double> actual = new ArrayList<>(losses(trainer, 10));
      Checkpoint.write(later, trainer.contents(TrainingData.TOKENIZER));
      actual.addAll(losses(trainer, 40));
      assertClose(expected, actual);
    }
    try (Backend backend = vector();
        Trainer trainer =
            Trainer.resume(
                backend,
                TrainingData.config(1, 130),
                Checkpoint.open(later),
                TrainingData.batches())) {
      assertClose(expected.subList(10, 50), losses(trainer, 40));
    }
  }

  @Test
  void theSameSeedGivesTheSameBytesAlsoWhereItWasResumed() throws IOException {
    List<StepReport> straight = new ArrayList<>();
    List<byte[]> bytes = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      List<StepReport> reports = new ArrayList<>();
      Path checkpoint = folder.resolve("step-4-of-run-" + run);
      try (Trainer trainer =
          Trainer.start(
              TestDevice.shared(), TrainingData.config(2, 8), weights(), TrainingData.batches())) {
        trainer.train(
            report -> {
              reports.add(report);
              if (report.step() == 4) {
                write(checkpoint, trainer);
              }
            });
        bytes.add(bytes(trainer));
      }
      if (run == 0) {
        straight.addAll(reports);
      } else {
        assertEquals(straight, reports);
      }
    }
    assertArrayEquals(bytes.getFirst(), bytes.getLast());
    try (Trainer trainer =
        Trainer.resume(
            TestDevice.shared(),
            TrainingData.config(2, 8),
            Checkpoint.open(folder.resolve("step-4-of-run-0")),
            TrainingData.batches())) {
      trainer.train(_ -> {});
      assertArrayEquals(bytes.getFirst(), bytes(trainer), "after a resume");
    }
  }

  private static void write(Path path, Trainer trainer) {
    try {
      Checkpoint.write(path, trainer.contents(TrainingData.TOKENIZER));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] bytes(Trainer trainer) {
    Weights weights = trainer.weights();
    List<Parameter> parameters = weights.model().parameters();
    int size = 0;
    for (Parameter parameter : parameters) {
      size += (int) weights.segment(parameter).byteSize();
    }
    byte[] all = new byte[size];
    int at = 0;
    for (Parameter parameter : parameters) {
      byte[] part = weights.segment(parameter).toArray(ValueLayout.JAVA_BYTE);
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  @Test
  void tokensGoInAndALossComesOut() {
    try (Trainer trainer =
        Trainer.start(
            TestDevice.shared(), TrainingData.config(1, 20), weights(), TrainingData.batches())) {
      trainer.step();
      Transfers before = trainer.transfers();
      TestDevice.Counted counted = TestDevice.count(trainer::step);
      Transfers after = trainer.transfers();
      assertEquals(
          4 + 8, after.toHost() - before.toHost(), "the loss, and the norm with the clip factor");
      assertAgrees(before, after, counted);
      assertTrue(counted.launches() > 60 && counted.launches() < 180, counted::toString);
      // The batch, rounded up to staging arrays, and what tells launches apart; weights are 400 KB.
      long batch = 6 * 40 * 5 * 4;
      assertTrue(counted.toDevice() > batch && counted.toDevice() < 40_000, counted::toString);
    }
  }

  /** One pass of 64 sequences, with caches of 16 and of 64 places for each. */
  @Test
  void aGeneratedTokenMovesAsMuchWhateverTheCachesLength() {
    Set<TestDevice.Counted> all = new HashSet<>();
    for (int capacity : new int[] {16, 64}) {
      Transformer.Generation decode = weights().model().generation("decode", 64, 1, capacity);
      try (TornadoExecutable executable = TestDevice.backend().compile(Program.of(decode.graph()));
          Arena arena = Arena.ofConfined()) {
        weights().writeTo(executable);
        MemorySegment ints = arena.allocate(64 * 4L, 64);
        MemorySegment logits = arena.allocate(decode.logits().size() * 4, 64);
        Runnable token =
            () -> {
              executable.write(decode.tokens(), ints);
              executable.write(decode.positions(), ints);
              executable.run("decode");
              executable.read(decode.logits(), logits);
            };
        token.run();
        Transfers before = executable.transfers();
        TestDevice.Counted counted = TestDevice.count(token);
        Transfers after = executable.transfers();
        assertEquals(logits.byteSize(), after.toHost() - before.toHost(), "logits");
        assertAgrees(before, after, counted);
        all.add(counted);
      }
    }
    assertEquals(1, all.size(), () -> "with caches of 16 and of 64 places: " + all);
    // Keys and values of 2 heads of 12 elements in 3 layers.
    long cache = 2 * 3 * 64 * 64 * 2 * 12 * 4;
    assertTrue(
        all.stream().allMatch(counted -> counted.toDevice() < cache / 100),
        () -> all + ", where a cache has " + cache + " bytes");
  }

  /** That TornadoVM counts the bytes that we do, and up to 32 more for each call of a kernel. */
  private static void assertAgrees(Transfers before, Transfers after, TestDevice.Counted counted) {
    long frames = counted.toDevice() - (after.toDevice() - before.toDevice());
    assertTrue(
        frames >= 0 && frames <= 32 * counted.launches(),
        () -> frames + " bytes more than transfers() has: " + counted);
    assertEquals(0, counted.toHost(), "bytes that launches copied back without being asked");
  }

  @Test
  void compilationDoesNotGrowWithTheNumberOfLayers() {
    Set<Integer> kernels = new TreeSet<>();
    Set<Integer> descriptors = new TreeSet<>();
    for (int layers : new int[] {2, 12}) {
      Transformer model = new Transformer(TrainingData.model(layers));
      Transformer.Training training = model.training("forward", 2, 20, false);
      Program program =
          Program.of(Gradients.backward("backward", training.graph(), false), training.graph());
      try (TornadoBackend backend = TestDevice.open(_ -> new Support.Supported());
          TornadoExecutable executable = backend.compile(program)) {
        kernels.add(executable.compiledKernels());
        descriptors.add(executable.descriptors());
      }
    }
    assertEquals(1, kernels.size(), "kernels compiled for 2 and for 12 layers: " + kernels);
    assertEquals(1, descriptors.size(), "descriptors: " + descriptors);
  }

  @Test
  void oneCheckpointAnswersAlikeOnBothBackends() {
    Weights trained;
    try (Trainer trainer =
        Trainer.start(
            TestDevice.shared(), TrainingData.config(1, 60), weights(), TrainingData.batches())) {
      trainer.train(_ -> {});
      trained = trainer.weights();
    }
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      prompts.add(Arrays.copyOf(TrainingData.document(1000 + i).tokens(), 4));
    }
    GenerationConfig config = new GenerationConfig(6, Set.of(), new Sampling.Greedy());
    List<Completion> expected;
    try (Backend backend = vector();
        Generator generator = new Generator(backend, trained, 64)) {
      expected = generator.generate(prompts, config);
    }
    int same = 0;
    try (Generator generator = new Generator(TestDevice.shared(), trained, 64)) {
      List<Completion> actual = generator.generate(prompts, config);
      for (int i = 0; i < expected.size(); i++) {
        if (Arrays.equals(expected.get(i).tokens(), actual.get(i).tokens())) {
          same++;
        }
      }
    }
    assertTrue(same >= 990, same + " of 1000 greedy answers are the same");
    assertEquals(0, worst(trained), TOLERANCE, "next-token logits, relative");
  }

  /** The largest difference of logits on both backends, by the largest logit. */
  private static double worst(Weights weights) {
    Transformer.Training training = weights.model().training("forward", 2, 30, true);
    float[][] logits = new float[2][];
    for (int i = 0; i < 2; i++) {
      try (Backend backend = i == 0 ? vector() : TestDevice.shared();
          Executable executable = backend.compile(Program.of(training.graph()));
          Arena arena = Arena.ofConfined()) {
        weights.writeTo(executable);
        MemorySegment tokens = arena.allocate(60 * 4L, 64);
        MemorySegment positions = arena.allocate(60 * 4L, 64);
        for (int t = 0; t < 60; t++) {
          tokens.setAtIndex(ValueLayout.JAVA_INT, t, 40 + t % 30);
          positions.setAtIndex(ValueLayout.JAVA_INT, t, t % 30);
        }
        executable.write(training.tokens(), tokens);
        executable.write(training.positions(), positions);
        executable.run("forward");
        MemorySegment out = arena.allocate(training.logits().size() * 4, 64);
        executable.read(training.logits(), out);
        logits[i] = out.toArray(ValueLayout.JAVA_FLOAT);
      }
    }
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < logits[0].length; i++) {
      largest = Math.max(largest, Math.abs(logits[0][i]));
      difference = Math.max(difference, Math.abs(logits[0][i] - logits[1][i]));
    }
    return difference / largest;
  }
}
