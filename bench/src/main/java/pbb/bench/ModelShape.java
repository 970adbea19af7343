package pbb.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import pbb.engine.nn.ModelConfig;

/**
 * A model and a batch to train it on.
 *
 * @param name how lines call it
 * @param d hidden size
 * @param layers number of layers
 * @param heads number of heads, each with its own key and value
 * @param ffn width of the feed-forward layer
 * @param vocab number of tokens
 * @param batch rows of a batch
 * @param seq tokens of a row
 */
record ModelShape(
    String name, int d, int layers, int heads, int ffn, int vocab, int batch, int seq) {

  /** The shapes that are measured unless others are named, by name. */
  static final List<ModelShape> KNOWN =
      List.of(
          new ModelShape("S", 128, 4, 4, 384, 512, 128, 32),
          new ModelShape("M", 256, 6, 8, 768, 512, 32, 128),
          new ModelShape("L", 512, 8, 8, 1408, 8192, 8, 256));

  private static final double INITIAL_DEVIATION = 0.02;

  /** The known shape of this name. */
  static ModelShape named(String name) {
    return KNOWN.stream()
        .filter(shape -> shape.name.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "no shape is called "
                        + name
                        + ": S, M, L, or NAME=d,layers,heads,ffn,vocab,batch,seq"));
  }

  /**
   * Reads {@code S,M,X=d,layers,heads,ffn,vocab,batch,seq}: names, or a name with the seven numbers
   * after it.
   *
   * @throws IllegalArgumentException if it is something else; the message says what is wrong
   */
  static List<ModelShape> parse(String text) {
    List<String> parts = Arrays.asList(text.split(",", -1));
    List<ModelShape> shapes = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      int equals = parts.get(i).indexOf('=');
      if (equals < 0) {
        shapes.add(named(parts.get(i)));
        continue;
      }
      String name = parts.get(i).substring(0, equals);
      if (name.isEmpty() || i + 7 > parts.size()) {
        throw new IllegalArgumentException(
            "a shape is NAME=d,layers,heads,ffn,vocab,batch,seq, not " + parts.get(i));
      }
      List<String> texts = new ArrayList<>(parts.subList(i, i + 7));
      texts.set(0, texts.get(0).substring(equals + 1));
      int[] numbers = texts.stream().mapToInt(number -> positive(number, name)).toArray();
      shapes.add(
          new ModelShape(
              name,
              numbers[0],
              numbers[1],
              numbers[2],
              numbers[3],
              numbers[4],
              numbers[5],
              numbers[6]));
      i += 6;
    }
    return shapes;
  }

  private static int positive(String text, String shape) {
    try {
      int number = Integer.parseInt(text);
      if (number > 0) {
        return number;
      }
    } catch (NumberFormatException _) {
      // said below
    }
    throw new IllegalArgumentException(
        "shape " + shape + " needs seven whole numbers above 0, not '" + text + "'");
  }

  /** As peers take it: a known name, or {@code NAME=} and the numbers. */
  String argument() {
    return KNOWN.contains(this)
        ? name
        : name + "=" + d + "," + layers + "," + heads + "," + ffn + "," + vocab + "," + batch + ","
            + seq;
  }

  /**
   * The model, with room for {@code length} positions. Its weights begin as the peers' do, so that
   * losses can be compared.
   */
  ModelConfig config(int length) {
    ModelConfig usual = ModelConfig.llama(vocab, d, ffn, layers, heads, length, false);
    return new ModelConfig(
        usual.vocabularySize(),
        usual.hiddenSize(),
        usual.intermediateSize(),
        usual.numHiddenLayers(),
        usual.numAttentionHeads(),
        usual.numKeyValueHeads(),
        usual.headDim(),
        usual.rmsNormEpsilon(),
        usual.ropeTheta(),
        usual.maxPositionEmbeddings(),
        usual.tieWordEmbeddings(),
        usual.qkNorm(),
        INITIAL_DEVIATION);
  }

  /** The same model with another batch. */
  ModelShape withBatch(int rows) {
    return new ModelShape(name, d, layers, heads, ffn, vocab, rows, seq);
  }

  /** The same with another number of layers. */
  ModelShape withLayers(int count) {
    return new ModelShape(name, d, count, heads, ffn, vocab, batch, seq);
  }

  /** Floating-point operations of a training step. */
  double trainingFlops() {
    return config(seq).trainingFlopsPerToken(seq) * batch * seq;
  }

  /**
   * Floating-point operations of generating {@code fresh} tokens after a prompt: 2 for each weight
   * of a layer and token that is read, 2 for each weight of the output layer and token that is
   * chosen, and those of causal attention.
   */
  double generationFlops(int prompt, int fresh) {
    long read = prompt + fresh - 1L; // the last token is chosen and not read any more
    long head = (long) d * vocab;
    return 2.0 * (config(prompt + fresh).matmulParameters() - head) * read
        + 2.0 * head * fresh
        + 2.0 * layers * d * read * (read + 1);
  }
}
