package pbb.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** Waits for what another thread computes. */
public final class Awaited {

  private Awaited() {}

  /**
   * What comes of a task; its failure is thrown as it was there, an {@link IOException} as the
   * cause of an {@link UncheckedIOException}.
   *
   * @throws IllegalStateException if this thread is interrupted
   */
  public static <T> T result(Future<T> task) {
    try {
      return task.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException io -> throw new UncheckedIOException(io);
        case RuntimeException failure -> throw failure;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(e);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while another thread was waited for", e);
    }
  }
}
