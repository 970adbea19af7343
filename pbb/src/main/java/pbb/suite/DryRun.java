package pbb.suite;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import pbb.curriculum.Homogeneous;
import pbb.document.Formats;
import pbb.document.Mode;
import pbb.document.TrainingText;
import pbb.engine.backend.Backend;
import pbb.engine.data.Document;
import pbb.engine.data.DocumentSource;
import pbb.engine.data.PackedBatches;
import pbb.engine.generate.GenerationConfig;
import pbb.engine.generate.Generator;
import pbb.engine.generate.Sampling;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;
import pbb.engine.tokenizer.Tokenizer;
import pbb.engine.tokenizer.WordTokenizer;
import pbb.engine.train.Trainer;
import pbb.engine.train.TrainerConfig;
import pbb.eval.Query;
import pbb.run.Evaluator;
import pbb.run.Profile;
import pbb.task.RandomArithmetic;
import pbb.task.TaskData;

/**
 * What a run would take, without running it: all cells are alike, so the first one's sizes count,
 * and its pace is measured for a few seconds with the real shapes. The vocabulary is taken from a
 * part of the documents and may miss a word.
 *
 * @param cells how many cells there are
 * @param parameters the model's weights
 * @param vocabulary the tokenizer's ids, about
 * @param steps training steps of a cell
 * @param tokens places for tokens that training reads, all cells together
 * @param queries queries, all cells together
 * @param trainingTeraflop floating-point operations of training, in units of 10¹², all cells
 *     together
 * @param generationTeraflop the same of answering the queries
 * @param tokensPerSecond the pace of training that was measured
 * @param secondsPerCell what a cell takes
 * @param seconds what the run takes
 */
