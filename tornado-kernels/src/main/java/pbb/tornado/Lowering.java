package pbb.tornado;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import pbb.engine.backend.Support;
import pbb.engine.graph.AdamW;
import pbb.engine.graph.Add;
import pbb.engine.graph.Attention;
import pbb.engine.graph.AttentionGradient;
import pbb.engine.graph.CacheWrite;
import pbb.engine.graph.CachedAttention;
import pbb.engine.graph.ClipFactor;
import pbb.engine.graph.CrossEntropy;
import pbb.engine.graph.CrossEntropyGradient;
import pbb.engine.graph.Destination;
import pbb.engine.graph.Embedding;
import pbb.engine.graph.EmbeddingGradient;
import pbb.engine.graph.Graph;
import pbb.engine.graph.MatMul;
import pbb.engine.graph.Op;
import pbb.engine.graph.Operand;
import pbb.engine.graph.Program;
import pbb.engine.graph.RmsNorm;
import pbb.engine.graph.RmsNormGradient;
import pbb.engine.graph.Rope;
import pbb.engine.graph.Section;
import pbb.engine.graph.SquaredNorm;
import pbb.engine.graph.SwiGlu;
import pbb.engine.graph.SwiGluGradient;
import pbb.engine.graph.TakeRows;
import pbb.tornado.DescriptorTable.Kind;

/**
 * Turns the ops of a program into launches of kernels. Ops of one kind that follow each other and
 * do not depend on each other, such as the products of queries, keys and values, or the updates of
 * all parameters, share their launches.
 *
 * <p>All addresses count from the start of the program's memory, which has four parts: the tensors,
 * as {@link Layout} has them, the constants, and then what kernels use for themselves.
 */
final class Lowering {

  /** Rows and columns of a tile of a product, and how much of the sum it takes at a time. */
  private static final int TILE = 64;

  private static final int DEPTH = 16;

  /** From one column of a's local tile, or row of b's, to the next. */
  private static final int LEADING = TILE + 4;

  /** Parts of a sum that is cut are at least this long. */
  private static final int SHORTEST_PART = 128;

  /** Elements whose squares one group sums. */
  private static final int SQUARES = 4096;

  /** Runs of a norm whose gradients one work-item sums, unless that makes too many blocks. */
  private static final int BLOCK_RUNS = 32;

  private static final int MOST_BLOCKS = 256;

  /** The largest head that attention's tiles have room for. */
  static final int LARGEST_HEAD = 256;

  private final Layout layout;
  private final Function<Op, Support> supports;
  private final int fewTiles;
  private final DescriptorTable table = new DescriptorTable();
  private float[] constants = new float[64];
  private int constantCount;
  private final Map<List<Float>, Integer> constantsAt = new HashMap<>();
  private final Map<RopeTable, Integer> ropeTables = new HashMap<>();
  private final Map<String, List<SectionSteps>> steps = new LinkedHashMap<>();
  private int scratchFloats;
  private int scratchInts;
  private int mostScratchFloats;
  private int mostScratchInts;

  /** The steps of a section, for each of its layers. */
  record SectionSteps(Section section, List<Step> steps) {}

  private record RopeTable(int headDim, double theta, int positionLimit) {}

  /** A launch for one op that is yet to be joined with others. */
  private record Pending(DeviceKernel kernel, int descriptor, int groups, long flops) {}

  /**
   * Lowers a program.
   *
   * @param supports what the device computes itself
   * @param fewTiles a product of fewer tiles than this leaves much of the device idle
   */
  Lowering(Program program, Layout layout, Function<Op, Support> supports, int fewTiles) {
    this.layout = layout;
    this.supports = supports;
    this.fewTiles = fewTiles;
    for (Graph graph : program.graphs()) {
      steps.put(
          graph.name(),
          graph.sections().stream()
              .map(section -> new SectionSteps(section, lower(graph, section.ops())))
              .toList());
    }
  }

  /** For each graph, its sections in order. */
  Map<String, List<SectionSteps>> steps() {
    return steps;
  }

  /** The descriptors of all launches. */
  DescriptorTable table() {
    return table;
  }

