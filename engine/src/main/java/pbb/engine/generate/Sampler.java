package pbb.engine.generate;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import pbb.engine.random.RandomStream;

/** Chooses tokens from rows of logits, without allocating anything of note. */
final class Sampler {

  private final Sampling sampling;
  private final int vocabularySize;
  private final double[]
      probabilities; // those of the tokens that are left, not yet divided by their sum
  private final long[] order; // a sort key for each token, its id in the lower half

  Sampler(Sampling sampling, int vocabularySize) {
    this.sampling = sampling;
    this.vocabularySize = vocabularySize;
    this.probabilities = new double[vocabularySize];
    this.order = new long[vocabularySize];
  }

  /**
   * The next token of a sequence.
   *
   * @param logits (B, V), floats in native order
   * @param row the sequence's row
   * @param prompt the number of its prompt
   * @param position the token's position in the sequence
   * @throws IllegalStateException if a logit is not a number
   */
  int next(MemorySegment logits, int row, int prompt, int position) {
    long start = (long) row * vocabularySize;
    return switch (sampling) {
      case Sampling.Greedy _ -> largest(logits, start);
      case Sampling.Random random -> {
        double u =
            RandomStream.of(random.seed(), "sampling", ((long) prompt << 32) + position)
                .nextDouble();
        yield random.topK() < vocabularySize || random.topP() < 1
            ? drawFiltered(logits, start, random, u)
            : draw(logits, start, random.temperature(), u);
      }
    };
  }

  private int largest(MemorySegment logits, long start) {
    int best = 0;
    float bestLogit = Float.NEGATIVE_INFINITY;
    for (int id = 0; id < vocabularySize; id++) {
      float logit = logits.getAtIndex(ValueLayout.JAVA_FLOAT, start + id);
      if (logit > bestLogit) {
        best = id;
        bestLogit = logit;
      } else if (Float.isNaN(logit)) {
        throw new IllegalStateException(
            "the logits are not numbers: the weights of the model are damaged, or its training has"
                + " diverged");
      }
    }
    return best;
  }

  private int draw(MemorySegment logits, long start, double temperature, double u) {
    float largest = logits.getAtIndex(ValueLayout.JAVA_FLOAT, start + largest(logits, start));
    double sum = 0;
    for (int id = 0; id < vocabularySize; id++) {
      float logit = logits.getAtIndex(ValueLayout.JAVA_FLOAT, start + id);
      probabilities[id] = StrictMath.exp((logit - largest) / temperature);
      sum += probabilities[id];
    }
    return pick(vocabularySize, u * sum);
  }

  private int drawFiltered(MemorySegment logits, long start, Sampling.Random random, double u) {
    float largest = logits.getAtIndex(ValueLayout.JAVA_FLOAT, start + largest(logits, start));
    for (int id = 0; id < vocabularySize; id++) {
      order[id] = descending(logits.getAtIndex(ValueLayout.JAVA_FLOAT, start + id)) | id;
    }
    Arrays.sort(order); // the likeliest first, of equals the smallest id
    int left = Math.min(random.topK(), vocabularySize);
    double sum = 0;
    for (int i = 0; i < left; i++) {
      float logit = logits.getAtIndex(ValueLayout.JAVA_FLOAT, start + (int) order[i]);
      probabilities[i] = StrictMath.exp((logit - largest) / random.temperature());
      sum += probabilities[i];
    }
    double kept = 0;
    int nucleus = 0;
    while (nucleus < left && kept < random.topP() * sum) {
      kept += probabilities[nucleus++];
    }
    return (int) order[pick(nucleus, u * kept)];
  }

  /**
   * The first of {@code count} whose probability, with those before it, exceeds {@code threshold}.
   */
  private int pick(int count, double threshold) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += probabilities[i];
      if (sum > threshold) {
        return i;
      }
    }
    return count - 1; // rounding only: the threshold is below the sum of all
  }

  /** The upper half of a sort key that puts larger floats first. */
  private static long descending(float logit) {
    int bits = Float.floatToIntBits(logit + 0f); // -0 counts as 0
    int ascending = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
    return (long) ~ascending << 32;
  }
}
