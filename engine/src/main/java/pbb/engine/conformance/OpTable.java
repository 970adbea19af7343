package pbb.engine.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import pbb.engine.graph.AdamW;
import pbb.engine.graph.Add;
import pbb.engine.graph.Attention;
import pbb.engine.graph.CacheWrite;
import pbb.engine.graph.CachedAttention;
import pbb.engine.graph.ClipFactor;
import pbb.engine.graph.CrossEntropy;
import pbb.engine.graph.DataType;
import pbb.engine.graph.Destination;
import pbb.engine.graph.Embedding;
import pbb.engine.graph.MatMul;
import pbb.engine.graph.Op;
import pbb.engine.graph.Operand;
import pbb.engine.graph.RmsNorm;
import pbb.engine.graph.Role;
import pbb.engine.graph.Rope;
import pbb.engine.graph.Shape;
import pbb.engine.graph.SquaredNorm;
import pbb.engine.graph.SwiGlu;
import pbb.engine.graph.TakeRows;
import pbb.engine.graph.Tensor;
import pbb.engine.nn.ModelConfig;

/**
 * The op table: every op at shapes that are small, odd, just past a block, or as a model has them.
 * Tests, benchmarks and the self-test of every backend read it.
 *
 * <p>The rows of gradients are not written down: they are what the gradient rules of the forward
 * rows emit.
 */
public final class OpTable {

  /** Lengths around which kernels that work in blocks go wrong. */
  private static final int[] AWKWARD = {1, 13, 207};

  private final List<OpCase> rows = new ArrayList<>();

  private OpTable() {}

  /** All rows; names are unique. */
  public static List<OpCase> rows() {
    OpTable table = new OpTable();
    table.matrixProducts();
    table.embeddings();
    table.norms();
    table.rotations();
    table.attention();
    table.generation();
    table.gatesAndSums();
    table.losses();
    table.optimizer();
    return List.copyOf(table.rows);
  }

  /** Two rows of every op, neither trivial nor long. */
  static List<OpCase> sample() {
    Map<String, List<OpCase>> byOp = new LinkedHashMap<>();
    for (OpCase row : rows()) {
      long size = row.fillings().keySet().stream().mapToLong(Tensor::size).sum();
      if (size >= 50 && size < 6000) {
        byOp.computeIfAbsent(row.op().name(), _ -> new ArrayList<>()).add(row);
      }
    }
    return byOp.values().stream()
        .flatMap(rows -> Stream.of(rows.getFirst(), rows.getLast()).distinct())
        .toList();
  }

  /**
   * Every op of a training step and of decoding as a model of this shape has them.
   *
   * @param batch the rows of a batch
   * @param length the tokens of a row
   */
  public static List<OpCase> ofModel(ModelConfig config, int batch, int length) {
    OpTable table = new OpTable();
    int n = batch * length;
    int c = config.hiddenSize();
    int f = config.intermediateSize();
    int d = config.headDim();
    int heads = config.numAttentionHeads();
    int kvHeads = config.numKeyValueHeads();
    int v = config.vocabularySize();
    table.withGradients(table.embedding(n, v, c));
    table.withGradients(table.rmsNorm(n, c, c, 1));
    table.withGradients(table.matMul(0, n, heads * d, c, false, true, false));
    table.withGradients(table.matMul(0, n, f, c, false, true, false));
    table.withGradients(table.matMul(0, n, c, f, false, true, false));
    table.withGradients(table.matMul(0, n, v, c, false, true, false));
    table.withGradients(table.rope(n, heads, d, length, false));
    table.withGradients(table.attention(batch, length, heads, kvHeads, d, length / 3 + 1, 1));
    table.withGradients(table.swiGlu(n, f, 1));
    table.withGradients(table.add(n, c));
    table.withGradients(table.crossEntropy(n, v, 1));
    table.squaredNorm(f * c);
    table.adamW(0.1, 0.5, f, c);
    table.cacheWrite(batch, 1, length, kvHeads * d);
    table.cachedAttention(batch, 1, length, heads, kvHeads, d, 1);
    table.takeRows(batch, n, c);
    Map<String, OpCase> unique = new LinkedHashMap<>();
    table.rows.forEach(row -> unique.putIfAbsent(row.name(), row));
    return List.copyOf(unique.values());
  }

