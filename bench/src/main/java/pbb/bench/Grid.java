package pbb.bench;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Training steps of shapes that nobody tuned for, next to S, M and L at about the same number of
 * floating-point operations a step: widths from 96 to 1024, odd vocabularies, sequences from 16 to
 * 2048 tokens, and single sequences.
 */
final class Grid {

  private static final double USUAL = 30e9;
  private static final int REPEATS = 5;

  /** What S, M and L are at the same amount of work, and what is held against them. */
  private record Part(List<ModelShape> known, List<ModelShape> others) {}

  // NAME=d,layers,heads,ffn,vocab,batch,seq; the batch is what makes up the work, but for single
  // sequences.
  private static final List<Part> PARTS =
      List.of(
          new Part(
              at(USUAL, ModelShape.KNOWN),
              at(
                  USUAL,
                  shapes(
                      "d96=96,4,3,256,512,1,64",
                      "d104=104,4,4,279,512,1,64",
                      "d160=160,4,5,432,512,1,64",
                      "d192=192,4,6,512,512,1,64",
                      "d320=320,4,5,864,512,1,128",
                      "d384=384,4,6,1024,512,1,128",
                      "d640=640,2,10,1712,512,1,128",
                      "d768=768,2,12,2048,512,1,128",
                      "d1024=1024,2,16,2752,512,1,128",
                      "S-v257=128,4,4,384,257,1,32",
                      "S-v1009=128,4,4,384,1009,1,32",
                      "M-v1009=256,6,8,768,1009,1,128",
                      "M-v32003=256,6,8,768,32003,1,128",
                      "S-t16=128,4,4,384,512,1,16",
                      "M-t16=256,6,8,768,512,1,16",
                      "M-t33=256,6,8,768,512,1,33",
                      "M-t512=256,6,8,768,512,1,512",
                      "S-t2048=128,4,4,384,512,1,2048"))),
          new Part(
              List.of(
                  ModelShape.named("S").withBatch(24),
                  ModelShape.named("M").withBatch(1),
                  ModelShape.parse("L=512,8,8,1408,8192,1,24").getFirst()),
              shapes(
                  "d96-b1=96,4,3,256,512,1,1024",
                  "d256-b1=256,2,8,768,512,1,333",
                  "d1024-b1=1024,1,16,2752,512,1,48")),
          new Part(
              List.of(ModelShape.named("M").withBatch(16), ModelShape.named("L").withBatch(1)),
              shapes("M-t2048-b1=256,6,8,768,512,1,2048", "L-t384-b1=512,8,8,1408,8191,1,384")));

  private Grid() {}

  private static List<ModelShape> shapes(String... texts) {
    return ModelShape.parse(String.join(",", texts));
  }

  /** With as many rows as make up the work. */
  private static List<ModelShape> at(double flops, List<ModelShape> shapes) {
    return shapes.stream()
        .map(
            shape ->
                shape.withBatch(
                    (int) Math.max(1, Math.round(flops / shape.withBatch(1).trainingFlops()))))
        .toList();
  }

  /**
   * A line for each shape; {@code of_known} is its share of the peak over the largest share of S, M
   * and L at the same work.
   *
   * @param shares adds the share of the peak
   */
  static void measure(Engine engine, UnaryOperator<Line> shares, Consumer<Line> out) {
    for (Part part : PARTS) {
      double best = 0;
      for (ModelShape shape : part.known) {
        Line line = shares.apply(line(engine, shape));
        best = Math.max(best, line.get("peak_share").asDouble());
        out.accept(line);
      }
      for (ModelShape shape : part.others) {
        Line line = shares.apply(line(engine, shape));
        out.accept(
            line.has("peak_share")
                ? line.with("of_known", Line.round(line.get("peak_share").asDouble() / best, 2))
                : line);
      }
    }
  }

  private static Line line(Engine engine, ModelShape shape) {
    try (TrainingLoad load = engine.training(shape)) {
      double gigaflops = shape.trainingFlops() / 1e9;
      Rates rates = Rates.measure(gigaflops, REPEATS, load::step);
      return engine
          .line(What.GRID)
          .with("shape", shape.name())
          .with("d", shape.d())
          .with("layers", shape.layers())
          .with("heads", shape.heads())
          .with("ffn", shape.ffn())
          .with("vocab", shape.vocab())
          .with("batch", shape.batch())
          .with("seq", shape.seq())
          .with("gflop", Line.round(gigaflops, 1))
          .with("gflops", Line.round(rates.median(), 1))
          .with("low", Line.round(rates.low(), 1))
          .with("high", Line.round(rates.high(), 1));
    }
  }
}
