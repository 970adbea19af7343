package pbb.engine.train;

import java.util.stream.IntStream;
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
 * be compiled again for later calls. Kernels that are not compiled yet take a hundred times as
 * long, which costs least where they have least to do. Changes no result.
 *
 * <p>The backend must run nothing else until this is closed.
 */
public final class WarmUp implements AutoCloseable {

  /**
   * After so many steps the JVM has asked its compiler for nearly all kernels, if it was started
   * with the options of {@code scripts/lib/jdk.sh}. The first step of a training waits for them,
   * but not for the compiler: with 80 it ended later, without a number half a second later.
   */
  private static final int STEPS = 50;

  /** Rows of a product: tiles of 12 of them and of 8 where there are tiles of 12. */
  private static final int SEQUENCE_LENGTH = 28;

  /** One or two vectors wide on most processors, with every kind of kernel. */
  private static final ModelConfig MODEL =
      ModelConfig.llama(32, 32, 64, 1, 1, SEQUENCE_LENGTH, false);

  private static final TrainerConfig CONFIG =
      new TrainerConfig(
          1,
          SEQUENCE_LENGTH,
          1,
          Long.MAX_VALUE,
          OptimizerConfig.of(1e-3),
          new Schedule.Constant(0));

  private static final Document DOCUMENT =
      Document.of(IntStream.rangeClosed(1, SEQUENCE_LENGTH + 1).toArray());

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
      while (!closed || trainer.stepsDone() < STEPS) {
        trainer.step();
      }
    }
  }

  private static long fill(long cursor, Batch batch) {
    batch.clear();
    batch.add(0, DOCUMENT);
    return cursor + 1;
  }

  /** Ends it and waits until the backend is free: some tenths of a second in a JVM just started. */
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
