package pbb.engine.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import pbb.engine.graph.Add;
import pbb.engine.graph.Attention;
import pbb.engine.graph.CacheWrite;
import pbb.engine.graph.CachedAttention;
import pbb.engine.graph.CrossEntropy;
import pbb.engine.graph.Embedding;
import pbb.engine.graph.Graph;
import pbb.engine.graph.MatMul;
import pbb.engine.graph.Op;
import pbb.engine.graph.Operand;
import pbb.engine.graph.RmsNorm;
import pbb.engine.graph.Role;
import pbb.engine.graph.Rope;
import pbb.engine.graph.Section;
import pbb.engine.graph.SwiGlu;
import pbb.engine.graph.TakeRows;
import pbb.engine.graph.Tensor;

/**
 * The one definition of the model: a Llama-shaped decoder as code that emits ops. RMSNorm before
 * each block, rotary position embedding, grouped-query causal attention, SwiGLU, no biases; QK-norm
 * and tied embeddings are options. The layers are one repeated section whose weights are stacked.
 *
 * <p>Letters in shapes: B rows, T positions of a row, N = B·T, C hidden size, F intermediate size,
 * D head size, Hq and Hkv heads, V vocabulary, L layers, S capacity of a cache.
 */
public final class Transformer {

  private final ModelConfig config;
  private final List<Parameter> parameters = new ArrayList<>();

  private final Tensor embedding; // (V, C)
  private final Tensor attentionNorm; // L × (C)
  private final Tensor queryWeight; // L × (Hq·D, C)
  private final Tensor keyWeight; // L × (Hkv·D, C)
  private final Tensor valueWeight; // L × (Hkv·D, C)
  private final Tensor attentionOutputWeight; // L × (C, Hq·D)
  private final Optional<QkNorm> qkNorm;
  private final Tensor feedForwardNorm; // L × (C)
  private final Tensor gateWeight; // L × (F, C)
  private final Tensor upWeight; // L × (F, C)
  private final Tensor downWeight; // L × (C, F)
  private final Tensor finalNorm; // (C)
  private final Tensor outputWeight; // (V, C)

  private record QkNorm(Tensor query, Tensor key) {} // L × (D)

  /** The model of this shape. */
  public Transformer(ModelConfig config) {
    this.config = config;
    int c = config.hiddenSize();
    int f = config.intermediateSize();
    int d = config.headDim();
    int q = config.numAttentionHeads() * d;
    int kv = config.numKeyValueHeads() * d;
    embedding =
        single(
            "embedding",
            Parameter.Kind.EMBEDDING,
            "model.embed_tokens.weight",
            config.vocabularySize(),
            c);
    attentionNorm = perLayer("attentionNorm", Parameter.Kind.NORM, "input_layernorm", c);
    queryWeight = perLayer("queryWeight", Parameter.Kind.MATRIX, "self_attn.q_proj", q, c);
    keyWeight = perLayer("keyWeight", Parameter.Kind.MATRIX, "self_attn.k_proj", kv, c);
    valueWeight = perLayer("valueWeight", Parameter.Kind.MATRIX, "self_attn.v_proj", kv, c);
    attentionOutputWeight =
        perLayer("attentionOutputWeight", Parameter.Kind.MATRIX, "self_attn.o_proj", c, q);
    qkNorm =
        config.qkNorm()
            ? Optional.of(
                new QkNorm(
                    perLayer("queryNorm", Parameter.Kind.NORM, "self_attn.q_norm", d),
                    perLayer("keyNorm", Parameter.Kind.NORM, "self_attn.k_norm", d)))
            : Optional.empty();
    feedForwardNorm =
        perLayer("feedForwardNorm", Parameter.Kind.NORM, "post_attention_layernorm", c);
    gateWeight = perLayer("gateWeight", Parameter.Kind.MATRIX, "mlp.gate_proj", f, c);
    upWeight = perLayer("upWeight", Parameter.Kind.MATRIX, "mlp.up_proj", f, c);
    downWeight = perLayer("downWeight", Parameter.Kind.MATRIX, "mlp.down_proj", c, f);
    finalNorm = single("finalNorm", Parameter.Kind.NORM, "model.norm.weight", c);
    outputWeight =
        config.tieWordEmbeddings()
            ? embedding
            : single(
                "outputWeight",
                Parameter.Kind.MATRIX,
                "lm_head.weight",
                config.vocabularySize(),
                c);
  }