  /** The constants, which follow the tensors. */
  float[] constants() {
    return Arrays.copyOf(constants, constantCount);
  }

  /** Floats that kernels use for themselves, behind the constants. */
  int scratchFloats() {
    return mostScratchFloats;
  }

  /** Integers that kernels use for themselves, behind those of the tensors. */
  int scratchInts() {
    return mostScratchInts;
  }

  private List<Step> lower(Graph graph, List<Op> ops) {
    List<Step> lowered = new ArrayList<>();
    for (int i = 0; i < ops.size(); ) {
      Op first = ops.get(i);
      if (supports.apply(first) instanceof Support.Refused(String reason)) {
        lowered.add(new Step.OnHost(first, reason));
        i++;
        continue;
      }
      List<Op> together = new ArrayList<>(List.of(first));
      int next = i + 1;
      while (next < ops.size()
          && ops.get(next).getClass() == first.getClass()
          && supports.apply(ops.get(next)) instanceof Support.Supported
          && independent(graph, together, ops.get(next))) {
        together.add(ops.get(next++));
      }
      lowered.addAll(join(together, graph));
      i = next;
    }
    return lowered;
  }

  private boolean independent(Graph graph, List<Op> before, Op op) {
    for (Op other : before) {
      List<Place> written = writes(graph, other);
      if (overlap(written, reads(graph, op))
          || overlap(written, writes(graph, op))
          || overlap(reads(graph, other), writes(graph, op))) {
        return false;
      }
    }
    return true;
  }

  private static boolean overlap(List<Place> some, List<Place> others) {
    return some.stream().anyMatch(place -> others.stream().anyMatch(place::overlaps));
  }

  private List<Place> reads(Graph graph, Op op) {
    return op.inputs().stream().map(operand -> layout.place(graph, operand)).toList();
  }

  private List<Place> writes(Graph graph, Op op) {
    return op instanceof SquaredNorm norm
        ? List.of(layout.place(graph, norm.out()).element(norm.index()))
        : op.outputs().stream().map(output -> layout.place(graph, output.operand())).toList();
  }

  /**
   * The launches of ops that do not depend on each other, the first ones of all together, and so
   * on.
   */
  private List<Step> join(List<Op> ops, Graph graph) {
    scratchFloats = 0;
    scratchInts = 0;
    List<List<Pending>> phases = new ArrayList<>();
    for (Op op : ops) {
      List<Pending> launches = new Emitter(graph).launches(op);
      for (int i = 0; i < launches.size(); i++) {
        if (phases.size() == i) {
          phases.add(new ArrayList<>());
        }
        phases.get(i).add(launches.get(i));
      }
    }
    mostScratchFloats = Math.max(mostScratchFloats, scratchFloats);
    mostScratchInts = Math.max(mostScratchInts, scratchInts);
    List<Step> joined = new ArrayList<>();
    for (List<Pending> phase : phases) {
      Map<DeviceKernel, List<Pending>> byKernel = new EnumMap<>(DeviceKernel.class);
      for (Pending launch : phase) {
        byKernel.computeIfAbsent(launch.kernel(), _ -> new ArrayList<>()).add(launch);
      }
      byKernel.forEach(
          (kernel, launches) -> {
            int list = table.size();
            launches.forEach(launch -> table.add(Kind.TABLE, launch.descriptor()));
            int groups = launches.stream().mapToInt(Pending::groups).max().orElseThrow();
            long flops = launches.stream().mapToLong(Pending::flops).sum();
            joined.add(new Step.Launch(kernel, list, groups, launches.size(), flops));
          });
    }
    return joined;
  }

  private int constants(float... values) {
    List<Float> key = new ArrayList<>();
    for (float value : values) {
      key.add(value);
    }
    return constantsAt.computeIfAbsent(
        key,
        _ -> {
          int at = roomForConstants(values.length);
          System.arraycopy(values, 0, constants, at, values.length);
          return at;
        });
  }