public record DryRun(
    int cells,
    long parameters,
    int vocabulary,
    long steps,
    long tokens,
    long queries,
    double trainingTeraflop,
    double generationTeraflop,
    double tokensPerSecond,
    double secondsPerCell,
    double seconds) {

  private static final int SAMPLED_DOCUMENTS = 1_000;

  /** Compiled code is in use after about this long; what is measured comes later. */
  private static final double WARM_UP_SECONDS = 4;

  private static final double MEASURED_SECONDS = 3;

  /** Tokens that every measured answer is given: enough that the prompt does not count for much. */
  private static final int MEASURED_TOKENS = 32;

  /** Measures on {@code backend}, for less than half a minute. */
  public static DryRun of(RunConfig config, Backend backend) {
    Profile profile = config.profile();
    TrainerConfig training = profile.training();
    long seed = config.seeds().getFirst();
    int cells = config.cells().size();

    RandomArithmetic task = new RandomArithmetic(profile.dials(), seed);
    TaskData data = task.generate(Formats.reservedWords());
    List<Query> queries = Corpus.queries(data, profile, seed);
    Homogeneous curriculum = new Homogeneous(task, data, profile.shares(), seed);
    long drawing = System.nanoTime();
    List<TrainingText> texts = new ArrayList<>();
    for (long i = 0; i < SAMPLED_DOCUMENTS; i++) {
      texts.add(curriculum.text(i));
    }
    double secondsPerDocument = secondsSince(drawing) / SAMPLED_DOCUMENTS;
    TreeSet<String> words = Corpus.words(queries);
    texts.forEach(
        text -> text.parts().forEach(part -> words.addAll(WordTokenizer.pieces(part.text()))));
    Tokenizer tokenizer = WordTokenizer.ofWords(List.copyOf(words));
    List<Document> documents = texts.stream().map(text -> text.encode(tokenizer)).toList();
    ModelConfig model =
        profile
            .model()
            .config(
                tokenizer.vocabularySize(),
                Math.max(training.sequenceLength(), Evaluator.longestSequence(tokenizer, queries)));
    Weights weights = Weights.initial(new Transformer(model), seed);

    double secondsPerStep = secondsPerStep(backend, training, weights, documents);
    double secondsPerNewToken =
        secondsPerNewToken(backend, profile.evaluation().batchSize(), weights, tokenizer, queries);
    long newTokens = 0;
    long promptTokens = 0;
    for (Query query : queries) {
      newTokens += tokenizer.encode(query.target()).length + 1;
      promptTokens += tokenizer.encode(query.prompt()).length;
    }
    double meanLength = documents.stream().mapToInt(Document::length).average().orElseThrow();
    double documentsPerCell = training.steps() * training.tokensPerStep() / meanLength;
    double perCell =
        documentsPerCell * secondsPerDocument
            + training.steps() * secondsPerStep
            + newTokens * secondsPerNewToken;
    double flopsPerToken = model.trainingFlopsPerToken(training.sequenceLength());
    double tera = 1e-12 * cells;
    return new DryRun(
        cells,
        model.parameters(),
        model.vocabularySize(),
        training.steps(),
        cells * training.steps() * training.tokensPerStep(),
        (long) cells * queries.size(),
        tera * training.steps() * training.tokensPerStep() * flopsPerToken,
        tera * (newTokens + promptTokens) * flopsPerToken / 3,
        training.tokensPerStep() / secondsPerStep,
        perCell,
        cells * perCell);
  }

  private static double secondsPerStep(
      Backend backend, TrainerConfig training, Weights weights, List<Document> documents) {
    try (Trainer trainer =
        Trainer.start(
            backend, training, weights, PackedBatches.of(DocumentSource.repeating(documents)))) {
      long warmUp = System.nanoTime();
      while (!trainer.finished() && secondsSince(warmUp) < WARM_UP_SECONDS) {
        trainer.step();
      }
      if (trainer.finished()) {
        return secondsSince(warmUp) / training.steps();
      }
      List<Double> seconds = new ArrayList<>();
      long measuring = System.nanoTime();
      while (!trainer.finished()
          && (seconds.size() < 3 || secondsSince(measuring) < MEASURED_SECONDS)) {
        long start = System.nanoTime();
        trainer.step();
        seconds.add(secondsSince(start));
      }
      double[] sorted = seconds.stream().mapToDouble(Double::doubleValue).sorted().toArray();
      return sorted[sorted.length / 2];
    }
  }

  /**
   * The pace of answers in each mode's share of all new tokens; untrained models never stop by
   * themselves.
   */
  private static double secondsPerNewToken(
      Backend backend, int batchSize, Weights weights, Tokenizer tokenizer, List<Query> queries) {
    Map<Mode, List<int[]>> prompts = new EnumMap<>(Mode.class);
    for (Query query : queries) {
      List<int[]> own = prompts.computeIfAbsent(query.mode(), _ -> new ArrayList<>());
      if (own.size() < batchSize) {
        own.add(tokenizer.encode(query.prompt()));
      }
    }
    int room = weights.model().config().maxPositionEmbeddings();
    int longest =
        prompts.values().stream()
            .flatMap(List::stream)
            .mapToInt(prompt -> prompt.length)
            .max()
            .orElseThrow();
    int newTokens = Math.min(MEASURED_TOKENS, room - longest);
    double[] seconds = new double[2];
    int sequences = prompts.values().stream().mapToInt(List::size).sum();
    try (Generator generator = new Generator(backend, weights, batchSize)) {
      for (int round = 0; round < seconds.length; round++) {
        long start = System.nanoTime();
        for (List<int[]> own : prompts.values()) {
          generator.generate(own, new GenerationConfig(newTokens, Set.of(), new Sampling.Greedy()));
        }
        seconds[round] = secondsSince(start);
      }
    }
    return Arrays.stream(seconds).min().orElseThrow() / ((double) sequences * newTokens);
  }

  private static double secondsSince(long nanoTime) {
    return (System.nanoTime() - nanoTime) * 1e-9;
  }
}
