package pbb.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;

/**
 * Work that the engine and a peer repeat in turn, one repeat each: a shared machine's speed changes
 * within seconds, and so only repeats that are next to each other compare.
 *
 * @param flops floating-point operations of a repeat, whoever does it
 * @param peak measures what the machine reaches at this moment, in GFLOP/s
 * @param engine a repeat of the engine's; without one, peers are measured by themselves
 */
record Turns(double flops, DoubleSupplier peak, Optional<Runnable> engine) {

  /** How long each of a peer's repeats took, and each of the engine's beside them. */
  static final String SECONDS = "seconds";

  static final String ENGINE_SECONDS = "engine_seconds";

  /**
   * A peer waits for its turn in a read, but threads of OpenMP spin for up to 200 ms after a
   * parallel region. It is simpler to wait for longer than that than to stop the process, which is
   * a grandchild of this one's, behind a script.
   */
  private static final long SPINNING_MILLIS = 250;

  /**
   * Runs a peer to its end. Its lines have what its repeats reached, and in {@link #ENGINE_SECONDS}
   * how long those of the engine took, each right before the peer's.
   *
   * @return if it fails, how
   */
  Optional<String> run(Program peer, Consumer<Line> out) {
    List<Double> engineSeconds = new ArrayList<>();
    List<Double> peaks = new ArrayList<>();
    List<Line> lines = new ArrayList<>();
    Optional<String> failure =
        peer.runInTurns(
            lines::add,
            () -> {
              waitForSpinning();
              engine.ifPresent(
                  work -> {
                    var _ = peak.getAsDouble(); // both come after one
                    engineSeconds.add(Rates.seconds(work));
                    waitForSpinning(); // so that both come after the same rest
                  });
              peaks.add(peak.getAsDouble());
            });
    for (Line line : lines) {
      List<Double> seconds = line.numbers(SECONDS);
      if (seconds.size() != peaks.size()) {
        String mismatch =
            "it took " + peaks.size() + " turns and timed " + seconds.size() + " repeats";
        return failure.or(() -> Optional.of(mismatch));
      }
      Line with = seconds.isEmpty() ? line : new Repeats(flops, seconds, peaks).addTo(line);
      out.accept(engineSeconds.isEmpty() ? with : with.with(ENGINE_SECONDS, engineSeconds));
    }
    return failure;
  }

  private static void waitForSpinning() {
    try {
      Thread.sleep(SPINNING_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while measuring", e);
    }
  }
}
