package pbb.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import pbb.corpus.SourceFiles;
import pbb.curriculum.Homogeneous;
import pbb.document.DataFiles;
import pbb.document.Formats;
import pbb.document.Mode;
import pbb.document.Template;
import pbb.document.TrainingText;
import pbb.engine.data.BatchSource;
import pbb.engine.data.PackedBatches;
import pbb.engine.data.TokenShards;
import pbb.engine.data.TokenShards.Part;
import pbb.engine.generate.GenerationConfig;
import pbb.engine.generate.Sampling;
import pbb.engine.tokenizer.ByteTokenizer;
import pbb.engine.tokenizer.Tokenizer;
import pbb.engine.tokenizer.WordTokenizer;
import pbb.engine.train.TrainerConfig;
import pbb.engine.train.Validation;
import pbb.eval.Queries;
import pbb.eval.Query;
import pbb.run.Evaluator;
import pbb.run.StopRequestedException;
import pbb.run.UsageException;
import pbb.task.TaskProgram;

/** What a model is trained on. */
sealed interface TrainingData {

  /**
   * Finds out what a path holds, and reads it; source files are first cut into shards, once.
   *
   * @param stop asked after every file
   * @throws UsageException if the data cannot be used; the message names file, and line if there
   *     are lines
   * @throws StopRequestedException if a stop was requested; no shards were written then
   */
  static TrainingData open(Path path, Path run, Reporter reporter, BooleanSupplier stop)
      throws IOException {
    Optional<TrainingData> ready = ready(path);
    if (ready.isPresent()) {
      return ready.get();
    }
    Path shards = run.resolve("shards");
    if (!Files.exists(shards)) {
      try {
        SourceFiles.Summary summary =
            SourceFiles.shard(
                path,
                shards,
                (done, of) -> {
                  if (stop.getAsBoolean()) {
                    throw new StopRequestedException();
                  }
                  reporter.progress("reading files", done, of, "");
                });
        reporter.say(summary.toString());
      } catch (IllegalArgumentException e) { // Too few files.
        throw new UsageException("--data " + e.getMessage(), e);
      }
    }
    return Text.of(shards);
  }

  /**
   * Reads a path's data; empty if they are source files, which are first to be cut into shards.
   *
   * @throws UsageException if the data cannot be used; the message names file, and line if there
   *     are lines
   */
  static Optional<TrainingData> ready(Path path) throws IOException {
    check(path);
    if (TaskFolder.holds(path)) {
      return Optional.of(Programs.of(path, TaskFolder.read(path)));
    }
    return Files.exists(path.resolve("shards.json"))
        ? Optional.of(Text.of(path))
        : Optional.empty();
  }

  /**
   * Checks that a path could hold data.
   *
   * @throws UsageException if it does not exist, or is neither a folder nor a zip file
   */
  static void check(Path path) {
    if (!Files.exists(path)) {
      throw new UsageException("--data " + path + " does not exist: check the name");
    }
    if (!SourceFiles.readable(path)) {
      throw new UsageException(
          "--data "
              + path
              + " is neither a folder nor a .zip file: name one with programs.jsonl, with"
              + " shards.json, or with .py and .java files");
    }
  }

  /** What its tokens are, unless the model brings a tokenizer. */
  Tokenizer tokenizer();

  /**
   * Endless batches, as a pure function of the seed.
   *
   * @throws UsageException if the tokenizer is not that of the data, or there is too little of them
   */
  BatchSource batches(Tokenizer tokenizer, long seed);

  /**
   * Checks, before the first step, all that the last one would find.
   *
   * @throws UsageException if a document does not fit in a row, or has a word that the tokenizer
   *     lacks; the message names file and line
   */
  void check(Tokenizer tokenizer, long seed, TrainerConfig training, Reporter reporter);

  /** How many tokens the model must be able to read, whatever the length of a row. */
  int longestSequence(Tokenizer tokenizer);

  /** Whether it holds text out. */
  boolean holdsOut();

  /**
   * The loss on held-out text; empty where there is none.
   *
   * @param training the shape of a batch
   * @param loss computes it
   */
  Optional<HeldOutLoss> heldOut(TrainerConfig training, Loss loss);

  /** Computes the loss of a model on batches, as {@link pbb.engine.train.Trainer#validate} does. */
  interface Loss {

    /** The loss on a source, read from its start, as many batches of it at most. */
    Validation of(BatchSource source, long maxBatches);
  }

  /** A prompt for a first look at what the model has learnt. */
  int[] prompt(Tokenizer tokenizer, int maxPositionEmbeddings);

  /** How that prompt is continued. */
  GenerationConfig look(
      Tokenizer tokenizer, int promptLength, int maxPositionEmbeddings, long seed);