  /** The model's shape. */
  public ModelConfig config() {
    return config;
  }

  /** Every weight, in the order of the computation. */
  public List<Parameter> parameters() {
    return List.copyOf(parameters);
  }

  /**
   * The forward pass of training and validation, over packed rows.
   *
   * @param graph ends with the loss
   * @param tokens (B, T), I32: the token ids
   * @param positions (B, T), I32: each token's position in its document
   * @param documentStart (B, T), I32: where in the row each token's document starts
   * @param targets (B, T), I32: the token that follows each
   * @param weights (B, T), F32: each target's weight in the loss
   * @param loss (1): the weighted sum of the targets' cross-entropies, in nats
   * @param logits (N, V)
   */
  public record Training(
      Graph graph,
      Tensor tokens,
      Tensor positions,
      Tensor documentStart,
      Tensor targets,
      Tensor weights,
      Tensor loss,
      Tensor logits) {}

  /**
   * The forward pass over {@code batch} packed rows of {@code length} tokens.
   *
   * @param name the graph's name
   * @param keepLogits whether the logits are an output that the host can read, rather than an
   *     activation
   * @throws IllegalArgumentException if {@code length} exceeds {@code maxPositionEmbeddings}
   */
  public Training training(String name, int batch, int length, boolean keepLogits) {
    requireLength(length);
    int rows = batch * length;
    Tensor tokens = Tensor.ofInts("tokens", Role.INPUT, batch, length);
    Tensor positions = Tensor.ofInts("positions", Role.INPUT, batch, length);
    Tensor documentStart = Tensor.ofInts("documentStart", Role.INPUT, batch, length);
    Tensor targets = Tensor.ofInts("targets", Role.INPUT, batch, length);
    Tensor weights = Tensor.of("weights", Role.INPUT, batch, length);
    Tensor loss = Tensor.of("loss", Role.OUTPUT, 1);
    Tensor logits =
        Tensor.of(
            "logits", keepLogits ? Role.OUTPUT : Role.ACTIVATION, rows, config.vocabularySize());
    Tensor lossLogSumExp = Tensor.of("lossLogSumExp", Role.ACTIVATION, rows);

    Tensor residual = residual(rows);
    List<Op> first = List.of(new Embedding(residual.at(0), embedding.whole(), tokens.whole()));
    List<Op> layer = layer(rows, residual, positions, trainingAttention(rows, documentStart));
    List<Op> last = new ArrayList<>();
    output(last, rows, residual.at(config.numHiddenLayers()), logits);
    last.add(
        new CrossEntropy(
            loss.whole(), lossLogSumExp.whole(), logits.whole(), targets.whole(), weights.whole()));
    return new Training(
        graph(name, first, layer, last),
        tokens,
        positions,
        documentStart,
        targets,
        weights,
        loss,
        logits);
  }

  /**
   * One pass of generation: new tokens of each sequence go in, the logits of what follows come out,
   * and the key-value cache grows.
   *
   * @param graph the pass
   * @param tokens (B, T), I32: the new tokens
   * @param positions (B, T), I32: their positions in their sequences, below S
   * @param lastRows (B), I32: for each sequence the row b·T + t of its last new token
   * @param logits (B, V): the logits of what follows that token
   * @param keys L × (B, S, Hkv·D), the cache, shared by all passes of one batch and capacity
   * @param values L × (B, S, Hkv·D)
   */
  public record Generation(
      Graph graph,
      Tensor tokens,
      Tensor positions,
      Tensor lastRows,
      Tensor logits,
      Tensor keys,
      Tensor values) {}

