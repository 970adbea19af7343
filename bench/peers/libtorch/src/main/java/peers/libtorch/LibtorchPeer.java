package peers.libtorch;

import static org.bytedeco.pytorch.global.torch.cos;
import static org.bytedeco.pytorch.global.torch.cross_entropy_loss;
import static org.bytedeco.pytorch.global.torch.embedding;
import static org.bytedeco.pytorch.global.torch.linear;
import static org.bytedeco.pytorch.global.torch.mm_out;
import static org.bytedeco.pytorch.global.torch.rms_norm;
import static org.bytedeco.pytorch.global.torch.scaled_dot_product_attention;
import static org.bytedeco.pytorch.global.torch.silu;
import static org.bytedeco.pytorch.global.torch.sin;
import static org.bytedeco.pytorch.global.torch.stack;
import static org.bytedeco.pytorch.global.torch.view_as_complex;
import static org.bytedeco.pytorch.global.torch.view_as_real;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.CompilationUnit;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Function;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A Llama-shaped decoder written against libtorch's eager C++ API, timed as a peer: one full
 * training step (forward, backward, global gradient-norm clip, AdamW) or one batched greedy
 * generation.
 *
 * <p>The eager set-up is meant to be the strongest that libtorch offers on a CPU without a
 * compiler: {@code scaled_dot_product_attention} (the CPU flash kernel), rotary embedding as one
 * complex product, and {@code _fused_adamw_} with {@code _foreach_} clipping. The two underscore
 * operators have no C++ function in the Java presets, so they are reached through a TorchScript
 * function.
 *
 * <p>Prints one JSON object per line.
 */
public final class LibtorchPeer {

  private static final double RMS_NORM_EPS = 1e-5;
  private static final double ROPE_THETA = 10_000;
  private static final int WARM_UP_STEPS = Integer.getInteger("warmup", 3);
  private static final int TIMED_STEPS = Integer.getInteger("steps", 9);
  private static final boolean FUSED_PROJECTIONS = Boolean.getBoolean("fusedProjections");
  private static final boolean PHASES = Boolean.getBoolean("phases");

  /** A process's first products would else be timed beside what its start still has to do. */
  private static final long GEMM_WARM_UP_NANOS = 1_000_000_000;

  private static final int GENERATION_BATCH = 64;
  private static final int PROMPT = 32;
  private static final int FRESH = 64;

  /** What a configuration is made of; {@code batch} and {@code seq} are tokens per step. */
  record Shape(String name, int d, int layers, int heads, int ffn, int vocab, int batch, int seq) {

    static Shape named(String name) {
      return switch (name) {
        case "S" -> new Shape("S", 128, 4, 4, 384, 512, 128, 32);
        case "M" -> new Shape("M", 256, 6, 8, 768, 512, 32, 128);
        case "L" -> new Shape("L", 512, 8, 8, 1408, 8192, 8, 256);
        default -> parsed(name);
      };
    }

    /** A shape written as NAME=d,layers,heads,ffn,vocab,batch,seq. */
    private static Shape parsed(String text) {
      String[] parts = text.split("=", 2);
      int[] n =
          parts.length < 2
              ? new int[0]
              : Stream.of(parts[1].split(",")).mapToInt(Integer::parseInt).toArray();
      if (n.length != 7) {
        throw new IllegalArgumentException(
            "shape must be S, M, L or NAME=d,layers,heads,ffn,vocab,batch,seq, not " + text);
      }
      return new Shape(parts[0], n[0], n[1], n[2], n[3], n[4], n[5], n[6]);
    }

    long matmulParameters() {
      return (long) layers * (4L * d * d + 3L * d * ffn) + (long) d * vocab;
    }

    long parameters() {
      return matmulParameters() + (long) d * vocab + (2L * layers + 1) * d;
    }

    /** Training FLOPs per token: 6 per matmul parameter, and causal attention. */
    double flopsPerToken() {
      return 6.0 * matmulParameters() + 12.0 * layers * d * seq / 2;
    }
  }

  record Layer(
      Tensor attentionNorm,
      List<Tensor> qkv,
      Tensor output,
      Tensor ffnNorm,
      List<Tensor> gateUp,
      Tensor down) {}