  /**
   * The loss on held-out text.
   *
   * @param loss in nats a token
   * @param bitsPerByte in bits a byte of text
   * @param tokens how many tokens were predicted
   */
  record HeldOutLoss(double loss, double bitsPerByte, long tokens) {}

  /**
   * A task's programs and executions, as documents of the homogeneous curriculum.
   *
   * @param data the folder
   * @param folder what was read in it
   * @param queries what can be asked about it
   * @param tokenizer a word-level one, with every word of all documents and queries
   */
  record Programs(Path data, TaskFolder folder, List<Query> queries, Tokenizer tokenizer)
      implements TrainingData {

    /**
     * Documents that are searched for words; a stream repeats its few dozen words in the first
     * hundred.
     */
    private static final int SEARCHED_DOCUMENTS = 2_000;

    static Programs of(Path data, TaskFolder folder) {
      List<Query> queries = new Queries(folder.data(), folder.seed(), Integer.MAX_VALUE).all();
      return new Programs(
          data, folder, queries, WordTokenizer.ofWords(List.copyOf(words(folder, queries))));
    }

    private static Set<String> words(TaskFolder folder, List<Query> queries) {
      TreeSet<String> words = new TreeSet<>();
      for (Query query : queries) {
        words.addAll(WordTokenizer.pieces(query.prompt()));
        words.addAll(WordTokenizer.pieces(query.target()));
      }
      Homogeneous documents = folder.documents(folder.seed());
      for (int i = 0; i < SEARCHED_DOCUMENTS; i++) {
        words.addAll(WordTokenizer.pieces(documents.text(i).text()));
      }
      // What a document may hold though none of those does: every name in every context, and every
      // number.
      for (TaskProgram program : folder.data().programs()) {
        words.addAll(
            WordTokenizer.pieces(
                Formats.mention(Template.TRAINING.getFirst(), program.id(), program.name())
                    .text()));
        words.addAll(WordTokenizer.pieces(Formats.source(program.program())));
      }
      List<String> freshNames = Formats.freshNames(folder.data());
      for (String name : freshNames) {
        words.addAll(WordTokenizer.pieces(Template.TRAINING.getFirst().context(name)));
      }
      for (Template template : Template.TRAINING) {
        words.addAll(WordTokenizer.pieces(template.context(freshNames.getFirst())));
      }
      for (int value = 0; value <= folder.task().dials().modulus(); value++) {
        words.add(Integer.toString(value));
        words.add(" " + value);
      }
      return words;
    }

    @Override
    public BatchSource batches(Tokenizer tokenizer, long seed) {
      Homogeneous documents = folder.documents(seed);
      return PackedBatches.of(index -> documents.text(index).encode(tokenizer));
    }

    /** Reads at least the documents that training will, which leaves places of its rows empty. */
    @Override
    public void check(Tokenizer tokenizer, long seed, TrainerConfig training, Reporter reporter) {
      Homogeneous documents = folder.documents(seed);
      long places = training.steps() * training.tokensPerStep();
      long read = 0;
      for (long index = 0; read < places; index++) {
        TrainingText text = documents.text(index);
        int length;
        try {
          length = text.encode(tokenizer).length();
        } catch (IllegalArgumentException e) { // A word that the tokenizer lacks.
          throw new UsageException(
              place(text) + " does not go with the model of --init: " + e.getMessage(), e);
        }
        if (length - 1 > training.sequenceLength()) {
          throw new UsageException(
              place(text)
                  + " makes a document of "
                  + length
                  + " tokens, but a row takes at most "
                  + (training.sequenceLength() + 1)
                  + ": add --sequence-length "
                  + (length - 1)
                  + " or more");
        }
        read += length - 1;
        if (index % 1_000 == 0) {
          reporter.progress("checking documents", Math.min(read, places), places, "");
        }
      }
      reporter.progress("checking documents", places, places, "");
    }

    /** What a document is made from, for messages. */
    private String place(TrainingText text) {
      List<String> ids = folder.data().programs().stream().map(TaskProgram::id).toList();
      return text.program()
          .map(
              id ->
                  data.resolve(DataFiles.PROGRAMS)
                      + ", line "
                      + (ids.indexOf(id) + 1)
                      + ": program "
                      + id)
          .orElse(data.resolve(TaskFolder.FILE) + ": a fresh program of the task");
    }

    @Override
    public int longestSequence(Tokenizer tokenizer) {
      return Evaluator.longestSequence(tokenizer, queries);
    }

    @Override
    public boolean holdsOut() {
      return false; // What the programs answer is for eval to say.
    }

    @Override
    public Optional<HeldOutLoss> heldOut(TrainerConfig training, Loss loss) {
      return Optional.empty();
    }

    @Override
    public int[] prompt(Tokenizer tokenizer, int maxPositionEmbeddings) {
      return tokenizer.encode(asked().prompt());
    }

    private Query asked() {
      return queries.stream()
          .filter(query -> query.mode() == Mode.RECITE)
          .findFirst()
          .orElseGet(queries::getFirst);
    }

    @Override
    public GenerationConfig look(
        Tokenizer tokenizer, int promptLength, int maxPositionEmbeddings, long seed) {
      return GenerationConfig.greedy(
          Math.min(
              2 * tokenizer.encode(asked().target()).length, maxPositionEmbeddings - promptLength),
          tokenizer.endOfText());
    }
  }

