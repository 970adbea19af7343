package pbb.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * What SIGINT and SIGTERM do: they ask the jobs that run to save their state and return, wait until
 * the program has said what it has to say, and end the process with the program's own exit code.
 * Where no job runs, nothing is being written, and they end the process at once.
 */
final class Interruption {

  private final PrintStream err;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final List<Runnable> jobs = new ArrayList<>();
  private boolean stopping;
  private volatile int code = ExitCode.FAILED.code();

  /**
   * Hears nothing before {@link #listen}.
   *
   * @param err where a process that is ended at once says so
   */
  Interruption(PrintStream err) {
    this.err = err;
  }

  /** From now on signals are heard; to be called once, by the program's main method. */
  void listen() {
    Runtime.getRuntime().addShutdownHook(new Thread(this::signalled, "interruption"));
  }

  /** Also runs when the program exits by itself, and has {@link #end ended} then. */
  private void signalled() {
    if (ended.getCount() == 0) {
      return;
    }
    if (!stop()) {
      endAtOnce();
    }
    try {
      ended.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // The virtual machine would exit with the signal's number.
    Runtime.getRuntime().halt(code);
  }

  /** Holds the lock to the end, so that no job can begin to write. */
  private synchronized void endAtOnce() {
    if (jobs.isEmpty()) {
      err.println("pbb: interrupted: run the same command again");
      err.flush();
      Runtime.getRuntime().halt(ExitCode.INTERRUPTED.code());
    }
    stop();
  }

  /**
   * Asks all jobs to stop, and from now on each new one as soon as it begins.
   *
   * @return whether there is one; if not, nothing was changed
   */
  synchronized boolean stop() {
    stopping = !jobs.isEmpty();
    jobs.forEach(Runnable::run);
    return stopping;
  }

  /** A job that can be stopped, until it is closed. */
  interface Job extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Tells of a job that must not be ended half-way: a signal waits until the program ends. Jobs may
   * lie inside one another.
   *
   * @param requestStop asks it to save its state and return; called from another thread, or at once
   *     if a signal came already
   */
  synchronized Job job(Runnable requestStop) {
    jobs.add(requestStop);
    if (stopping) {
      requestStop.run();
    }
    return () -> forget(requestStop);
  }

  private synchronized void forget(Runnable requestStop) {
    jobs.remove(requestStop);
  }

  /** The program has written all that it has to write, and would exit with {@code exitCode}. */
  void end(int exitCode) {
    code = exitCode;
    ended.countDown();
  }
}