  /** The key and value cache of one layer, each (B, H, capacity, D). */
  record Cache(Tensor keys, Tensor values) {}

  /** The decoder's weights and its forward pass. */
  static final class Model {
    final Shape shape;
    final List<Tensor> parameters = new ArrayList<>();
    final Tensor tokens;
    final List<Layer> layers = new ArrayList<>();
    final Tensor finalNorm;
    final Tensor head;

    Model(Shape s) {
      shape = s;
      tokens = weight(s.vocab, s.d);
      for (int i = 0; i < s.layers; i++) {
        layers.add(
            new Layer(
                ones(s.d),
                FUSED_PROJECTIONS
                    ? List.of(weight(3 * s.d, s.d))
                    : List.of(weight(s.d, s.d), weight(s.d, s.d), weight(s.d, s.d)),
                weight(s.d, s.d),
                ones(s.d),
                FUSED_PROJECTIONS
                    ? List.of(weight(2 * s.ffn, s.d))
                    : List.of(weight(s.ffn, s.d), weight(s.ffn, s.d)),
                weight(s.d, s.ffn)));
      }
      finalNorm = ones(s.d);
      head = weight(s.vocab, s.d);
    }

    private Tensor weight(long rows, long columns) {
      return leaf(torch.randn(new long[] {rows, columns}).mul_(new Scalar(0.02)));
    }

    private Tensor ones(long n) {
      return leaf(torch.ones(new long[] {n}));
    }

    private Tensor leaf(Tensor value) {
      Tensor leaf = value.set_requires_grad(true);
      parameters.add(leaf);
      return leaf;
    }

    /** Rotary embedding's complex rotations (capacity, 1, D/2), by position. */
    Tensor rotations(int capacity) {
      int half = shape.d / shape.heads / 2;
      float[] angles = new float[capacity * half];
      for (int t = 0; t < capacity; t++) {
        for (int i = 0; i < half; i++) {
          angles[t * half + i] = (float) (t * Math.pow(ROPE_THETA, -(double) i / half));
        }
      }
      Tensor a = Tensor.create(angles, capacity, 1, half);
      return view_as_complex(stack(new TensorVector(cos(a), sin(a)), -1));
    }

    /** Logits (B, T, V) for token ids (B, T); with a cache, positions start at {@code from}. */
    Tensor forward(Tensor ids, Tensor rotations, List<Cache> caches, int from) {
      PointerScope outer = PointerScope.getInnerScope();
      Tensor x = embedding(tokens, ids);
      for (int i = 0; i < layers.size(); i++) {
        Tensor next;
        // Handles to a layer's intermediates die with the layer, so that autograd alone decides
        // what lives.
        try (PointerScope inner = new PointerScope()) {
          next = layer(layers.get(i), x, rotations, caches == null ? null : caches.get(i), from);
          outer.attach(
              next); // before the inner scope lets go: a tensor that no scope holds is freed
          inner.detach(next);
        }
        x.close();
        x = next;
      }
      if (caches != null) {
        x = x.narrow(1, x.size(1) - 1, 1);
      }
      return linear(norm(x, finalNorm), head);
    }

    private Tensor layer(Layer layer, Tensor x, Tensor rotations, Cache cache, int from) {
      long b = x.size(0);
      long t = x.size(1);
      int d = shape.d;
      int h = shape.heads;
      int hd = d / h;
      Tensor a = norm(x, layer.attentionNorm);
      Tensor q;
      Tensor k;
      Tensor v;
      if (FUSED_PROJECTIONS) {
        TensorVector parts = linear(a, layer.qkv.get(0)).split(new long[] {2L * d, d}, -1);
        TensorVector qk = rotate(parts.get(0), rotations, b, t, 2 * h, hd).split(h, 2);
        q = qk.get(0).transpose(1, 2);
        k = qk.get(1).transpose(1, 2);
        v = parts.get(1).view(b, t, h, hd).transpose(1, 2);
      } else {
        q = rotate(linear(a, layer.qkv.get(0)), rotations, b, t, h, hd).transpose(1, 2);
        k = rotate(linear(a, layer.qkv.get(1)), rotations, b, t, h, hd).transpose(1, 2);
        v = linear(a, layer.qkv.get(2)).view(b, t, h, hd).transpose(1, 2);
      }
      boolean causal = t > 1;
      if (cache != null) {
        cache.keys.narrow(2, from, t).copy_(k);
        cache.values.narrow(2, from, t).copy_(v);
        k = cache.keys.narrow(2, 0, from + t);
        v = cache.values.narrow(2, 0, from + t);
      }
      Tensor o =
          scaled_dot_product_attention(
              q, k, v, new TensorOptional(), 0.0, causal, new DoubleOptional(), false);
      Tensor y = x.add(linear(o.transpose(1, 2).reshape(b, t, d), layer.output));
      Tensor f = norm(y, layer.ffnNorm);
      Tensor gated;
      if (FUSED_PROJECTIONS) {
        TensorVector gu = linear(f, layer.gateUp.get(0)).split(shape.ffn, -1);
        gated = silu(gu.get(0)).mul(gu.get(1));
      } else {
        gated = silu(linear(f, layer.gateUp.get(0))).mul(linear(f, layer.gateUp.get(1)));
      }
      return y.add(linear(gated, layer.down));
    }