  private void matrixProducts() {
    int[][] shapes = { // M, N, K
      {1, 1, 1},
      {1, 13, 207},
      {13, 1, 7},
      {13, 207, 1},
      {207, 13, 31},
      {5, 300, 17},
      {65, 49, 130},
      {131, 97, 259}
    };
    for (boolean transposeA : List.of(false, true)) {
      for (boolean transposeB : List.of(false, true)) {
        for (int[] s : shapes) {
          matMul(0, s[0], s[1], s[2], transposeA, transposeB, false);
        }
        matMul(0, 13, 29, 33, transposeA, transposeB, true);
        matMul(0, 207, 97, 65, transposeA, transposeB, true);
        matMul(3, 13, 29, 33, transposeA, transposeB, false);
        matMul(2, 65, 7, 13, transposeA, transposeB, true);
        withGradients(matMul(0, 14, 27, 19, transposeA, transposeB, false));
        inSlice(new Builder(true).matMul(0, 13, 7, 31, transposeA, transposeB, true));
      }
    }
    matMul(0, 300, 200, 520, false, true, false);
    matMul(0, 520, 96, 384, true, false, true);
    // Long sums over few results, which a device may cut and add up.
    matMul(0, 64, 96, 384, true, false, true);
    matMul(2, 33, 40, 300, false, true, false);
    matMul(0, 5, 9, 300, true, false, true);
  }

  private void embeddings() {
    for (int width : AWKWARD) {
      withGradients(embedding(13, 7, width));
    }
    withGradients(embedding(1, 1, 5));
    withGradients(embedding(300, 64, 48));
    inSlice(new Builder(true).embedding(13, 7, 5));
    for (int width : AWKWARD) {
      takeRows(3, 17, width);
    }
    inSlice(new Builder(true).takeRows(3, 17, 5));
  }

  private void norms() {
    for (int width : AWKWARD) {
      withGradients(rmsNorm(13, width, width, 1));
    }
    withGradients(rmsNorm(1, 64, 64, 1));
    withGradients(rmsNorm(207, 48, 48, 1));
    // Queries and keys, head by head.
    withGradients(rmsNorm(13, 4 * 6, 6, 1));
    withGradients(rmsNorm(70, 2 * 32, 32, 1));
    // Where epsilon is most of the mean square, and where it is nothing.
    withGradients(rmsNorm(5, 19, 19, 1e-3));
    withGradients(rmsNorm(5, 19, 19, 1e4));
    inSlice(new Builder(true).rmsNorm(13, 21, 7, 1));
  }

  private void rotations() {
    withGradients(rope(1, 1, 2, 1, false));
    withGradients(rope(13, 3, 6, 50, false));
    withGradients(rope(207, 2, 32, 207, false));
    withGradients(rope(13, 1, 14, 8192, false));
    withGradients(rope(5, 2, 74, 50, false)); // whole vectors, and a rest
    rope(13, 3, 6, 50, true);
    inSlice(new Builder(true).rope(13, 3, 6, 50, false));
  }

  private void attention() {
    withGradients(attention(1, 1, 1, 1, 2, 1, 1));
    withGradients(attention(2, 13, 3, 3, 6, 13, 1));
    withGradients(attention(1, 207, 1, 1, 13, 207, 1));
    withGradients(attention(1, 70, 2, 1, 32, 70, 1));
    // Grouped queries.
    withGradients(attention(2, 13, 4, 2, 5, 13, 1));
    withGradients(attention(3, 33, 6, 1, 16, 33, 1));
    // Several documents a row, down to one token each.
    withGradients(attention(3, 33, 4, 2, 16, 9, 1));
    withGradients(attention(2, 13, 2, 1, 7, 1, 1));
    withGradients(attention(1, 130, 2, 2, 8, 60, 1));
    // Scores so large that one key takes nearly all.
    withGradients(attention(2, 13, 4, 2, 6, 13, 8));
    inSlice(new Builder(true).attention(2, 13, 4, 2, 6, 5, 1));
    // Wide heads, of which tiles hold fewer.
    withGradients(attention(1, 37, 2, 1, 64, 15, 1));
    withGradients(attention(2, 13, 2, 2, 65, 13, 1));
    withGradients(attention(1, 21, 4, 2, 128, 21, 1));
    withGradients(attention(2, 19, 2, 1, 100, 7, 1));
    withGradients(attention(1, 11, 2, 1, 200, 5, 1));
    withGradients(attention(1, 13, 2, 1, 256, 13, 1));
    withGradients(attention(1, 5, 1, 1, 128, 3, 1));
  }