  /**
   * Text in token shards.
   *
   * @param shards the shards
   * @param tokenizer what their ids mean
   */
  record Text(TokenShards shards, Tokenizer tokenizer) implements TrainingData {

    private static final int PROMPT_TOKENS = 64;
    private static final int SAMPLE_TOKENS = 256;
    private static final double SAMPLE_TEMPERATURE = 0.8;

    /**
     * How many batches a validation reads at most: enough to tell 1%, and less than a few training
     * steps.
     */
    private static final long VALIDATION_BATCHES = 32;

    static Text of(Path folder) throws IOException {
      TokenShards shards = TokenShards.open(folder);
      Tokenizer tokenizer =
          Files.exists(folder.resolve("tokenizer.json"))
              ? Tokenizer.load(folder)
              : new ByteTokenizer();
      requireSame(folder.toString(), shards, tokenizer);
      return new Text(shards, tokenizer);
    }

    private static void requireSame(String what, TokenShards shards, Tokenizer tokenizer) {
      if (shards.vocabularySize() != tokenizer.vocabularySize()
          || shards.endOfText() != tokenizer.endOfText()) {
        throw new UsageException(
            what
                + ": the shards have "
                + shards.vocabularySize()
                + " ids and end-of-text "
                + shards.endOfText()
                + ", the tokenizer "
                + tokenizer.vocabularySize()
                + " and "
                + tokenizer.endOfText()
                + ": use the tokenizer that the shards were made with");
      }
    }

    @Override
    public BatchSource batches(Tokenizer other, long seed) {
      requireSame("--data and --init do not go together", shards, other);
      for (Part part : Part.values()) {
        if (shards.split(part).tokens() < 2) {
          throw new UsageException(
              "--data has fewer than 2 tokens in its part "
                  + part.name().toLowerCase(Locale.ROOT)
                  + ": give it more text");
        }
      }
      return shards.split(Part.TRAIN).shuffled(seed);
    }

    /** Rows are cut from a stream, so that none is too long. */
    @Override
    public void check(Tokenizer other, long seed, TrainerConfig training, Reporter reporter) {}

    @Override
    public int longestSequence(Tokenizer other) {
      return 1;
    }

    @Override
    public boolean holdsOut() {
      return true;
    }

    @Override
    public Optional<HeldOutLoss> heldOut(TrainerConfig training, Loss loss) {
      TokenShards.Split split = shards.split(Part.VALIDATION);
      int rows = training.batchSize();
      long batches = (split.rows(training.sequenceLength()) + rows - 1) / rows;
      Validation validation =
          batches <= VALIDATION_BATCHES
              ? loss.of(split.inOrder(), batches)
              : loss.of(split.shuffled(0), VALIDATION_BATCHES);
      double bytes = (double) split.textBytes() * validation.targets() / (split.tokens() - 1);
      return Optional.of(
          new HeldOutLoss(validation.loss(), validation.bitsPerByte(bytes), validation.targets()));
    }

    @Override
    public int[] prompt(Tokenizer other, int maxPositionEmbeddings) {
      TokenShards.Split split = shards.split(Part.VALIDATION);
      int most = (int) Math.min(split.tokens(), Math.min(PROMPT_TOKENS, maxPositionEmbeddings / 2));
      int count = 1;
      while (count < most && split.token(count) != shards.endOfText()) {
        count++;
      }
      int[] prompt = new int[count];
      for (int i = 0; i < count; i++) {
        prompt[i] = split.token(i);
      }
      return prompt;
    }

    @Override
    public GenerationConfig look(
        Tokenizer other, int promptLength, int maxPositionEmbeddings, long seed) {
      return new GenerationConfig(
          Math.min(SAMPLE_TOKENS, maxPositionEmbeddings - promptLength),
          Set.of(other.endOfText()),
          Sampling.Random.of(SAMPLE_TEMPERATURE, seed));
    }
  }
}
