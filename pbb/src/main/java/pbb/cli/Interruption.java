package pbb.cli;

import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/**
 * What SIGINT and SIGTERM do: they ask the job that runs to save its state and return, wait until
 * the program has said what it has to say, and end the process with the program's own exit code.
 * Where no job runs that can be stopped, they end the process at once.
 */
final class Interruption {

  private final CountDownLatch ended = new CountDownLatch(1);
  private Optional<Runnable> job = Optional.empty();
  private volatile int code = ExitCode.FAILED.code();

  /** From now on signals are heard; to be called once, by the program's main method. */
  void listen() {
    Runtime.getRuntime().addShutdownHook(new Thread(this::signalled, "interruption"));
  }

  /**
   * Also runs when the program exits by itself: then it has {@link #end ended}, and no job is left.
   */
  private void signalled() {
    Optional<Runnable> running = running();
    if (running.isEmpty()) {
      return;
    }
    running.get().run();
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // The virtual machine would exit with the signal's number.
    Runtime.getRuntime().halt(code);
  }

  private synchronized Optional<Runnable> running() {
    return job;
  }

  /** A job that can be stopped, until it is closed. */
  interface Job extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Tells of a job that can be stopped.
   *
   * @param requestStop asks it to save its state and return; called from another thread
   */
  synchronized Job job(Runnable requestStop) {
    job = Optional.of(requestStop);
    return this::forget;
  }

  private synchronized void forget() {
    job = Optional.empty();
  }

  /** The program has written all that it has to write, and would exit with {@code exitCode}. */
  void end(int exitCode) {
    code = exitCode;
    ended.countDown();
  }
}