    private static Tensor rotate(Tensor x, Tensor rotations, long b, long t, long heads, long hd) {
      Tensor pairs = view_as_complex(x.view(b, t, heads, hd / 2, 2));
      return view_as_real(pairs.mul(rotations)).view(b, t, heads, hd);
    }

    private Tensor norm(Tensor x, Tensor weight) {
      return rms_norm(
          x, new long[] {shape.d}, new TensorOptional(weight), new DoubleOptional(RMS_NORM_EPS));
    }
  }

  /**
   * Global gradient-norm clip and AdamW over all parameters, by libtorch's fused operators.
   *
   * <p>The update takes lists, not single tensors: TorchScript's dead-code elimination drops an
   * in-place update of a list that the function itself built.
   */
  static final class Optimizer {
    private static final String UPDATE =
        """
        def update(p: List[Tensor], m: List[Tensor], v: List[Tensor], s: List[Tensor], g: List[Tensor]):
          norm = torch.linalg_vector_norm(torch.stack(torch._foreach_norm(g)))
          torch._foreach_mul_(g, torch.clamp(1.0 / (norm + 1e-6), max=1.0))
          torch._foreach_add_(s, 1)
          none: List[Tensor] = []
          torch._fused_adamw_(p, g, m, v, none, s, lr=1e-3, beta1=0.9, beta2=0.95, weight_decay=0.1, \
              eps=1e-8, amsgrad=False, maximize=False)
          return norm
        """;

    private final CompilationUnit unit;
    private final Function pack;
    private final Function update;
    private final IValue parameters;
    private final IValue firstMoments;
    private final IValue secondMoments;
    private final IValue steps;

    Optimizer(List<Tensor> leaves) {
      unit = torch.compile(packing(leaves.size()) + UPDATE);
      pack = function("pack");
      update = function("update");
      parameters = pack(leaves.stream().map(Tensor::detach).toList());
      firstMoments = pack(leaves.stream().map(p -> torch.zeros_like(p.detach())).toList());
      secondMoments = pack(leaves.stream().map(p -> torch.zeros_like(p.detach())).toList());
      steps = pack(leaves.stream().map(_ -> torch.zeros(new long[] {})).toList());
    }

    private Function function(String name) {
      return unit.get_function(new QualifiedName(new BytePointer(name)));
    }

    private static String packing(int n) {
      String names = IntStream.range(0, n).mapToObj(i -> "t" + i).collect(Collectors.joining(", "));
      return "def pack(" + names + "):\n  return [" + names + "]\n";
    }

    private IValue pack(List<Tensor> tensors) {
      IValueVector arguments = new IValueVector();
      tensors.forEach(t -> arguments.push_back(new IValue(t)));
      return pack.apply(arguments);
    }

    /** Applies one update and returns the gradient norm before the clip. */
    Tensor step(TensorVector gradients) {
      IValue packed = pack(Arrays.asList(gradients.get()));
      return update
          .apply(new IValueVector(parameters, firstMoments, secondMoments, steps, packed))
          .toTensor();
    }
  }