  private void generation() {
    cacheWrite(3, 1, 13, 7);
    cacheWrite(2, 13, 13, 48);
    cacheWrite(1, 5, 207, 1);
    inSlice(new Builder(true).cacheWrite(3, 4, 13, 7));
    cachedAttention(1, 1, 1, 1, 1, 2, 1);
    cachedAttention(3, 1, 13, 4, 2, 6, 1);
    cachedAttention(5, 1, 207, 2, 2, 16, 1);
    cachedAttention(3, 13, 13, 3, 1, 8, 1);
    cachedAttention(2, 9, 40, 4, 4, 5, 1);
    cachedAttention(3, 1, 33, 4, 2, 32, 8);
    inSlice(new Builder(true).cachedAttention(3, 2, 13, 4, 2, 6, 1));
    cachedAttention(2, 3, 70, 2, 1, 64, 1);
    cachedAttention(2, 1, 40, 2, 2, 100, 1);
    cachedAttention(1, 2, 33, 4, 2, 200, 1);
    cachedAttention(1, 1, 21, 2, 1, 256, 1);
    cachedAttention(1, 1, 13, 2, 1, 128, 1);
  }

  private void gatesAndSums() {
    for (int width : AWKWARD) {
      withGradients(swiGlu(3, width, 1));
      add(3, width);
    }
    withGradients(swiGlu(200, 96, 1));
    // Gates at which exp overflows or underflows in single precision.
    withGradients(swiGlu(13, 13, 60));
    inSlice(new Builder(true).swiGlu(3, 13, 1));
    add(200, 96);
    inSlice(new Builder(true).add(3, 13));
  }

  private void losses() {
    for (int vocabulary : AWKWARD) {
      withGradients(crossEntropy(13, vocabulary, 1));
    }
    withGradients(crossEntropy(1, 5, 1));
    withGradients(crossEntropy(300, 64, 1));
    // Logits whose exponential is no float.
    withGradients(crossEntropy(13, 31, 60));
    inSlice(new Builder(true).crossEntropy(13, 7, 1));
  }

  private void optimizer() {
    for (int size : AWKWARD) {
      squaredNorm(size);
      adamW(0.1, 1, size);
    }
    squaredNorm(100_003);
    inSlice(new Builder(true).squaredNorm(31));
    clipFactor(1, 1e9);
    clipFactor(13, 0.5);
    clipFactor(207, Double.POSITIVE_INFINITY);
    adamW(0, 0.25, 13, 207);
    adamW(0.1, 0.25, 70_001);
    inSlice(new Builder(true).adamW(0.1, 0.25, 31));
  }

  // One method a kind of op: a row on whole tensors, added to the table.

  private OpCase matMul(
      int batch, int m, int n, int k, boolean transposeA, boolean transposeB, boolean accumulate) {
    return add(new Builder(false).matMul(batch, m, n, k, transposeA, transposeB, accumulate));
  }

  private OpCase embedding(int count, int vocabulary, int width) {
    return add(new Builder(false).embedding(count, vocabulary, width));
  }

  private void takeRows(int count, int height, int width) {
    add(new Builder(false).takeRows(count, height, width));
  }

  private OpCase rmsNorm(int rows, int columns, int width, double scale) {
    return add(new Builder(false).rmsNorm(rows, columns, width, scale));
  }

  private OpCase rope(int count, int heads, int headDim, int limit, boolean inverse) {
    return add(new Builder(false).rope(count, heads, headDim, limit, inverse));
  }

  private OpCase attention(
      int batch, int length, int heads, int kvHeads, int headDim, int longest, double scale) {
    return add(
        new Builder(false).attention(batch, length, heads, kvHeads, headDim, longest, scale));
  }