  /** For each position the cosines of all frequencies, then the sines. */
  private int ropeTable(Rope op) {
    return ropeTables.computeIfAbsent(
        new RopeTable(op.headDim(), op.theta(), op.positionLimit()),
        key -> {
          int half = key.headDim / 2;
          double[] frequencies = new double[half];
          for (int i = 0; i < half; i++) {
            frequencies[i] = StrictMath.pow(key.theta, -2.0 * i / key.headDim);
          }
          int at = roomForConstants(Math.multiplyExact(key.positionLimit, key.headDim));
          for (int position = 0; position < key.positionLimit; position++) {
            int row = at + position * key.headDim;
            for (int i = 0; i < half; i++) {
              double angle = position * frequencies[i];
              constants[row + i] = (float) StrictMath.cos(angle);
              constants[row + half + i] = (float) StrictMath.sin(angle);
            }
          }
          return at;
        });
  }

  /** Makes room for more constants, and returns where. */
  private int roomForConstants(int count) {
    int at = constantCount;
    constantCount = Math.addExact(at, count);
    if (constantCount > constants.length) {
      constants = Arrays.copyOf(constants, Math.max(constantCount, 2 * at));
    }
    return at;
  }

  private static int groups(long items) {
    return Math.toIntExact((items + DeviceKernel.GROUP - 1) / DeviceKernel.GROUP);
  }

  private static int ceil(int dividend, int divisor) {
    return (dividend + divisor - 1) / divisor;
  }

  /**
   * How many work-items share a run of {@code width} elements: a power of two, four elements each.
   */
  private static int lanes(int width) {
    return Math.min(DeviceKernel.GROUP, Integer.highestOneBit(Math.max(1, width / 4)));
  }

  /** Writes the descriptors of one op. */
  private final class Emitter {

    private final Graph graph;
    private final List<Pending> launches = new ArrayList<>();
    private int start;

    Emitter(Graph graph) {
      this.graph = graph;
    }

    private Emitter operands(Operand... operands) {
      start = table.size();
      for (Operand operand : operands) {
        Place place = layout.place(graph, operand);
        table.add(
            switch (place.type()) {
              case F32 -> Kind.FLOATS;
              case I32 -> Kind.INTS;
            },
            place.start());
        table.add(Kind.NUMBER, place.stride());
      }
      return this;
    }

    private Emitter numbers(int... numbers) {
      for (int number : numbers) {
        table.add(Kind.NUMBER, number);
      }
      return this;
    }

    private Emitter flag(Destination destination) {
      return numbers(destination.accumulate() ? 1 : 0);
    }

    private Emitter constantsAt(int index) {
      table.add(Kind.FLOATS, Math.toIntExact(layout.floats() + index));
      return this;
    }

    private Emitter scratchAt(int index) {
      table.add(Kind.SCRATCH_FLOATS, index);
      return this;
    }

    private Emitter scratchIntsAt(int index) {
      table.add(Kind.SCRATCH_INTS, index);
      return this;
    }

    private void launch(DeviceKernel kernel, int groups) {
      launch(kernel, groups, 0);
    }

    private void launch(DeviceKernel kernel, int groups, long flops) {
      launches.add(new Pending(kernel, start, groups, flops));
    }

    private int scratch(long elements) {
      int at = scratchFloats;
      scratchFloats = Math.toIntExact(Layout.aligned(scratchFloats + elements));
      return at;
    }

    private int scratchOfInts(long elements) {
      int at = scratchInts;
      scratchInts = Math.toIntExact(scratchInts + elements);
      return at;
    }

