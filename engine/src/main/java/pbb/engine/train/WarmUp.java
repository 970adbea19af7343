package pbb.engine.train;

import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
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
 * be compiled again for later calls; and kernels that are not compiled yet, which take a hundred
 * times as long, have little to do. Changes no result.
 *
 * <p>The backend must run nothing else until this is closed.
 */
public final class WarmUp implements AutoCloseable {

  /**
   * How many steps it takes at least before the first step of a training: by then most kernels have
   * been called as often as the JVM asks for before it compiles them, with the options of {@code
   * scripts/lib/jdk.sh}. With 80 that ended no sooner.
   */
  static final int STEPS = 50;

  /** As many rows have products: tiles of 12 of them and of 8, where there are tiles of 12. */
  private static final int SEQUENCE_LENGTH = 28;

  /** With every kind of kernel; few vectors wide on any processor. */
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
  private volatile long stepsDone;
  private volatile @Nullable Throwable failure;

  private WarmUp(Backend backend) {
    thread =
        Thread.ofPlatform()
            .daemon()
            .name("pbb-warm-up")
            .uncaughtExceptionHandler((_, e) -> failure = e)
            .unstarted(() -> train(backend));
  }

  /** How many steps it has taken: none on a backend whose kernels need no warm-up. */
  long stepsDone() {
    return stepsDone;
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
      while (!closed || stepsDone < STEPS) {
        stepsDone = trainer.step().step();
      }
    }
  }

  private static long fill(long cursor, Batch batch) {
    batch.clear();
    batch.add(0, DOCUMENT);
    return cursor + 1;
  }

  /**
   * Ends it after {@value #STEPS} steps at the earliest, and waits until the backend is free: for
   * half a second in a JVM just started by the launchers, which its first step gains, and for
   * milliseconds in one that has trained before.
   *
   * @throws IllegalStateException if a step failed
   */
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
    if (failure != null) {
      throw new IllegalStateException("the backend failed at a tiny model's training", failure);
    }
  }
}
