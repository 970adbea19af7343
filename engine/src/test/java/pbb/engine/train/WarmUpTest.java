package pbb.engine.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import pbb.engine.backend.Backend;
import pbb.engine.backend.DeviceStatus.Kind;
import pbb.engine.backend.UsableBackend;
import pbb.engine.data.Document;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;

class WarmUpTest {

  private static final ModelConfig MODEL = ModelConfig.llama(19, 16, 24, 1, 2, 8, true);
  private static final Document DOCUMENT = Document.of(1, 2, 3, 4, 5, 6, 7, 8, 9);

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void changesNoResult(UsableBackend device) {
    try (Backend cold = device.open();
        Backend warm = device.open();
        Trainer expected = trainer(cold);
        Trainer actual = warmed(warm)) {
      for (int step = 0; step < 3; step++) {
        assertEquals(expected.step(), actual.step());
      }
    }
  }

  private static Trainer warmed(Backend backend) {
    try (WarmUp _ = WarmUp.start(backend)) {
      return trainer(backend);
    }
  }

  @ParameterizedTest
  @MethodSource("pbb.engine.backend.UsableBackend#all")
  void takesItsStepsAndNothingRunsAfterItIsClosed(UsableBackend device) {
    try (Backend backend = device.open()) {
      WarmUp warmUp = WarmUp.start(backend);
      warmUp.close();
      warmUp.close();
      boolean compilesKernels = backend.device().kind() == Kind.VECTOR_CPU;
      assertEquals(compilesKernels, warmUp.stepsDone() >= WarmUp.STEPS);
      assertFalse(
          Thread.getAllStackTraces().keySet().stream()
              .anyMatch(thread -> thread.getName().equals("pbb-warm-up")));
    }
  }

  private static Trainer trainer(Backend backend) {
    TrainerConfig config =
        new TrainerConfig(
            1, 8, 1, Long.MAX_VALUE, OptimizerConfig.of(1e-3), new Schedule.Constant(0));
    return Trainer.start(
        backend,
        config,
        Weights.initial(new Transformer(MODEL), 1),
        (cursor, batch) -> {
          batch.clear();
          batch.add(0, DOCUMENT);
          return cursor + 1;
        });
  }
}