    List<Pending> launches(Op op) {
      switch (op) {
        case Add add -> {
          int n = (int) add.out().size();
          operands(add.out(), add.x(), add.branch()).numbers(n);
          launch(DeviceKernel.ADD, groups(n));
        }
        case SwiGlu gate -> {
          int n = (int) gate.out().size();
          operands(gate.out(), gate.gate(), gate.up()).numbers(n);
          launch(DeviceKernel.SWI_GLU, groups(n));
        }
        case SwiGluGradient gate -> {
          int n = (int) gate.gate().size();
          operands(
                  gate.dgate().operand(),
                  gate.dup().operand(),
                  gate.gradient(),
                  gate.gate(),
                  gate.up())
              .numbers(n)
              .flag(gate.dgate())
              .flag(gate.dup());
          launch(DeviceKernel.SWI_GLU_GRADIENT, groups(n));
        }
        case Rope rope -> {
          int pairs = (int) rope.x().size() / 2;
          int headTable = ropeTable(rope);
          operands(rope.out(), rope.x(), rope.positions())
              .numbers(pairs, rope.headDim(), rope.x().shape().get(1) / rope.headDim())
              .constantsAt(headTable)
              .numbers(rope.inverse() ? 1 : 0);
          launch(DeviceKernel.ROPE, groups(pairs));
        }
        case Embedding embedding ->
            copyRows(embedding.out(), embedding.table(), embedding.tokens());
        case TakeRows rows -> copyRows(rows.out(), rows.x(), rows.rows());
        case EmbeddingGradient gradient -> embeddingGradient(gradient);
        case CacheWrite write -> {
          int n = (int) write.x().size();
          operands(write.cache(), write.x(), write.positions())
              .numbers(
                  n,
                  write.x().shape().get(1),
                  write.positions().shape().get(1),
                  write.cache().shape().get(1));
          launch(DeviceKernel.CACHE_WRITE, groups(n));
        }
        case RmsNorm norm -> {
          int runs = (int) norm.inverseRms().size();
          int width = (int) norm.weight().size();
          int lanes = lanes(width);
          int epsilon = constants((float) norm.epsilon());
          operands(norm.out(), norm.inverseRms(), norm.x(), norm.weight())
              .numbers(runs, width, lanes, Integer.numberOfTrailingZeros(lanes))
              .constantsAt(epsilon);
          launch(DeviceKernel.RMS_NORM, groups((long) runs * lanes));
        }
        case RmsNormGradient gradient -> rmsNormGradient(gradient);
        case MatMul product -> matMul(product);
        case Attention attention -> attention(attention);
        case AttentionGradient gradient -> attentionGradient(gradient);
        case CachedAttention attention -> cachedAttention(attention);
        case CrossEntropy loss -> crossEntropy(loss);
        case CrossEntropyGradient gradient -> {
          int n = (int) gradient.logits().size();
          operands(
                  gradient.dlogits(),
                  gradient.logits(),
                  gradient.logSumExp(),
                  gradient.targets(),
                  gradient.weights())
              .numbers(n, gradient.logits().shape().get(1));
          launch(DeviceKernel.CROSS_ENTROPY_GRADIENT, groups(n));
        }
        case SquaredNorm norm -> squaredNorm(norm);
        case ClipFactor clip -> {
          int maxNorm = constants((float) clip.maxNorm());
          operands(clip.out(), clip.squaredNorms())
              .numbers((int) clip.squaredNorms().size())
              .constantsAt(maxNorm)
              .numbers(DeviceKernel.GROUP);
          launch(DeviceKernel.CLIP_FACTOR, 1);
        }
        case AdamW adamW -> {
          int n = (int) adamW.parameter().size();
          int factors =
              constants(
                  (float) adamW.beta1(),
                  (float) (1 - adamW.beta1()),
                  (float) adamW.beta2(),
                  (float) (1 - adamW.beta2()),
                  (float) adamW.epsilon(),
                  (float) adamW.weightDecay());
          operands(
                  adamW.parameter(),
                  adamW.firstMoment(),
                  adamW.secondMoment(),
                  adamW.gradient(),
                  adamW.clip(),
                  adamW.schedule())
              .numbers(n)
              .constantsAt(factors);
          launch(DeviceKernel.ADAM_W, groups(n));
        }
      }
      return launches;
    }

    private void copyRows(Operand out, Operand table, Operand rows) {
      int n = (int) out.size();
      operands(out, table, rows).numbers(n, out.shape().get(1));
      launch(DeviceKernel.COPY_ROWS, groups(n));
    }