  /**
   * A pass over {@code length} new tokens of each of {@code batch} sequences, with a cache of
   * {@code capacity} positions: long for prompts, 1 for decoding. Passes of one batch and capacity
   * share their cache within a program.
   *
   * @param name the graph's name; inputs are named after it
   * @throws IllegalArgumentException if {@code capacity} exceeds {@code maxPositionEmbeddings}
   */
  public Generation generation(String name, int batch, int length, int capacity) {
    requireLength(capacity);
    int rows = batch * length;
    int layers = config.numHiddenLayers();
    int kv = config.numKeyValueHeads() * config.headDim();
    Tensor tokens = Tensor.ofInts(name + ".tokens", Role.INPUT, batch, length);
    Tensor positions = Tensor.ofInts(name + ".positions", Role.INPUT, batch, length);
    Tensor lastRows = Tensor.ofInts(name + ".lastRows", Role.INPUT, batch);
    Tensor logits = Tensor.of("nextLogits", Role.OUTPUT, batch, config.vocabularySize());
    Tensor keys = Tensor.stacked("keyCache", Role.STATE, layers, batch, capacity, kv);
    Tensor values = Tensor.stacked("valueCache", Role.STATE, layers, batch, capacity, kv);

    Tensor residual = residual(rows);
    List<Op> first = List.of(new Embedding(residual.at(0), embedding.whole(), tokens.whole()));
    List<Op> layer =
        layer(
            rows,
            residual,
            positions,
            (ops, out, q, k, v) -> {
              ops.add(new CacheWrite(keys.ofLayer(), k, positions.whole()));
              ops.add(new CacheWrite(values.ofLayer(), v, positions.whole()));
              ops.add(
                  new CachedAttention(
                      out,
                      q,
                      keys.ofLayer(),
                      values.ofLayer(),
                      positions.whole(),
                      config.headDim()));
            });
    List<Op> last = new ArrayList<>();
    Tensor lastHidden = Tensor.of("lastHidden", Role.ACTIVATION, batch, config.hiddenSize());
    last.add(new TakeRows(lastHidden.whole(), residual.at(layers), lastRows.whole()));
    output(last, batch, lastHidden.whole(), logits);
    return new Generation(
        graph(name, first, layer, last), tokens, positions, lastRows, logits, keys, values);
  }

  /** Emits how queries, keys and values of a layer become its attention's output. */
  private interface AttentionEmitter {
    void emit(List<Op> ops, Operand out, Operand q, Operand k, Operand v);
  }

  private AttentionEmitter trainingAttention(int rows, Tensor documentStart) {
    return (ops, out, q, k, v) -> {
      Operand logSumExp = activation("attentionLogSumExp", rows, config.numAttentionHeads());
      ops.add(new Attention(out, logSumExp, q, k, v, documentStart.whole(), config.headDim()));
    };
  }

  /**
   * One layer: {@code x += attention(norm(x)); x += feedForward(norm(x))}, from one slice of the
   * residual to the next.
   */
  private List<Op> layer(int rows, Tensor residual, Tensor positions, AttentionEmitter attention) {
    List<Op> ops = new ArrayList<>();
    int c = config.hiddenSize();
    int f = config.intermediateSize();
    int q = config.numAttentionHeads() * config.headDim();
    int kv = config.numKeyValueHeads() * config.headDim();

    Operand x = residual.ofLayer(0); // (N, C)
    Operand normed = rmsNorm(ops, "attentionNormed", x, attentionNorm.ofLayer());
    Operand queries = linear(ops, "queries", normed, queryWeight, rows, q);
    Operand keys = linear(ops, "keys", normed, keyWeight, rows, kv);
    Operand values = linear(ops, "values", normed, valueWeight, rows, kv);
    if (qkNorm.isPresent()) {
      queries = rmsNorm(ops, "normedQueries", queries, qkNorm.get().query().ofLayer());
      keys = rmsNorm(ops, "normedKeys", keys, qkNorm.get().key().ofLayer());
    }
    Operand rotatedQueries = rope(ops, "rotatedQueries", queries, positions);
    Operand rotatedKeys = rope(ops, "rotatedKeys", keys, positions);
    Operand attended = activation("attended", rows, q);
    attention.emit(ops, attended, rotatedQueries, rotatedKeys, values);
    Operand attentionOutput =
        linear(ops, "attentionOutput", attended, attentionOutputWeight, rows, c);
    Operand middle = activation("middle", rows, c);
    ops.add(new Add(middle, x, attentionOutput));

    Operand normedMiddle = rmsNorm(ops, "feedForwardNormed", middle, feedForwardNorm.ofLayer());
    Operand gate = linear(ops, "gate", normedMiddle, gateWeight, rows, f);
    Operand up = linear(ops, "up", normedMiddle, upWeight, rows, f);
    Operand gated = activation("gated", rows, f);
    ops.add(new SwiGlu(gated, gate, up));
    Operand down = linear(ops, "down", gated, downWeight, rows, c);
    ops.add(new Add(residual.ofLayer(1), middle, down));
    return ops;
  }

