package pbb.bench;

import pbb.engine.backend.Backend;
import pbb.engine.data.Batch;
import pbb.engine.data.BatchSource;
import pbb.engine.data.Document;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;
import pbb.engine.random.RandomStream;
import pbb.engine.train.OptimizerConfig;
import pbb.engine.train.Schedule;
import pbb.engine.train.StepReport;
import pbb.engine.train.Trainer;
import pbb.engine.train.TrainerConfig;
import pbb.engine.train.WarmUp;

/**
 * A training that sees the same random batch at every step, one document a row, as the peers' do.
 * Its settings and the distribution of its first weights are theirs too, so that losses fall alike;
 * but theirs decay all weights, ours only matrices, which a few steps do not show.
 */
final class TrainingLoad implements AutoCloseable {

  private static final long SEED = 1;
  private static final double LEARNING_RATE = 1e-3;

  /** The step whose loss lines have beside the first one's: the tenth, in peers too. */
  private static final int COMPARED_STEP = 10;

  private final Trainer trainer;
  private double comparedLoss = Double.NaN;

  TrainingLoad(Backend backend, ModelShape shape) {
    TrainerConfig config =
        new TrainerConfig(
            shape.batch(),
            shape.seq(),
            1,
            Long.MAX_VALUE,
            OptimizerConfig.of(LEARNING_RATE),
            new Schedule.Constant(0));
    try (WarmUp _ = WarmUp.start(backend)) {
      Weights weights = Weights.initial(new Transformer(shape.config(shape.seq())), SEED);
      trainer = Trainer.start(backend, config, weights, batch(shape));
    }
  }

  private static BatchSource batch(ModelShape shape) {
    Document[] rows = new Document[shape.batch()];
    for (int row = 0; row < rows.length; row++) {
      RandomStream random = RandomStream.of(SEED, "tokens", row);
      int[] tokens = new int[shape.seq() + 1];
      for (int i = 0; i < tokens.length; i++) {
        tokens[i] = random.nextInt(shape.vocab());
      }
      rows[row] = Document.of(tokens);
    }
    return (cursor, batch) -> fill(rows, cursor, batch);
  }

  private static long fill(Document[] rows, long cursor, Batch batch) {
    batch.clear();
    for (int row = 0; row < rows.length; row++) {
      batch.add(row, rows[row]);
    }
    return cursor + 1;
  }

  /** Forward, backward, clip and AdamW. */
  StepReport step() {
    StepReport report = trainer.step();
    if (report.step() == COMPARED_STEP) {
      comparedLoss = report.loss();
    }
    return report;
  }

  /** The line with the tenth step's loss, if there were so many. */
  Line withComparedLoss(Line line) {
    return Double.isNaN(comparedLoss) ? line : line.with("loss_10", Line.round(comparedLoss, 4));
  }

  /** Bytes of memory for tensors. */
  long bytes() {
    return trainer.bytes();
  }

  @Override
  public void close() {
    trainer.close();
  }
}
