package pbb.bench;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The most memory that a training keeps resident, each in a process of its own: {@code peak_mb},
 * and {@code base_mb} of it before there was a model.
 */
final class Memory {

  /** As many as the losses that lines compare take. */
  private static final int STEPS = 10;

  private static final List<String> FIELDS =
      Line.subjectAnd("base_mb", "peak_mb", "loss_first", "loss_10");

  private Memory() {}

  static void measure(Engine engine, ModelShape shape, Consumer<Line> out) {
    out.accept(
        TrainingProcess.run(engine.device().backend(), shape, engine.threads(), STEPS)
            .only(What.MEMORY, FIELDS));
  }

  static void measure(Peers peers, ModelShape shape, int threads, Consumer<Line> out) {
    peers.fewSteps(
        shape,
        threads,
        STEPS,
        Optional.empty(),
        line -> out.accept(line.has("peak_mb") ? line.only(What.MEMORY, FIELDS) : line));
  }
}
