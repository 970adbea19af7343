package pbb.engine.data;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import pbb.engine.graph.MemoryPlan;

/**
 * The inputs of one training or validation pass: B rows of T places, off-heap and used again for
 * every pass.
 *
 * <p>Place t of a row holds a token to read, with the token that follows it in its document as
 * target. The last token of a document follows the others as a target and is never read, so a
 * document of n tokens takes n − 1 places. Places that no document takes hold token 0, each as a
 * document of its own, with weight 0.
 *
 * <p>The memory is freed with the object.
 */
public final class Batch {

  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT;

  private final int rows;
  private final int length;
  private final MemorySegment tokens; // (B, T), I32
  private final MemorySegment positions; // (B, T), I32
  private final MemorySegment documentStart; // (B, T), I32
  private final MemorySegment targets; // (B, T), I32
  private final MemorySegment weights; // (B, T), F32
  private final int[] used; // (B), places taken in each row
  private long tokenCount;
  private long targetCount;
  private double weightSum;

  /** An empty batch of {@code rows} rows of {@code length} places. */
  public Batch(int rows, int length) {
    if (rows < 1 || length < 1) {
      throw new IllegalArgumentException(
          "a batch needs at least 1 row of at least 1 token, not " + rows + " rows of " + length);
    }
    this.rows = rows;
    this.length = length;
    Arena arena = Arena.ofAuto();
    tokens = allocate(arena);
    positions = allocate(arena);
    documentStart = allocate(arena);
    targets = allocate(arena);
    weights = allocate(arena);
    used = new int[rows];
    clear();
  }

  private MemorySegment allocate(Arena arena) {
    return arena.allocate((long) rows * length * Integer.BYTES, MemoryPlan.ALIGNMENT);
  }

  /** Empties all rows. */
  public void clear() {
    tokens.fill((byte) 0);
    positions.fill((byte) 0);
    targets.fill((byte) 0);
    weights.fill((byte) 0);
    for (int row = 0; row < rows; row++) {
      used[row] = 0;
      for (int column = 0; column < length; column++) {
        documentStart.setAtIndex(I32, index(row, column), column);
      }
    }
    tokenCount = 0;
    targetCount = 0;
    weightSum = 0;
  }

  /**
   * Puts a document behind those that a row holds.
   *
   * @throws IllegalArgumentException if the row has no room for it
   */
  public void add(int row, Document document) {
    int start = used[row];
    int places = document.length() - 1;
    if (places > room(row)) {
      throw new IllegalArgumentException(
          "row " + row + " has room for " + room(row) + " of the document's " + places + " places");
    }
    for (int i = 0; i < places; i++) {
      set(row, start, i, document.token(i), document.token(i + 1), document.targetWeight(i + 1));
    }
    used[row] += places;
    tokenCount += places;
  }

  /**
   * Puts one token of the document that starts in place {@code start} of a row; counts it as a
   * target, not as a token.
   */
  private void set(int row, int start, int position, int token, int target, float weight) {
    long at = index(row, start + position);
    tokens.setAtIndex(I32, at, token);
    positions.setAtIndex(I32, at, position);
    documentStart.setAtIndex(I32, at, start);
    targets.setAtIndex(I32, at, target);
    weights.setAtIndex(F32, at, weight);
    if (weight > 0) {
      targetCount++;
      weightSum += weight;
    }
  }

  /**
   * Fills an empty row with consecutive tokens of a stream, in which {@code endOfText} begins each
   * document; it is the target of the last token of the one before.
   *
   * @param stream where the tokens are
   * @param from the stream's index of the row's first token
   * @param count how many tokens to read, at most T; the stream holds one more, the last one's
   *     target
   */
  void addStream(int row, TokenShards.Split stream, long from, int count, int endOfText) {
    int start = 0;
    int token = stream.token(from);
    for (int i = 0; i < count; i++) {
      int target = stream.token(from + i + 1);
      if (token == endOfText) {
        start = i;
      }
      set(row, start, i - start, token, target, 1);
      token = target;
    }
    used[row] = count;
    tokenCount += count;
  }

  /**
   * Multiplies every weight with {@code factor}, as is done to divide them by their sum over a
   * step.
   */
  public void scaleWeights(double factor) {
    long places = (long) rows * length;
    for (long i = 0; i < places; i++) {
      weights.setAtIndex(F32, i, (float) (weights.getAtIndex(F32, i) * factor));
    }
    weightSum *= factor;
  }

  /** The number of rows B. */
  public int rows() {
    return rows;
  }

  /** The number of places T in a row. */
  public int length() {
    return length;
  }

  /** How many places of a row are free. */
  public int room(int row) {
    return length - used[row];
  }

  /** (B, T), I32: the token in each place. */
  public MemorySegment tokens() {
    return tokens;
  }

  /** (B, T), I32: each token's position in its document. */
  public MemorySegment positions() {
    return positions;
  }

  /** (B, T), I32: where in the row each token's document starts. */
  public MemorySegment documentStart() {
    return documentStart;
  }

  /** (B, T), I32: the token that follows each. */
  public MemorySegment targets() {
    return targets;
  }

  /** (B, T), F32: each target's weight in the loss. */
  public MemorySegment weights() {
    return weights;
  }

  /** How many places documents take. */
  public long tokenCount() {
    return tokenCount;
  }

  /** How many places have a target of weight above 0. */
  public long targetCount() {
    return targetCount;
  }

  /** The sum of all weights. */
  public double weightSum() {
    return weightSum;
  }

  private long index(int row, int column) {
    return (long) row * length + column;
  }
}
