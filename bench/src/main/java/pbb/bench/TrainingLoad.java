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

/**
 * A training that sees the same random batch at every step, one document a row, as the peers' do.
 */
final class TrainingLoad implements AutoCloseable {

  private static final long SEED = 1;
  private static final double LEARNING_RATE = 1e-3;

  private final Trainer trainer;

  TrainingLoad(Backend backend, ModelShape shape) {
    TrainerConfig config =
        new TrainerConfig(
            shape.batch(),
            shape.seq(),
            1,
            Long.MAX_VALUE,
            OptimizerConfig.of(LEARNING_RATE),
            new Schedule.Constant(0));
    Weights weights = Weights.initial(new Transformer(shape.config(shape.seq())), SEED);
    trainer = Trainer.start(backend, config, weights, batch(shape));
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
    return trainer.step();
  }

  @Override
  public void close() {
    trainer.close();
  }
}
