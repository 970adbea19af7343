package pbb.engine.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import pbb.engine.backend.Backend;
import pbb.engine.backend.UsableBackend;
import pbb.engine.checkpoint.Checkpoint;
import pbb.engine.checkpoint.NamedTensor;
import pbb.engine.data.Document;
import pbb.engine.data.DocumentSource;
import pbb.engine.data.PackedBatches;
import pbb.engine.generate.Completion;
import pbb.engine.generate.GenerationConfig;
import pbb.engine.generate.Generator;
import pbb.engine.generate.Sampling;
import pbb.engine.io.InvalidFileException;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Parameter;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;
import pbb.engine.random.RandomStream;
import pbb.engine.tokenizer.ByteTokenizer;

class TrainerTest {

  // As many ids as the byte tokenizer has, so that checkpoints can be written with it.
  private static final ByteTokenizer TOKENIZER = new ByteTokenizer();
  private static final ModelConfig MODEL =
      ModelConfig.llama(TOKENIZER.vocabularySize(), 16, 24, 2, 2, 32, true);

  @TempDir Path folder;

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void learnsWhatItIsShown(UsableBackend device) {
    try (Backend backend = device.open();
        Trainer trainer = Trainer.start(backend, config(4, 1, 60), weights(), data())) {
      List<StepReport> reports = new ArrayList<>();
      assertTrue(trainer.train(reports::add));
      assertEquals(60, reports.size());
      assertEquals(60, trainer.stepsDone());
      double first = reports.getFirst().loss();
      double last = reports.getLast().loss();
      // Untrained, every token is about as likely as any other; documents count up, so what follows
      // is certain but for
      // the first two tokens.
      assertEquals(Math.log(MODEL.vocabularySize()), first, 0.7, "loss at the start");
      assertTrue(last < 0.4 * first, "loss " + first + " at first, " + last + " at last");
      assertEquals(
          reports.stream().mapToLong(StepReport::tokens).sum(),
          trainer.tokensRead(),
          "tokens in all");
    }
  }

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void resumingGivesTheSameBitsAsNeverStopping(UsableBackend device) throws IOException {
    TrainerConfig config = config(4, 2, 12);
    List<StepReport> straight = new ArrayList<>();
    List<NamedTensor> expected;
    try (Backend backend = device.open();
        Trainer trainer = Trainer.start(backend, config, weights(), data())) {
      trainer.train(straight::add);
      expected = state(trainer);
    }
    List<StepReport> interrupted = new ArrayList<>();
    Path checkpoint = folder.resolve("step-5");
    try (Backend backend = device.open();
        Trainer trainer = Trainer.start(backend, config, weights(), data())) {
      boolean done =
          trainer.train(
              report -> {
                interrupted.add(report);
                if (report.step() == 5) {
                  trainer.requestStop();
                }
              });
      assertFalse(done);
      assertEquals(5, trainer.stepsDone());
      Checkpoint.write(checkpoint, trainer.contents(TOKENIZER));
    }
    try (Backend backend = device.open();
        Trainer trainer = Trainer.resume(backend, config, Checkpoint.open(checkpoint), data())) {
      assertEquals(5, trainer.stepsDone());
      assertTrue(trainer.train(interrupted::add));
      assertEquals(straight, interrupted);
      assertSame(expected, state(trainer));
    }
  }

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#parallel")
  void theNumberOfThreadsChangesNoBit(UsableBackend device) {
    // Large enough that every op is cut into several blocks.
    ModelConfig model =
        new ModelConfig(300, 80, 200, 2, 5, 5, 16, 1e-5, 10_000, 64, true, true, 0.1);
    TrainerConfig config =
        new TrainerConfig(
            13, 64, 1, 3, OptimizerConfig.of(LEARNING_RATE), new Schedule.Constant(0));
    List<List<StepReport>> reports = new ArrayList<>();
    List<Weights> weights = new ArrayList<>();
    List<List<Completion>> completions = new ArrayList<>();
    for (int threads : new int[] {1, 2, 3}) {
      List<StepReport> steps = new ArrayList<>();
      try (Backend backend = device.open(threads);
          Trainer trainer =
              Trainer.start(backend, config, Weights.initial(new Transformer(model), 3), data())) {
        trainer.train(steps::add);
        reports.add(steps);
        weights.add(trainer.weights());
        List<int[]> prompts = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
          prompts.add(data(i).tokens());
        }
        GenerationConfig generation = new GenerationConfig(10, Set.of(), Sampling.Random.of(1, 9));
        try (Generator generator = new Generator(backend, trainer.weights(), 32)) {
          completions.add(generator.generate(prompts, generation));
        }
      }
    }
    for (int i = 1; i < reports.size(); i++) {
      assertEquals(reports.getFirst(), reports.get(i));
      assertClose(weights.getFirst(), weights.get(i), 0);
      assertEquals(completions.getFirst(), completions.get(i));
    }
  }

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void resumingWithOtherSettingsIsRefused(UsableBackend device) throws IOException {
    Path checkpoint = folder.resolve("step-1");
    try (Backend backend = device.open();
        Trainer trainer = Trainer.start(backend, config(4, 1, 12), weights(), data())) {
      trainer.step();
      Checkpoint.write(checkpoint, trainer.contents(TOKENIZER));
      Checkpoint written = Checkpoint.open(checkpoint);
      InvalidFileException refusal =
          assertThrows(
              InvalidFileException.class,
              () -> Trainer.resume(backend, config(4, 1, 13), written, data()).close());
      String message = String.valueOf(refusal.getMessage());
      assertTrue(message.contains("config.steps is 12") && message.contains("13"), message);
    }
  }

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void accumulatingSmallBatchesIsOneLargeBatch(UsableBackend device) {
    // Documents that fill a row each, so that four batches of one row hold what one batch of four
    // holds; of unlike weights,
    // so that a mean of means would be wrong.
    List<Document> documents = new ArrayList<>();
    RandomStream random = RandomStream.of(4, "documents", 0);
    for (int i = 0; i < 8; i++) {
      int[] tokens = new int[17];
      float[] targets = new float[17];
      for (int t = 0; t < tokens.length; t++) {
        tokens[t] = random.nextInt(MODEL.vocabularySize());
        targets[t] = t <= 3 * i % 17 ? 0 : 1 + i;
      }
      documents.add(new Document(tokens, targets));
    }
    DocumentSource source = DocumentSource.repeating(documents);
    try (Backend backend = device.open();
        Trainer large =
            Trainer.start(backend, config(4, 1, 2), weights(), PackedBatches.of(source));
        Trainer small =
            Trainer.start(backend, config(1, 4, 2), weights(), PackedBatches.of(source))) {
      for (int step = 0; step < 2; step++) {
        StepReport one = large.step();
        StepReport four = small.step();
        assertEquals(one.loss(), four.loss(), 1e-5 * one.loss(), "loss of step " + one.step());
        assertEquals(
            one.gradientNorm(),
            four.gradientNorm(),
            1e-4 * one.gradientNorm(),
            "norm of step " + one.step());
        assertEquals(one.targets(), four.targets());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void packedRowsEqualSeparateRows(UsableBackend device) {
    List<Document> documents = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      documents.add(data(i));
    }
    DocumentSource source = DocumentSource.repeating(documents);
    try (Backend backend = device.open();
        Trainer packed =
            Trainer.start(backend, config(6, 1, 1), weights(), PackedBatches.once(source, 6));
        Trainer separate =
            Trainer.start(
                backend,
                config(6, 1, 1),
                weights(),
                (cursor, batch) -> {
                  batch.clear();
                  for (int row = 0; row < 6; row++) {
                    batch.add(row, documents.get(row));
                  }
                  return cursor + 6;
                })) {
      StepReport one = packed.step();
      StepReport other = separate.step();
      assertEquals(one.targets(), other.targets());
      assertEquals(one.loss(), other.loss(), 1e-5 * one.loss());
      assertEquals(one.gradientNorm(), other.gradientNorm(), 1e-4 * one.gradientNorm());
      // An Adam step has the size of the learning rate, so a sign that differs would show.
      assertClose(packed.weights(), separate.weights(), 1e-3 * LEARNING_RATE);
    }
  }

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void validationIsTheMeanByWeightAndChangesNothing(UsableBackend device) {
    List<Document> documents = List.of(data(1), data(2), data(3));
    PackedBatches held = PackedBatches.once(DocumentSource.repeating(documents), 3);
    try (Backend backend = device.open();
        Trainer trainer = Trainer.start(backend, config(1, 1, 10), weights(), data());
        Trainer wide = Trainer.start(backend, config(8, 1, 10), weights(), data())) {
      Validation narrow = trainer.validate(held, 100);
      Validation all = wide.validate(held, 100);
      assertEquals(documents.stream().mapToLong(Document::targets).sum(), narrow.targets());
      assertEquals(all.loss(), narrow.loss(), 1e-5 * all.loss(), "in one batch or several");
      assertEquals(all.targets(), narrow.targets());
      assertEquals(narrow, trainer.validate(held, 100));
      StepReport validated = wide.step();
      try (Trainer fresh = Trainer.start(backend, config(8, 1, 10), weights(), data())) {
        assertEquals(fresh.step(), validated);
      }
      assertThrows(
          IllegalArgumentException.class,
          () -> trainer.validate(PackedBatches.once(DocumentSource.repeating(documents), 0), 1));
    }
  }

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void weightsThatAreNotFiniteFailLoudly(UsableBackend device) {
    Weights weights = weights();
    Parameter last = weights.model().parameters().getLast();
    weights.segment(last).setAtIndex(ValueLayout.JAVA_FLOAT, 0, Float.NaN);
    try (Backend backend = device.open();
        Trainer trainer = Trainer.start(backend, config(4, 1, 10), weights, data())) {
      TrainingDivergedException e = assertThrows(TrainingDivergedException.class, trainer::step);
      String message = String.valueOf(e.getMessage());
      assertTrue(message.startsWith("training diverged at step 1: the loss is NaN"), message);
      assertThrows(IllegalStateException.class, trainer::step);
      assertThrows(IllegalStateException.class, () -> trainer.contents(TOKENIZER));
    }
  }

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void dataThatEndFailLoudly(UsableBackend device) {
    try (Backend backend = device.open();
        Trainer trainer =
            Trainer.start(
                backend,
                config(2, 1, 10),
                weights(),
                PackedBatches.once(DocumentSource.repeating(List.of(data(0))), 1))) {
      trainer.step();
      assertThrows(IllegalStateException.class, trainer::step);
    }
  }

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void onlyMatricesDecay(UsableBackend device) {
    // With a document that is no target anywhere but once, most gradients are tiny; a huge decay
    // shows in what decays.
    OptimizerConfig decaying = new OptimizerConfig(1e-3, 0.9, 0.95, 1, 100, 1e-6);
    TrainerConfig config = new TrainerConfig(4, 16, 1, 1, decaying, new Schedule.Constant(0));
    try (Backend backend = device.open();
        Trainer trainer = Trainer.start(backend, config, weights(), data())) {
      Weights before = trainer.weights();
      trainer.step();
      Weights after = trainer.weights();
      for (Parameter parameter : trainer.model().parameters()) {
        double ratio = norm(after.segment(parameter)) / norm(before.segment(parameter));
        double expected = parameter.kind() == Parameter.Kind.MATRIX ? 1 - 1e-3 * 100 : 1;
        assertEquals(expected, ratio, 1e-4, parameter.tensor().name());
      }
    }
  }

  private static final double LEARNING_RATE = 1e-2;

  private static TrainerConfig config(int batchSize, int accumulationSteps, long steps) {
    return new TrainerConfig(
        batchSize,
        16,
        accumulationSteps,
        steps,
        OptimizerConfig.of(LEARNING_RATE),
        new Schedule.Cosine(3, 0.1));
  }

  private static Weights weights() {
    return Weights.initial(new Transformer(MODEL), 1);
  }

  private static PackedBatches data() {
    return PackedBatches.of(TrainerTest::data);
  }

  /** Counts up from a random number by a random step. */
  private static Document data(long index) {
    RandomStream random = RandomStream.of(11, "documents", index);
    int[] tokens = new int[4 + random.nextInt(6)];
    int start = random.nextInt(40);
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = 32 + start + i;
    }
    return Document.of(tokens);
  }

  private static List<NamedTensor> state(Trainer trainer) {
    Checkpoint.Contents contents = trainer.contents(TOKENIZER);
    List<NamedTensor> all = new ArrayList<>(contents.weights());
    all.addAll(contents.optimizer());
    return all;
  }

  private static void assertSame(List<NamedTensor> expected, List<NamedTensor> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      NamedTensor one = expected.get(i);
      assertEquals(one.name(), actual.get(i).name());
      assertEquals(
          -1,
          one.data().mismatch(actual.get(i).data()),
          "first byte that differs in " + one.name());
    }
    assertNotEquals(0, norm(expected.getLast().data()), "moments are not all 0");
  }

  private static void assertClose(Weights expected, Weights actual, double tolerance) {
    for (int i = 0; i < expected.model().parameters().size(); i++) {
      Parameter parameter = expected.model().parameters().get(i);
      float[] one = expected.segment(parameter).toArray(ValueLayout.JAVA_FLOAT);
      float[] other =
          actual.segment(actual.model().parameters().get(i)).toArray(ValueLayout.JAVA_FLOAT);
      for (int j = 0; j < one.length; j++) {
        assertEquals(one[j], other[j], tolerance, parameter.tensor().name() + " at " + j);
      }
    }
  }

  private static double norm(MemorySegment values) {
    double sum = 0;
    for (float value : values.toArray(ValueLayout.JAVA_FLOAT)) {
      sum += (double) value * value;
    }
    return Math.sqrt(sum);
  }
}