  private void cacheWrite(int batch, int length, int capacity, int width) {
    add(new Builder(false).cacheWrite(batch, length, capacity, width));
  }

  private void cachedAttention(
      int batch, int length, int capacity, int heads, int kvHeads, int headDim, double scale) {
    add(
        new Builder(false)
            .cachedAttention(batch, length, capacity, heads, kvHeads, headDim, scale));
  }

  private OpCase swiGlu(int rows, int columns, double scale) {
    return add(new Builder(false).swiGlu(rows, columns, scale));
  }

  private OpCase add(int rows, int columns) {
    return add(new Builder(false).add(rows, columns));
  }

  private OpCase crossEntropy(int count, int vocabulary, double scale) {
    return add(new Builder(false).crossEntropy(count, vocabulary, scale));
  }

  private void squaredNorm(int size) {
    add(new Builder(false).squaredNorm(size));
  }

  private void clipFactor(int count, double maxNorm) {
    add(new Builder(false).clipFactor(count, maxNorm));
  }

  private void adamW(double weightDecay, double clip, int... shape) {
    add(new Builder(false).adamW(weightDecay, clip, shape));
  }

  private OpCase add(OpCase row) {
    rows.add(row);
    return row;
  }

  /** Adds a row that works on the middle one of three slices, and its gradients. */
  private void inSlice(OpCase row) {
    OpCase named =
        new OpCase(
            row.name() + " in a slice", row.op(), row.fillings(), row.prelude(), row.tolerance());
    add(named);
    withGradients(named);
  }

  /**
   * Adds the rows of the gradients of a row: put in place, and added to what is there where the
   * rule can.
   */
  private void withGradients(OpCase row) {
    if (row.op() instanceof Op.Differentiable forward) {
      rows.addAll(gradients(row, forward, false));
      boolean adds =
          switch (forward) {
            case Add _, CrossEntropy _, Rope _ -> false;
            case Attention _, Embedding _, MatMul _, RmsNorm _, SwiGlu _ -> true;
          };
      if (adds) {
        rows.addAll(gradients(row, forward, true));
      }
    }
  }

  /** A row for each op that the gradient rule of {@code forward} emits. */
  private static List<OpCase> gradients(OpCase row, Op.Differentiable forward, boolean accumulate) {
    Map<Tensor, Filling> fillings = new LinkedHashMap<>(row.fillings());
    SingleOpTape tape =
        new SingleOpTape(
            accumulate,
            cotangent -> fillings.put(cotangent, Filling.normal(1)),
            gradient -> fillings.put(gradient, accumulate ? Filling.normal(1) : Filling.UNWRITTEN));
    forward.differentiate(tape);
    double factor =
        row.tolerance().relative() / Math.max(Tolerance.of(forward).relative(), Tolerance.ROUNDING);
    List<OpCase> gradients = new ArrayList<>();
    int part = 0;
    for (Op emitted : tape.emitted()) {
      String suffix = tape.emitted().size() > 1 ? " " + ++part : "";
      gradients.add(
          new OpCase(
              emitted.name() + " of " + row.name() + suffix + (accumulate ? ", added" : ""),
              emitted,
              fillings,
              Optional.of(forward),
              Tolerance.of(emitted)
                  .times(Math.max(1, factor))
                  .cancelling(row.tolerance().cancelling())));
    }
    return gradients;
  }

  /** Makes the operands of one row. */
  private static final class Builder {

    private final boolean sliced;
    private final Map<Tensor, Filling> fillings = new LinkedHashMap<>();

    Builder(boolean sliced) {
      this.sliced = sliced;
    }

    private Operand operand(String name, DataType type, Role role, Filling filling, int... shape) {
      Tensor tensor = new Tensor(name, type, Shape.of(shape), sliced ? 3 : 1, role);
      fillings.put(tensor, filling);
      return sliced ? tensor.at(1) : tensor.whole();
    }

    private Operand in(String name, Filling filling, int... shape) {
      return operand(name, DataType.F32, Role.INPUT, filling, shape);
    }

    private Operand ints(String name, Filling filling, int... shape) {
      return operand(name, DataType.I32, Role.INPUT, filling, shape);
    }

    private Operand out(String name, int... shape) {
      return operand(name, DataType.F32, Role.OUTPUT, Filling.UNWRITTEN, shape);
    }