  public static void main(String[] args) throws IOException {
    if (args.length != 3) {
      throw new IllegalArgumentException(
          "usage: train|generate|check|gemm S|M|L|NAME=…|M,N,K|- THREADS");
    }
    int threads = Integer.parseInt(args[2]);
    torch.set_num_threads(threads);
    torch.set_num_interop_threads(1);
    torch.manual_seed(1);
    if (Boolean.getBoolean("showConfig")) {
      System.err.println(torch.show_config().getString());
      System.err.println(torch.get_parallel_info().getString());
      System.err.println(torch.get_cpu_capability().getString());
    }
    switch (args[0]) {
      case "train" -> train(Shape.named(args[1]), threads);
      case "generate" -> generate(Shape.named(args[1]), threads);
      case "check" -> check(Shape.named(args[1]));
      case "gemm" -> gemm(args[1], threads);
      default ->
          throw new IllegalArgumentException(
              "mode must be train, generate, check or gemm, not " + args[0]);
    }
  }

  private static Tensor randomIds(Shape s, long batch, long seq) {
    return torch.randint(s.vocab, new long[] {batch, seq}).to(torch.ScalarType.Long);
  }

  /** Seconds since this process began; Linux counts them in hundredths. */
  private static double startedSeconds() throws IOException {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    double uptime = Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ")[0]);
    return uptime - Long.parseLong(fields[19]) / 100.0;
  }

