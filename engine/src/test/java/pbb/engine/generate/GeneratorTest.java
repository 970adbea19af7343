package pbb.engine.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import pbb.engine.backend.Backend;
import pbb.engine.backend.Executable;
import pbb.engine.backend.UsableBackend;
import pbb.engine.data.Batch;
import pbb.engine.data.Document;
import pbb.engine.graph.Program;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;
import pbb.engine.random.RandomStream;

class GeneratorTest {

  private static final int VOCABULARY = 23;
  private static final ModelConfig MODEL =
      new ModelConfig(VOCABULARY, 16, 24, 2, 4, 2, 4, 1e-5, 10_000, 64, false, true, 0.5);
  private static final Weights WEIGHTS = Weights.initial(new Transformer(MODEL), 2);

  /** Never said by this model within the tests' lengths unless a test says so. */
  private static final GenerationConfig GREEDY =
      new GenerationConfig(12, Set.of(), new Sampling.Greedy());

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void generationWithACacheEqualsTheFullForwardPass(UsableBackend device) {
    List<int[]> prompts = prompts(9, 1, 21);
    try (Backend backend = device.open();
        Generator generator = new Generator(backend, WEIGHTS, 4)) {
      List<Completion> completions = generator.generate(prompts, GREEDY);
      for (int i = 0; i < prompts.size(); i++) {
        assertEquals(
            Arrays.toString(fullForward(backend, prompts.get(i), 12)),
            Arrays.toString(completions.get(i).tokens()),
            "prompt " + i + " of " + prompts.get(i).length + " tokens");
        assertFalse(completions.get(i).stopped());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void whatFollowsAPromptDoesNotDependOnTheOthers(UsableBackend device) {
    List<int[]> prompts = prompts(30, 1, 40);
    for (Sampling sampling : List.of(new Sampling.Greedy(), new Sampling.Random(0.8, 9, 0.9, 5))) {
      GenerationConfig config = new GenerationConfig(12, Set.of(3), sampling);
      try (Backend backend = device.open();
          Generator small = new Generator(backend, WEIGHTS, 2);
          Generator large = new Generator(backend, WEIGHTS, 32)) {
        List<Completion> together = large.generate(prompts, config);
        assertEquals(together, small.generate(prompts, config), sampling.toString());
        // Greedy ones alone, one by one; random ones are drawn by their number in the list.
        if (sampling instanceof Sampling.Greedy) {
          for (int i = 0; i < prompts.size(); i += 7) {
            assertEquals(
                together.get(i), small.generate(List.of(prompts.get(i)), config).getFirst());
          }
        }
        assertTrue(together.stream().anyMatch(Completion::stopped), "some sequences stop");
        assertTrue(together.stream().anyMatch(c -> !c.stopped()), "some sequences do not");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void aStopTokenEndsASequenceAndIsNotPartOfIt(UsableBackend device) {
    List<int[]> prompts = prompts(5, 3, 6);
    try (Backend backend = device.open();
        Generator generator = new Generator(backend, WEIGHTS, 4)) {
      List<Completion> free = generator.generate(prompts, GREEDY);
      for (int i = 0; i < prompts.size(); i++) {
        int[] tokens = free.get(i).tokens();
        int stop = tokens[5];
        int first = 0;
        while (tokens[first] != stop) {
          first++;
        }
        Completion stopped =
            generator
                .generate(List.of(prompts.get(i)), GenerationConfig.greedy(12, stop))
                .getFirst();
        assertTrue(stopped.stopped());
        assertEquals(
            Arrays.toString(Arrays.copyOf(tokens, first)), Arrays.toString(stopped.tokens()));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void theWholeLengthOfTheModelCanBeUsed(UsableBackend device) {
    try (Backend backend = device.open();
        Generator generator = new Generator(backend, WEIGHTS, 4)) {
      List<int[]> prompts = List.of(prompts(1, 50, 50).getFirst(), prompts(2, 3, 3).getLast());
      GenerationConfig config = new GenerationConfig(14, Set.of(), new Sampling.Greedy());
      List<Completion> completions = generator.generate(prompts, config);
      assertEquals(
          Arrays.toString(fullForward(backend, prompts.getFirst(), 14)),
          Arrays.toString(completions.getFirst().tokens()));
      GenerationConfig longer = new GenerationConfig(15, Set.of(), new Sampling.Greedy());
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> generator.generate(prompts, longer));
      assertTrue(
          String.valueOf(e.getMessage()).startsWith("prompt 0 has 50 tokens and 15 may follow"),
          e.getMessage());
    }
  }

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void otherWeightsAreTakenUp(UsableBackend device) {
    Weights others = Weights.initial(new Transformer(MODEL), 9);
    List<int[]> prompts = prompts(4, 2, 9);
    try (Backend backend = device.open();
        Generator generator = new Generator(backend, WEIGHTS, 4);
        Generator fresh = new Generator(backend, others, 4)) {
      List<Completion> before = generator.generate(prompts, GREEDY);
      generator.load(others);
      List<Completion> after = generator.generate(prompts, GREEDY);
      assertNotEquals(before, after);
      assertEquals(fresh.generate(prompts, GREEDY), after);
    }
  }

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void promptsThatCannotBeCompletedAreRefusedByNumber(UsableBackend device) {
    try (Backend backend = device.open();
        Generator generator = new Generator(backend, WEIGHTS, 4)) {
      int[] fine = {1, 2};
      for (int[] bad : List.of(new int[0], new int[] {VOCABULARY}, new int[] {-1})) {
        IllegalArgumentException e =
            assertThrows(
                IllegalArgumentException.class,
                () -> generator.generate(List.of(fine, bad), GREEDY));
        assertTrue(String.valueOf(e.getMessage()).startsWith("prompt 1 "), e.getMessage());
      }
      assertEquals(List.of(), generator.generate(List.of(), GREEDY));
    }
  }

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void progressIsToldOnceForEachPrompt(UsableBackend device) {
    List<int[]> prompts = prompts(11, 2, 9);
    List<Completion> told = new ArrayList<>();
    try (Backend backend = device.open();
        Generator generator = new Generator(backend, WEIGHTS, 4)) {
      List<Completion> completions = generator.generate(prompts, GREEDY, told::add);
      assertEquals(11, told.size());
      assertTrue(told.containsAll(completions));
    }
  }

  private static List<int[]> prompts(int count, int shortest, int longest) {
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      RandomStream random = RandomStream.of(8, "prompts", i);
      int[] prompt = new int[shortest + random.nextInt(longest - shortest + 1)];
      Arrays.setAll(prompt, _ -> random.nextInt(VOCABULARY));
      prompts.add(prompt);
    }
    return prompts;
  }

  /**
   * Greedy decoding without a cache: the training graph over the whole sequence for every token.
   */
  private static int[] fullForward(Backend backend, int[] prompt, int newTokens) {
    int length = prompt.length + newTokens;
    Transformer.Training training = WEIGHTS.model().training("full", 1, length, true);
    int[] sequence = Arrays.copyOf(prompt, length);
    try (Executable executable = backend.compile(Program.of(training.graph()))) {
      WEIGHTS.writeTo(executable);
      Batch batch = new Batch(1, length);
      MemorySegment logits =
          Arena.ofAuto().allocate((long) length * VOCABULARY * Float.BYTES, Float.BYTES);
      for (int known = prompt.length; known < length; known++) {
        batch.clear();
        // One token more, so that the last known one is read.
        batch.add(0, Document.of(Arrays.copyOf(sequence, known + 1)));
        executable.write(training.tokens(), batch.tokens());
        executable.write(training.positions(), batch.positions());
        executable.write(training.documentStart(), batch.documentStart());
        executable.write(training.targets(), batch.targets());
        executable.write(training.weights(), batch.weights());
        executable.run(training.graph().name());
        executable.read(training.logits(), logits);
        int best = 0;
        for (int id = 1; id < VOCABULARY; id++) {
          if (logit(logits, known - 1, id) > logit(logits, known - 1, best)) {
            best = id;
          }
        }
        sequence[known] = best;
      }
    }
    return Arrays.copyOfRange(sequence, prompt.length, length);
  }

  private static float logit(MemorySegment logits, int row, int id) {
    return logits.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * VOCABULARY + id);
  }
}
