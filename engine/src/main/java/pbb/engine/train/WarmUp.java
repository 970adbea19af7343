package pbb.engine.train;

import pbb.engine.backend.Backend;
import pbb.engine.backend.DeviceStatus.Kind;
import pbb.engine.data.Batch;
import pbb.engine.data.Document;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;

/**
 * Trains a tiny model over and over, in a thread of its own, while a training is made ready: so the
 * JVM has compiled most of the kernels when the first step begins, rather than during it. Its loops
 * are short: methods are then compiled once and whole, not first in the middle of a long loop, to
 * be compiled again for later calls. Changes no result.
 *
 * <p>The backend must run nothing else until this is closed.
 */
public final class WarmUp implements AutoCloseable {

  /** One vector wide on most processors, with every kind of kernel. */
  private static final ModelConfig MODEL = ModelConfig.llama(32, 32, 64, 1, 1, 16, false);

  private static final TrainerConfig CONFIG =
      new TrainerConfig(
          1, 16, 1, Long.MAX_VALUE, OptimizerConfig.of(1e-3), new Schedule.Constant(0));

  private static final Document DOCUMENT =
      Document.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17);

  private final Thread thread;
  private volatile boolean closed;

  private WarmUp(Backend backend) {
    thread = Thread.ofPlatform().daemon().name("pbb-warm-up").unstarted(() -> train(backend));
  }

  /** Begins, if the backend's kernels are compiled as they run. */
  public static WarmUp start(Backend backend) {
    WarmUp warmUp = new WarmUp(backend);
    if (backend.device().kind() == Kind.VECTOR_CPU) {
      warmUp.thread.start();
    }
    return warmUp;
  }

  private void train(Backend backend) {
    Weights weights = Weights.initial(new Transformer(MODEL), 0);
    try (Trainer trainer = Trainer.start(backend, CONFIG, weights, WarmUp::fill)) {
      while (!closed) {
        trainer.step();
      }
    }
  }

  private static long fill(long cursor, Batch batch) {
    batch.clear();
    batch.add(0, DOCUMENT);
    return cursor + 1;
  }

  /** Ends it and waits until the backend is free, for a few milliseconds at most. */
  @Override
  public void close() {
    closed = true;
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