  private void output(List<Op> ops, int rows, Operand hidden, Tensor logits) {
    Tensor normed = Tensor.of("finalNormed", Role.ACTIVATION, rows, config.hiddenSize());
    Tensor inverseRms = Tensor.of("finalInverseRms", Role.ACTIVATION, rows);
    ops.add(
        new RmsNorm(
            normed.whole(),
            inverseRms.whole(),
            hidden,
            finalNorm.whole(),
            config.rmsNormEpsilon()));
    ops.add(MatMul.linear(logits.whole(), normed.whole(), outputWeight.whole()));
  }

  private Operand rmsNorm(List<Op> ops, String name, Operand x, Operand weight) {
    Operand out = activation(name, x.shape().get(0), x.shape().get(1));
    Operand inverseRms = activation(name + "InverseRms", (int) (x.size() / weight.size()));
    ops.add(new RmsNorm(out, inverseRms, x, weight, config.rmsNormEpsilon()));
    return out;
  }

  private Operand linear(
      List<Op> ops, String name, Operand x, Tensor weight, int rows, int columns) {
    Operand out = activation(name, rows, columns);
    ops.add(MatMul.linear(out, x, weight.ofLayer()));
    return out;
  }

  private Operand rope(List<Op> ops, String name, Operand x, Tensor positions) {
    Operand out = activation(name, x.shape().get(0), x.shape().get(1));
    ops.add(
        new Rope(
            out,
            x,
            positions.whole(),
            config.headDim(),
            config.ropeTheta(),
            config.maxPositionEmbeddings(),
            false));
    return out;
  }

  /**
   * An activation that each layer has of its own; where no later section reads it, the memory plan
   * folds it into one.
   */
  private Operand activation(String name, int... shape) {
    return Tensor.stacked(name, Role.ACTIVATION, config.numHiddenLayers(), shape).ofLayer();
  }

  private Tensor residual(int rows) {
    return Tensor.stacked(
        "residual", Role.ACTIVATION, config.numHiddenLayers() + 1, rows, config.hiddenSize());
  }

  private Graph graph(String name, List<Op> first, List<Op> layer, List<Op> last) {
    return new Graph(
        name,
        List.of(
            new Section.Plain(first),
            new Section.Repeated(config.numHiddenLayers(), false, layer),
            new Section.Plain(last)));
  }

  private Tensor single(String name, Parameter.Kind kind, String checkpointName, int... shape) {
    return parameter(Tensor.of(name, Role.PARAMETER, shape), kind, checkpointName);
  }

  private Tensor perLayer(String name, Parameter.Kind kind, String checkpointName, int... shape) {
    return parameter(
        Tensor.stacked(name, Role.PARAMETER, config.numHiddenLayers(), shape),
        kind,
        "model.layers.%d." + checkpointName + ".weight");
  }

  private Tensor parameter(Tensor tensor, Parameter.Kind kind, String checkpointName) {
    parameters.add(new Parameter(tensor, kind, checkpointName));
    return tensor;
  }

  private void requireLength(int length) {
    if (length > config.maxPositionEmbeddings()) {
      throw new IllegalArgumentException(
          "sequences of "
              + length
              + " tokens exceed maxPositionEmbeddings ("
              + config.maxPositionEmbeddings()
              + ")");
    }
  }
}