    private OpCase row(Op op, String what) {
      return row(op, what, 1);
    }

    private OpCase row(Op op, String what, double errorFactor) {
      return row(op, what, errorFactor, 0);
    }

    private OpCase row(Op op, String what, double errorFactor, double cancelling) {
      return new OpCase(
          op.name() + " " + what,
          op,
          fillings,
          Optional.empty(),
          Tolerance.of(op).times(errorFactor).cancelling(cancelling));
    }

    /** {@code batch} 0: no batch dimension. */
    OpCase matMul(
        int batch,
        int m,
        int n,
        int k,
        boolean transposeA,
        boolean transposeB,
        boolean accumulate) {
      Operand a =
          in("a", Filling.normal(1), batched(batch, transposeA ? k : m, transposeA ? m : k));
      Operand b =
          in("b", Filling.normal(1), batched(batch, transposeB ? n : k, transposeB ? k : n));
      Operand out =
          operand(
              "out",
              DataType.F32,
              Role.OUTPUT,
              accumulate ? Filling.normal(1) : Filling.UNWRITTEN,
              batched(batch, m, n));
      return row(
          new MatMul(new Destination(out, accumulate), a, b, transposeA, transposeB),
          (batch > 0 ? batch + " of " : "")
              + shape(m, n, k)
              + " "
              + (transposeA ? "T" : "N")
              + (transposeB ? "T" : "N")
              + (accumulate ? ", added" : ""));
    }

    private static int[] batched(int batch, int rows, int columns) {
      return batch > 0 ? new int[] {batch, rows, columns} : new int[] {rows, columns};
    }

    OpCase embedding(int count, int vocabulary, int width) {
      return row(
          new Embedding(
              out("out", count, width),
              in("table", Filling.normal(1), vocabulary, width),
              ints("tokens", Filling.integers(vocabulary), count)),
          shape(count, vocabulary, width));
    }

    OpCase takeRows(int count, int height, int width) {
      return row(
          new TakeRows(
              out("out", count, width),
              in("x", Filling.normal(1), height, width),
              ints("rows", Filling.integers(height), count)),
          shape(count, height, width));
    }

    OpCase rmsNorm(int rows, int columns, int width, double scale) {
      return row(
          new RmsNorm(
              out("out", rows, columns),
              out("inverseRms", rows * columns / width),
              in("x", Filling.normal(scale), rows, columns),
              in("weight", Filling.aroundOne(), width),
              1e-5),
          shape(rows, columns) + " by " + width + scaled(scale),
          1,
          // A number divided by its own size is its sign: the gradient is what epsilon leaves.
          width == 1 ? 1 : 0);
    }

    OpCase rope(int count, int heads, int headDim, int limit, boolean inverse) {
      return row(
          new Rope(
              out("out", count, heads * headDim),
              in("x", Filling.normal(1), count, heads * headDim),
              ints("positions", Filling.integers(limit), count),
              headDim,
              10_000,
              limit,
              inverse),
          shape(count, heads, headDim) + " up to " + limit + (inverse ? " inverse" : ""));
    }

    OpCase attention(
        int batch, int length, int heads, int kvHeads, int headDim, int longest, double scale) {
      int rows = batch * length;
      return row(
          new Attention(
              out("out", rows, heads * headDim),
              out("logSumExp", rows, heads),
              in("q", Filling.normal(scale), rows, heads * headDim),
              in("k", Filling.normal(1), rows, kvHeads * headDim),
              in("v", Filling.normal(1), rows, kvHeads * headDim),
              ints("documentStart", Filling.documentStarts(length, longest), batch, length),
              headDim),
          shape(batch, length, heads, headDim)
              + (heads == kvHeads ? "" : " over " + kvHeads)
              + (longest < length ? " documents of " + longest : "")
              + scaled(scale),
          scale,
          // A lone token's probability is 1 whatever its score: no gradient passes.
          longest == 1 ? 1 : 0);
    }

    OpCase cacheWrite(int batch, int length, int capacity, int width) {
      return row(
          new CacheWrite(
              in("cache", Filling.normal(1), batch, capacity, width),
              in("x", Filling.normal(1), batch * length, width),
              ints("positions", positions(batch, length, capacity), batch, length)),
          shape(batch, length, capacity, width));
    }

