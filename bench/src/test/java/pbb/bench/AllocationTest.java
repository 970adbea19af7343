package pbb.bench;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import pbb.engine.backend.Backend;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.backend.Executable;
import pbb.engine.backend.Support;
import pbb.engine.backend.host.HostExecutable;
import pbb.engine.data.Document;
import pbb.engine.data.DocumentSource;
import pbb.engine.data.PackedBatches;
import pbb.engine.generate.GenerationConfig;
import pbb.engine.generate.Generator;
import pbb.engine.generate.Sampling;
import pbb.engine.graph.Op;
import pbb.engine.graph.Program;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;
import pbb.engine.selection.Backends;
import pbb.engine.train.OptimizerConfig;
import pbb.engine.train.Schedule;
import pbb.engine.train.Trainer;
import pbb.engine.train.TrainerConfig;

/**
 * Steady training and generation leave the heap alone. On the class path, where the JDK's counters
 * of allocated bytes can be seen.
 */
class AllocationTest {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final ModelConfig MODEL = ModelConfig.llama(64, 16, 24, 2, 2, 256, true);

  @Test
  void aTrainingStepOfTheTrainerItself() {
    List<Document> documents = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      documents.add(Document.of(i, i + 1, i + 2, i + 3));
    }
    TrainerConfig config =
        new TrainerConfig(4, 16, 2, 1000, OptimizerConfig.of(1e-3), new Schedule.Cosine(3, 0.1));
    try (Backend backend = new IdleBackend();
        Trainer trainer =
            Trainer.start(
                backend,
                config,
                Weights.initial(new Transformer(MODEL), 1),
                PackedBatches.of(DocumentSource.repeating(documents)))) {
      for (int i = 0; i < 20; i++) {
        trainer.step();
      }
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 20; i++) {
        trainer.step();
      }
      long perStep = (THREADS.getCurrentThreadAllocatedBytes() - before) / 20;
      assertTrue(perStep < 10_000, "bytes allocated per step: " + perStep);
    }
  }

  /**
   * The whole of it, kernels and threads included. Until the compiler has seen to them, vectors are
   * objects; so this waits for the steady state, and fails if there is none within a minute.
   */
  @Test
  void aTrainingStepOnTheVectorBackend() {
    ModelShape shape = new ModelShape("tiny", 64, 2, 2, 96, 64, 8, 32);
    try (Backend backend = Backends.discover().select("vector", Optional.empty(), 2).backend();
        TrainingLoad load = new TrainingLoad(backend, shape)) {
      int steps = 50;
      long perStep;
      long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
      do {
        long before = THREADS.getTotalThreadAllocatedBytes();
        for (int i = 0; i < steps; i++) {
          load.step();
        }
        perStep = (THREADS.getTotalThreadAllocatedBytes() - before) / steps;
      } while (perStep >= 1_000 && System.nanoTime() < deadline);
      assertTrue(perStep < 1_000, "bytes that a step still allocates after a minute: " + perStep);
    }
  }

  @Test
  void aTokenOfTheGeneratorItself() {
    List<int[]> prompts = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      prompts.add(new int[] {i, 1, 2});
    }
    GenerationConfig config = new GenerationConfig(200, Set.of(), new Sampling.Greedy());
    try (Backend backend = new IdleBackend();
        Generator generator =
            new Generator(backend, Weights.initial(new Transformer(MODEL), 1), 32)) {
      generator.generate(prompts, config);
      long before = THREADS.getCurrentThreadAllocatedBytes();
      generator.generate(prompts, config);
      long perToken = (THREADS.getCurrentThreadAllocatedBytes() - before) / (64 * 200);
      assertTrue(perToken < 10, "bytes allocated per token: " + perToken);
    }
  }

  /** Computes nothing, so that what is measured is not a backend's. */
  private static final class IdleBackend implements Backend {

    @Override
    public DeviceStatus device() {
      return new DeviceStatus(
          "idle", "none", "computes nothing", DeviceStatus.Kind.ON_REQUEST, Optional.empty());
    }

    @Override
    public Support supports(Op op) {
      return new Support.Supported();
    }

    @Override
    public Executable compile(Program program) {
      return new HostExecutable(program, (_, _) -> () -> {}, Float.BYTES);
    }

    @Override
    public void close() {}
  }
}
