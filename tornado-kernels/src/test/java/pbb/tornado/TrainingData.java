package pbb.tornado;

import pbb.engine.data.BatchSource;
import pbb.engine.data.Document;
import pbb.engine.data.PackedBatches;
import pbb.engine.nn.ModelConfig;
import pbb.engine.random.RandomStream;
import pbb.engine.tokenizer.ByteTokenizer;
import pbb.engine.train.OptimizerConfig;
import pbb.engine.train.Schedule;
import pbb.engine.train.TrainerConfig;

/** Something small to train on: documents that count up from a random number. */
final class TrainingData {

  static final ByteTokenizer TOKENIZER = new ByteTokenizer();

  private TrainingData() {}

  static ModelConfig model(int layers) {
    return new ModelConfig(
        TOKENIZER.vocabularySize(), 48, 96, layers, 4, 2, 12, 1e-5, 10_000, 64, true, true, 0.14);
  }

  static TrainerConfig config(int accumulation, int steps) {
    return new TrainerConfig(
        6, 40, accumulation, steps, OptimizerConfig.of(3e-3), new Schedule.Constant(0));
  }

  static BatchSource batches() {
    return PackedBatches.of(TrainingData::document);
  }

  static Document document(long index) {
    RandomStream stream = RandomStream.of(7, "document", index);
    int[] tokens = new int[5 + stream.nextInt(20)];
    int start = stream.nextInt(100);
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = start + i;
    }
    return Document.of(tokens);
  }
}