    private void embeddingGradient(EmbeddingGradient op) {
      int count = (int) op.tokens().size();
      int n = (int) op.gradient().size();
      int links = scratchOfInts(count);
      int marks = scratchOfInts(count);
      operands(op.tokens()).numbers(count).scratchIntsAt(links).scratchIntsAt(marks);
      launch(DeviceKernel.LINK_OCCURRENCES, groups(count));
      if (!op.table().accumulate()) {
        int size = (int) op.table().operand().size();
        operands(op.table().operand()).numbers(size);
        launch(DeviceKernel.ZERO, groups(size));
      }
      operands(op.table().operand(), op.gradient(), op.tokens())
          .numbers(n, op.gradient().shape().get(1))
          .scratchIntsAt(links)
          .scratchIntsAt(marks)
          .flag(op.table());
      launch(DeviceKernel.SUM_OCCURRENCES, groups(n));
    }

    private void rmsNormGradient(RmsNormGradient op) {
      int runs = (int) op.inverseRms().size();
      int width = (int) op.weight().size();
      int blockRuns = Math.max(BLOCK_RUNS, ceil(runs, MOST_BLOCKS));
      int blocks = ceil(runs, blockRuns);
      int partial = scratch((long) blocks * width);
      operands(op.gradient(), op.x(), op.inverseRms())
          .numbers(runs, width, blocks, blockRuns)
          .scratchAt(partial);
      launch(DeviceKernel.WEIGHT_GRADIENT_BLOCKS, groups((long) blocks * width));
      operands(op.dweight().operand()).numbers(width, blocks).scratchAt(partial).flag(op.dweight());
      launch(DeviceKernel.SUM_BLOCKS, groups(width));
      int lanes = lanes(width);
      operands(op.dx().operand(), op.gradient(), op.x(), op.inverseRms(), op.weight())
          .numbers(runs, width, lanes, Integer.numberOfTrailingZeros(lanes))
          .flag(op.dx());
      launch(DeviceKernel.RMS_NORM_GRADIENT, groups((long) runs * lanes));
    }

    private void matMul(MatMul op) {
      int m = op.m();
      int n = op.n();
      int k = op.k();
      int tilesAlongN = ceil(n, TILE);
      int tilesOfMatrix = ceil(m, TILE) * tilesAlongN;
      int tiles = op.batch() * tilesOfMatrix;
      int parts = Math.max(1, Math.min(fewTiles / tiles, k / SHORTEST_PART));
      int partLength = ceil(ceil(k, parts), DEPTH) * DEPTH;
      parts = ceil(k, partLength);
      int elements = (int) op.out().operand().size();
      operands(op.out().operand(), op.a(), op.b())
          .numbers(m, n, k)
          .numbers(op.transposeA() ? 1 : k, op.transposeA() ? m : 1)
          .numbers(op.transposeB() ? k : 1, op.transposeB() ? 1 : n)
          .numbers(op.transposeA() ? 1 : 0, op.transposeB() ? 0 : 1)
          .numbers(tilesAlongN, tilesOfMatrix, tiles, tiles * parts, partLength, elements)
          .numbers(m * k, k * n)
          .flag(op.out())
          .numbers(DEPTH, LEADING);
      if (parts == 1) {
        numbers(-1);
        launch(DeviceKernel.MAT_MUL, tiles, op.flops());
      } else {
        int products = scratch((long) parts * elements);
        scratchAt(products);
        launch(DeviceKernel.MAT_MUL, tiles * parts, op.flops());
        operands(op.out().operand()).numbers(elements, parts).scratchAt(products).flag(op.out());
        launch(DeviceKernel.SUM_PARTS, groups(elements));
      }
    }

    /** Rows of a tile of attention. */
    private int tileRows(int headDim) {
      return headDim <= 64 ? 16 : headDim <= 128 ? 8 : 4;
    }

    private int scale(int headDim) {
      return constants((float) (1 / Math.sqrt(headDim)));
    }

    private void attention(Attention op) {
      int rows = tileRows(op.headDim());
      int tiles = ceil(op.length(), rows);
      int count = op.batch() * op.numHeads() * tiles;
      int scale = scale(op.headDim());
      operands(op.out(), op.logSumExp(), op.q(), op.k(), op.v(), op.documentStart())
          .numbers(count, op.length(), op.numHeads(), op.numKeyValueHeads())
          .numbers(op.headDim(), rows, tiles)
          .constantsAt(scale);
      launch(DeviceKernel.ATTENTION, count, op.flops());
    }