  /** The most memory that was resident so far, in MiB. */
  private static double residentMegabytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0;
      }
    }
    throw new IOException("/proc/self/status does not say VmHWM");
  }

  /** Before a timed repeat: with {@code TURNS=1} others have the machine until a line comes. */
  private static void waitForTurn() throws IOException {
    if ("1".equals(System.getenv("TURNS"))) {
      System.out.println("{\"turn\":true}");
      for (int read = 0; read != '\n'; ) {
        read = System.in.read();
        if (read < 0) {
          System.exit(130); // as an interrupt would end it
        }
      }
    }
  }

  /** A list of JSON's. */
  private static String seconds(double[] milliseconds) {
    return Arrays.stream(milliseconds)
        .mapToObj(each -> String.format(Locale.ROOT, "%.6f", each / 1e3))
        .collect(Collectors.joining(",", "[", "]"));
  }

  private static void train(Shape s, int threads) throws IOException {
    double base = residentMegabytes();
    try (PointerScope _ = new PointerScope()) {
      Model model = new Model(s);
      Optimizer optimizer = new Optimizer(model.parameters);
      TensorVector parameters = new TensorVector(model.parameters.toArray(Tensor[]::new));
      Tensor rotations = model.rotations(s.seq);
      Tensor ids = randomIds(s, s.batch, s.seq);
      Tensor targets = randomIds(s, s.batch, s.seq).view(-1);
      double[] total = new double[TIMED_STEPS];
      double[][] phase = new double[3][TIMED_STEPS];
      float first = Float.NaN;
      float tenth = Float.NaN;
      double firstStepSeconds = 0;
      for (int step = -WARM_UP_STEPS; step < TIMED_STEPS; step++) {
        if (step >= 0) {
          waitForTurn();
        }
        long t0 = System.nanoTime();
        try (PointerScope _ = new PointerScope()) {
          Tensor logits = model.forward(ids, rotations, null, 0);
          Tensor loss = cross_entropy_loss(logits.view(-1, s.vocab), targets);
          logits.close();
          long t1 = System.nanoTime();
          TensorVector gradients = torch.grad(new TensorVector(loss), parameters);
          long t2 = System.nanoTime();
          try (NoGradGuard _ = new NoGradGuard()) {
            optimizer.step(gradients);
          }
          long t3 = System.nanoTime();
          if (step == -WARM_UP_STEPS) {
            first = loss.item_float();
            firstStepSeconds = startedSeconds();
          } else if (step == 9 - WARM_UP_STEPS) {
            tenth = loss.item_float();
          }
          if (step >= 0) {
            phase[0][step] = (t1 - t0) / 1e6;
            phase[1][step] = (t2 - t1) / 1e6;
            phase[2][step] = (t3 - t2) / 1e6;
          }
        }
        if (step >= 0) {
          total[step] = (System.nanoTime() - t0) / 1e6;
        }
      }
      double median = median(total);
      double tokensPerSecond = s.batch * s.seq / (median / 1e3);
      String phases =
          PHASES
              ? String.format(
                  Locale.ROOT,
                  ",\"ms_forward\":%.2f,\"ms_backward\":%.2f,\"ms_clip_adamw\":%.2f",
                  median(phase[0]),
                  median(phase[1]),
                  median(phase[2]))
              : "";
      System.out.printf(
          Locale.ROOT,
          "{\"what\":\"train\",\"peer\":\"libtorch\",\"version\":\"%s\",\"mode\":\"eager\",\"setup\":\"%s\",\"preload\":\"%s\",\"shape\":\"%s\","
              + "\"threads\":%d,\"tokens_per_s\":%.1f,\"low\":%.1f,\"high\":%.1f,\"gflops\":%.2f,"
              + "\"ms_step\":%.2f,\"parameters\":%d,\"loss_first\":%.4f%s,"
              + "\"first_step_s\":%.2f,\"base_mb\":%.1f,\"peak_mb\":%.1f%s,\"seconds\":%s}%n",
          version(),
          System.getProperty("peer.setup"),
          System.getProperty("peer.preload"),
          s.name,
          threads,
          tokensPerSecond,
          tokensPerSecond * median / max(total),
          tokensPerSecond * median / min(total),
          tokensPerSecond * s.flopsPerToken() / 1e9,
          median,
          s.parameters(),
          first,
          Float.isNaN(tenth) ? "" : String.format(Locale.ROOT, ",\"loss_10\":%.4f", tenth),
          firstStepSeconds,
          base,
          residentMegabytes(),
          phases,
          seconds(total));
    }
  }

  private static List<Cache> caches(Shape s) {
    long[] extent = {GENERATION_BATCH, s.heads, PROMPT + FRESH, s.d / s.heads};
    return Stream.generate(() -> new Cache(torch.zeros(extent), torch.zeros(extent)))
        .limit(s.layers)
        .toList();
  }

  /**
   * Greedy continuations, one tensor of ids (B, 1) per step; the prompt (B, P) is read in one pass.
   */
  private static List<Tensor> continuations(
      Model model, Tensor prompt, Tensor rotations, List<Cache> caches) {
    PointerScope outer = PointerScope.getInnerScope();
    List<Tensor> chosen = new ArrayList<>();
    Tensor input = prompt;
    int position = 0;
    for (int i = 0; i < FRESH; i++) {
      long length = input.size(1);
      Tensor next;
      try (PointerScope inner = new PointerScope()) {
        Tensor logits =
            model.forward(input, rotations.narrow(0, position, length), caches, position);
        next = logits.argmax(new LongOptional(-1), false);
        outer.attach(next);
        inner.detach(next);
      }
      chosen.add(next);
      position += (int) length;
      input = next;
    }
    return chosen;
  }

  private static void generate(Shape s, int threads) throws IOException {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      Model model = new Model(s);
      Tensor rotations = model.rotations(PROMPT + FRESH);
      Tensor prompt = randomIds(s, GENERATION_BATCH, PROMPT);
      List<Cache> caches = caches(s);
      double[] total = new double[TIMED_STEPS];
      for (int round = -WARM_UP_STEPS; round < TIMED_STEPS; round++) {
        if (round >= 0) {
          waitForTurn();
        }
        long t0 = System.nanoTime();
        try (PointerScope _ = new PointerScope()) {
          continuations(model, prompt, rotations, caches);
        }
        if (round >= 0) {
          total[round] = (System.nanoTime() - t0) / 1e6;
        }
      }
      double median = median(total);
      double fresh = 1e3 * GENERATION_BATCH * FRESH;
      System.out.printf(
          Locale.ROOT,
          "{\"what\":\"generate\",\"peer\":\"libtorch\",\"version\":\"%s\",\"mode\":\"eager\",\"setup\":\"%s\",\"preload\":\"%s\","
              + "\"shape\":\"%s\",\"threads\":%d,\"batch\":%d,\"prompt\":%d,\"new\":%d,\"tokens_per_s\":%.1f,"
              + "\"low\":%.1f,\"high\":%.1f,\"seconds\":%s}%n",
          version(),
          System.getProperty("peer.setup"),
          System.getProperty("peer.preload"),
          s.name,
          threads,
          GENERATION_BATCH,
          PROMPT,
          FRESH,
          fresh / median,
          fresh / max(total),
          fresh / min(total),
          seconds(total));
    }
  }

  /**
   * Whether greedy generation with the cache picks what one uncached pass over its own output
   * picks.
   */
  private static void check(Shape s) {
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      Model model = new Model(s);
      Tensor rotations = model.rotations(PROMPT + FRESH);
      Tensor prompt = randomIds(s, GENERATION_BATCH, PROMPT);
      List<Tensor> chosen = continuations(model, prompt, rotations, caches(s));
      List<Tensor> parts = new ArrayList<>(chosen);
      parts.add(0, prompt);
      Tensor sequence = torch.cat(new TensorVector(parts.toArray(Tensor[]::new)), 1);
      Tensor logits = model.forward(sequence, rotations, null, 0);
      Tensor expected = logits.argmax(new LongOptional(-1), false).narrow(1, PROMPT - 1, FRESH);
      Tensor actual = torch.cat(new TensorVector(chosen.toArray(Tensor[]::new)), 1);
      double agreement = expected.eq(actual).to(torch.ScalarType.Double).mean().item_double();
      System.out.printf(
          Locale.ROOT,
          "{\"what\":\"check\",\"peer\":\"libtorch\",\"shape\":\"%s\",\"same_choice\":%.5f}%n",
          s.name,
          agreement);
      if (agreement < 0.999) { // float ties may differ
        throw new IllegalStateException(
            "cached generation does not agree with the whole forward pass");
      }
    }
  }

  private static void gemm(String wanted, int threads) {
    int[][] known = {
      {4096, 384, 128}, {4096, 128, 384}, {4096, 768, 256}, {4096, 256, 768},
      {2048, 1408, 512}, {2048, 512, 1408}, {2048, 8192, 512}, {1024, 1024, 1024}
    };
    int[][] shapes =
        wanted.equals("-")
            ? known
            : new int[][] {Stream.of(wanted.split(",")).mapToInt(Integer::parseInt).toArray()};
    try (PointerScope _ = new PointerScope();
        NoGradGuard _ = new NoGradGuard()) {
      for (int[] mnk : shapes) {
        for (String form : List.of("NN", "NT", "TN")) {
          int m = mnk[0];
          int n = mnk[1];
          int k = mnk[2];
          Tensor a = form.charAt(0) == 'N' ? torch.randn(m, k) : torch.randn(k, m).t();
          Tensor b = form.charAt(1) == 'N' ? torch.randn(k, n) : torch.randn(n, k).t();
          Tensor c = torch.zeros(m, n);
          double flops = 2.0 * m * n * k;
          int repeats = (int) Math.max(1, 5e9 / flops);
          double[] rate = new double[TIMED_STEPS];
          long began = System.nanoTime();
          while (System.nanoTime() - began < GEMM_WARM_UP_NANOS) {
            mm_out(c, a, b);
          }
          for (int i = 0; i < TIMED_STEPS; i++) {
            long t0 = System.nanoTime();
            for (int r = 0; r < repeats; r++) {
              mm_out(c, a, b);
            }
            rate[i] = flops * repeats / (System.nanoTime() - t0);
          }
          System.out.printf(
              Locale.ROOT,
              "{\"what\":\"matmul\",\"peer\":\"libtorch\",\"version\":\"%s\","
                  + "\"setup\":\"%s\",\"preload\":\"%s\",\"transpose\":\"%s\",\"m\":%d,"
                  + "\"n\":%d,\"k\":%d,\"threads\":%d,\"gflops\":%.1f,\"low\":%.1f,\"high\":%.1f}%n",
              version(),
              System.getProperty("peer.setup"),
              System.getProperty("peer.preload"),
              form,
              m,
              n,
              k,
              threads,
              median(rate),
              min(rate),
              max(rate));
        }
      }
    }
  }

  private static String version() {
    return System.getProperty("peer.version", "unknown");
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
  }

  private static double min(double[] values) {
    return Arrays.stream(values).min().orElseThrow();
  }

  private static double max(double[] values) {
    return Arrays.stream(values).max().orElseThrow();
  }

  private LibtorchPeer() {}
}
