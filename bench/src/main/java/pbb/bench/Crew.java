package pbb.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Threads that begin a piece of work together and are timed together. */
final class Crew implements AutoCloseable {

  /** One thread's share of the work. */
  interface Share {
    void run(int thread);
  }

  private record Span(long began, long ended) {}

  private final int threads;
  private final ExecutorService executor;
  private final CyclicBarrier start;

  Crew(int threads) {
    this.threads = threads;
    executor = Executors.newFixedThreadPool(threads);
    start = new CyclicBarrier(threads);
  }

  /** Seconds from the first thread's start to the last one's end. */
  double seconds(Share share) {
    List<Future<Span>> spans = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      int thread = i;
      spans.add(
          executor.submit(
              () -> {
                start.await();
                long began = System.nanoTime();
                share.run(thread);
                return new Span(began, System.nanoTime());
              }));
    }
    try {
      long began = Long.MAX_VALUE;
      long ended = Long.MIN_VALUE;
      for (Future<Span> span : spans) {
        began = Math.min(began, span.get().began());
        ended = Math.max(ended, span.get().ended());
      }
      return (ended - began) / 1e9;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while measuring", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a measuring thread failed", e.getCause());
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
