package pbb.engine.backend.vector;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed number of threads that share the blocks of one task at a time; the caller is one of them.
 * Blocks are claimed one by one, so that a slow or interrupted core takes fewer of them: a block
 * must not care who runs it, nor when.
 *
 * <p>A run allocates nothing. Between runs the threads spin for some tens of microseconds, as the
 * kernels of a training step follow each other closely, and then sleep. With one worker there are
 * no threads and no atomics at all.
 *
 * <p>One thread at a time may call {@link #run}, and a task must not call it.
 */
public final class Workers implements AutoCloseable {

  /** What is done to each block. */
  @FunctionalInterface
  public interface Task {

    /**
     * Does one block.
     *
     * @param block which one, from 0
     * @param worker who does it, in [0, {@link Workers#count()}): for scratch memory only, never
     *     for results
     */
    void run(int block, int worker);
  }

  /** How often a thread looks for work before it sleeps: some 50 µs on current processors. */
  private static final int SPINS = 2_000;

  private static final long REMAINING_MASK = 0xFFFF_FFFFL;

  private final int count;
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicIntegerArray sleeping; // 1 where a worker sleeps or is about to

  /**
   * The number of the current run (upper 32 bits) and of its blocks that nobody has claimed yet
   * (lower 32 bits). A claim is a decrement by compare-and-set, so a thread that dozed through the
   * end of a run cannot take a block of the next one by mistake; and only after it has claimed a
   * block may a thread read {@link #task} and {@link #blocks}.
   */
  private final AtomicLong unclaimed = new AtomicLong();

  private final AtomicInteger finished = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private Task task = (_, _) -> {};
  private int blocks;
  private volatile Thread caller = Thread.currentThread();
  private boolean running;
  private volatile boolean closed;

  private Workers(int count) {
    this.count = count;
    this.sleeping = new AtomicIntegerArray(count);
  }

  /**
   * Starts {@code count} − 1 daemon threads.
   *
   * @throws IllegalArgumentException if {@code count < 1}
   */
  public static Workers of(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("the number of workers must be at least 1, not " + count);
    }
    Workers workers = new Workers(count);
    for (int worker = 1; worker < count; worker++) {
      int self = worker;
      workers.threads.add(
          Thread.ofPlatform()
              .daemon()
              .name("pbb-worker-" + worker)
              .start(() -> workers.work(self)));
    }
    return workers;
  }

  /** How many threads share the work, the caller included. */
  public int count() {
    return count;
  }

  /**
   * Runs {@code task} on the blocks 0 to {@code blocks} − 1, in any order, and returns when all are
   * done.
   *
   * <p>If a block throws, the blocks that have not begun are dropped, and what it threw (the first,
   * if several do) comes out of here once nobody works any more.
   */
  public void run(Task task, int blocks) {
    if (closed) {
      throw new IllegalStateException("the workers are closed");
    }
    if (running) {
      throw new IllegalStateException(
          "the workers are running a task: calls from within a task or from a second thread are not"
              + " allowed");
    }
    running = true;
    try {
      if (count == 1 || blocks <= 1) {
        for (int block = 0; block < blocks; block++) {
          task.run(block, 0);
        }
      } else {
        share(task, blocks);
      }
    } finally {
      running = false;
    }
  }

  private void share(Task task, int blocks) {
    this.task = task;
    this.blocks = blocks;
    this.caller = Thread.currentThread();
    finished.set(0);
    long run = (unclaimed.get() >>> 32) + 1;
    unclaimed.set(run << 32 | blocks); // publishes the fields above
    int wanted = Math.min(count, blocks);
    for (int worker = 1; worker < wanted; worker++) {
      if (sleeping.get(worker) != 0) {
        LockSupport.unpark(threads.get(worker - 1));
      }
    }
    drain(0);
    for (int spins = 0; finished.get() < blocks; spins++) {
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.park(this); // whoever finishes the last block wakes us
      }
    }
    Throwable thrown = failure.getAndSet(null);
    switch (thrown) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException("a task threw a checked exception", thrown);
    }
  }

  /** Claims and runs blocks until none is left. */
  private void drain(int worker) {
    while (true) {
      long state = unclaimed.get();
      int remaining = (int) (state & REMAINING_MASK);
      if (remaining == 0) {
        return;
      }
      if (!unclaimed.compareAndSet(state, state - 1)) {
        continue;
      }
      int total = blocks;
      if (failure.get() == null) {
        try {
          task.run(total - remaining, worker);
        } catch (Throwable t) {
          failure.compareAndSet(null, t);
        }
      }
      if (finished.incrementAndGet() == total && worker != 0) {
        LockSupport.unpark(caller);
      }
    }
  }

  private void work(int worker) {
    int spins = 0;
    while (!closed) {
      if ((unclaimed.get() & REMAINING_MASK) != 0) {
        drain(worker);
        spins = 0;
      } else if (++spins < SPINS) {
        Thread.onSpinWait();
      } else {
        sleeping.set(worker, 1);
        // Looked at again after the flag is up: a run that began before then was not told to wake
        // us.
        if ((unclaimed.get() & REMAINING_MASK) == 0 && !closed) {
          LockSupport.park(this);
        }
        sleeping.set(worker, 0);
        spins = 0;
      }
    }
  }

  /** Ends the threads; must not be called during a run. Calling it again does nothing. */
  @Override
  public void close() {
    if (running) {
      throw new IllegalStateException("the workers are running a task and cannot be closed");
    }
    closed = true;
    threads.forEach(LockSupport::unpark);
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