    OpCase cachedAttention(
        int batch, int length, int capacity, int heads, int kvHeads, int headDim, double scale) {
      Filling cache = written(batch, length, capacity, kvHeads * headDim);
      return row(
          new CachedAttention(
              out("out", batch * length, heads * headDim),
              in("q", Filling.normal(scale), batch * length, heads * headDim),
              in("keys", cache, batch, capacity, kvHeads * headDim),
              in("values", cache, batch, capacity, kvHeads * headDim),
              ints("positions", positions(batch, length, capacity), batch, length),
              headDim),
          shape(batch, length, capacity, heads, headDim)
              + (heads == kvHeads ? "" : " over " + kvHeads)
              + scaled(scale),
          scale);
    }

    /**
     * The first of the new positions of sequence {@code b}: other sequences are longer or shorter.
     */
    private static int firstPosition(int b, int length, int capacity) {
      return (7 * b + 3) % (capacity - length + 1);
    }

    private static Filling positions(int batch, int length, int capacity) {
      return (size, _) -> {
        double[] values = new double[size];
        Arrays.setAll(
            values, i -> firstPosition(i / length % batch, length, capacity) + i % length);
        return values;
      };
    }

    /** A cache that holds no numbers where no query may look. */
    private static Filling written(int batch, int length, int capacity, int width) {
      return (size, stream) -> {
        double[] values = Filling.normal(1).values(size, stream);
        for (int i = 0; i < size; i++) {
          int position = i / width % capacity;
          if (position >= firstPosition(i / width / capacity % batch, length, capacity) + length) {
            values[i] = Double.NaN;
          }
        }
        return values;
      };
    }

    OpCase swiGlu(int rows, int columns, double scale) {
      return row(
          new SwiGlu(
              out("out", rows, columns),
              in("gate", Filling.normal(scale), rows, columns),
              in("up", Filling.normal(1), rows, columns)),
          shape(rows, columns) + scaled(scale),
          // The gradient has gate · (1 − s): up to 17 roundings of s, which is 1 for larger gates.
          scale == 1 ? 1 : 3);
    }

    OpCase add(int rows, int columns) {
      return row(
          new Add(
              out("out", rows, columns),
              in("x", Filling.normal(1), rows, columns),
              in("branch", Filling.normal(1), rows, columns)),
          shape(rows, columns));
    }

    OpCase crossEntropy(int count, int vocabulary, double scale) {
      return row(
          new CrossEntropy(
              out("loss", 1),
              out("logSumExp", count),
              in("logits", Filling.normal(scale), count, vocabulary),
              ints("targets", Filling.integers(vocabulary), count),
              in("weights", Filling.tokenWeights(), count)),
          shape(count, vocabulary) + scaled(scale),
          scale);
    }

    OpCase squaredNorm(int size) {
      Operand out = in("squaredNorms", Filling.squares(0.1 * Math.sqrt(size)), 3);
      return row(new SquaredNorm(out, 1, in("x", Filling.normal(0.1), size)), shape(size));
    }

    OpCase clipFactor(int count, double maxNorm) {
      return row(
          new ClipFactor(out("out", 2), in("squaredNorms", Filling.squares(1), count), maxNorm),
          count + " to " + maxNorm);
    }

    OpCase adamW(double weightDecay, double clip, int... shape) {
      return row(
          new AdamW(
              in("parameter", Filling.normal(1), shape),
              in("firstMoment", Filling.normal(0.01), shape),
              in("secondMoment", Filling.squares(0.01), shape),
              in("gradient", Filling.normal(0.1), shape),
              in("clip", Filling.of(4, clip), 2),
              in("schedule", Filling.of(3e-3, 0.19, 0.002), 3),
              0.9,
              0.999,
              1e-8,
              weightDecay),
          shape(shape) + ", decay " + weightDecay + ", clip " + clip);
    }

    private static String shape(int... extents) {
      return Arrays.stream(extents).mapToObj(String::valueOf).collect(Collectors.joining("×"));
    }

    private static String scaled(double scale) {
      return scale == 1 ? "" : " of scale " + scale;
    }
  }
}