    private void attentionGradient(AttentionGradient op) {
      int rows = tileRows(op.headDim());
      int tiles = ceil(op.length(), rows);
      int heads = op.batch() * op.length() * op.numHeads();
      int lanes = lanes(op.headDim());
      int scale = scale(op.headDim());
      int dots = scratch(heads);
      operands(op.gradient(), op.out())
          .numbers(heads, op.headDim(), lanes, Integer.numberOfTrailingZeros(lanes))
          .scratchAt(dots);
      launch(DeviceKernel.ROW_DOTS, groups((long) heads * lanes));
      int keyTiles = op.batch() * op.numKeyValueHeads() * tiles;
      operands(
              op.dk().operand(),
              op.dv().operand(),
              op.gradient(),
              op.q(),
              op.k(),
              op.v(),
              op.logSumExp(),
              op.documentStart())
          .numbers(keyTiles, op.length(), op.numHeads(), op.numKeyValueHeads())
          .numbers(op.headDim(), rows, tiles)
          .constantsAt(scale)
          .scratchAt(dots)
          .flag(op.dk())
          .flag(op.dv());
      // Of the four products that count, dk and dv, and half of one that both kernels compute.
      long keyValueFlops = op.flops() / 8 * 5;
      launch(DeviceKernel.KEY_VALUE_GRADIENT, keyTiles, keyValueFlops);
      int queryTiles = op.batch() * op.numHeads() * tiles;
      operands(
              op.dq().operand(),
              op.gradient(),
              op.q(),
              op.k(),
              op.v(),
              op.logSumExp(),
              op.documentStart())
          .numbers(queryTiles, op.length(), op.numHeads(), op.numKeyValueHeads())
          .numbers(op.headDim(), rows, tiles)
          .constantsAt(scale)
          .scratchAt(dots)
          .flag(op.dq());
      launch(DeviceKernel.QUERY_GRADIENT, queryTiles, op.flops() - keyValueFlops);
    }

    private void cachedAttention(CachedAttention op) {
      int count = op.batch() * op.length() * op.numHeads();
      int keys = op.headDim() <= 64 ? 64 : op.headDim() <= 128 ? 32 : 16;
      int scale = scale(op.headDim());
      operands(op.out(), op.q(), op.keys(), op.values(), op.positions())
          .numbers(count, op.length(), op.capacity(), op.numHeads(), op.numKeyValueHeads())
          .numbers(op.headDim(), keys)
          .constantsAt(scale)
          .numbers(DeviceKernel.GROUP);
      launch(DeviceKernel.CACHED_ATTENTION, count);
    }

    private void crossEntropy(CrossEntropy op) {
      int count = (int) op.logSumExp().size();
      int terms = scratch(count);
      operands(op.logSumExp(), op.logits(), op.targets(), op.weights())
          .numbers(count, op.logits().shape().get(1))
          .scratchAt(terms)
          .numbers(DeviceKernel.GROUP);
      launch(DeviceKernel.CROSS_ENTROPY_ROWS, count);
      operands(op.loss()).numbers(count).scratchAt(terms).numbers(0, DeviceKernel.GROUP);
      launch(DeviceKernel.SUM_VECTOR, 1);
    }

    private void squaredNorm(SquaredNorm op) {
      int count = (int) op.x().size();
      int blocks = ceil(count, SQUARES);
      int partial = scratch(blocks);
      operands(op.x())
          .numbers(count, blocks, SQUARES)
          .scratchAt(partial)
          .numbers(DeviceKernel.GROUP);
      launch(DeviceKernel.SQUARED_BLOCKS, blocks);
      operands(op.out()).numbers(blocks).scratchAt(partial).numbers(op.index(), DeviceKernel.GROUP);
      launch(DeviceKernel.SUM_VECTOR, 1);
    }
  }
}
