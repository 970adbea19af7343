package pbb.suite;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.TreeSet;
import java.util.function.LongConsumer;
import java.util.stream.StreamSupport;
import pbb.curriculum.Homogeneous;
import pbb.document.DataFiles;
import pbb.document.Formats;
import pbb.document.TrainingText;
import pbb.engine.data.Batch;
import pbb.engine.data.Document;
import pbb.engine.data.PackedBatches;
import pbb.engine.io.AtomicFiles;
import pbb.engine.tokenizer.Tokenizer;
import pbb.engine.tokenizer.WordTokenizer;
import pbb.engine.train.TrainerConfig;
import pbb.eval.Chance;
import pbb.eval.Queries;
import pbb.eval.Query;
import pbb.eval.TrainingAnswers;
import pbb.run.Profile;
import pbb.task.RandomArithmetic;
import pbb.task.TaskData;

/**
 * What a cell trains on and asks: read from the files that {@link #write} wrote, so that what is
 * trained on is what is on disk and was searched for leaks.
 *
 * @param data the programs and executions
 * @param queries what is asked
 * @param tokenizer for all training documents and queries
 * @param documents the training documents, in the order in which training reads them, each once
 * @param chance what guessing from their answers would score
 */
public record Corpus(
    TaskData data,
    List<Query> queries,
    Tokenizer tokenizer,
    List<Document> documents,
    Chance chance) {

  /**
   * Draws and writes programs, executions and the documents that training will read, to the last
   * one and no further: which one is the last is found by packing them as training does.
   *
   * @param folder must not exist
   * @param stepsDone told of each training step whose documents are written; may throw to give up
   */
  static void write(Path folder, Profile profile, long seed, LongConsumer stepsDone)
      throws IOException {
    RandomArithmetic task = new RandomArithmetic(profile.dials(), seed);
    TaskData data = task.generate(Formats.reservedWords());
    Homogeneous curriculum = new Homogeneous(task, data, profile.shares(), seed);
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          DataFiles.write(partial, data);
          Iterator<TrainingText> used =
              new UsedDocuments(curriculum, profile.training(), stepsDone);
          DataFiles.writeDocuments(
              partial,
              StreamSupport.stream(
                  Spliterators.spliteratorUnknownSize(used, Spliterator.ORDERED), false));
        });
  }

  /** The documents that training reads, found by packing as many batches as it takes. */
  private static final class UsedDocuments implements Iterator<TrainingText> {
    private final Homogeneous curriculum;
    private final long batches;
    private final int accumulationSteps;
    private final LongConsumer stepsDone;
    private final PackedBatches packer = PackedBatches.of(this::draw);
    private final Batch batch;

    /** Those that were drawn and not yet given out, from number {@code given} on. */
    private final Deque<TrainingText> drawn = new ArrayDeque<>();

    private final Map<Long, Document> lengths = new HashMap<>();
    private long given;
    private long cursor;
    private long filled;

    UsedDocuments(Homogeneous curriculum, TrainerConfig training, LongConsumer stepsDone) {
      this.curriculum = curriculum;
      this.batches = training.steps() * training.accumulationSteps();
      this.accumulationSteps = training.accumulationSteps();
      this.stepsDone = stepsDone;
      this.batch = new Batch(training.batchSize(), training.sequenceLength());
    }

    /** A document of the right length: packing looks at nothing else. */
    private Document draw(long index) {
      while (given + drawn.size() <= index) {
        TrainingText text = curriculum.text(given + drawn.size());
        int[] tokens = new int[length(text)];
        lengths.put(given + drawn.size(), new Document(tokens, new float[tokens.length]));
        drawn.add(text);
      }
      Document document = lengths.get(index);
      if (document == null) {
        throw new IllegalStateException(
            "document " + index + " was given out before it was packed");
      }
      return document;
    }

    @Override
    public boolean hasNext() {
      while (given == cursor && filled < batches) {
        cursor = packer.fill(cursor, batch);
        filled++;
        if (filled % accumulationSteps == 0) {
          stepsDone.accept(filled / accumulationSteps);
        }
      }
      return given < cursor;
    }

    @Override
    public TrainingText next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      lengths.remove(given);
      given++;
      return drawn.remove();
    }
  }

  /**
   * Reads a folder that {@link #write} wrote.
   *
   * @throws IllegalArgumentException if a line is not as it should be; the message names file, line
   *     and field
   */
  static Corpus read(Path folder, Profile profile, long seed) throws IOException {
    TaskData data = DataFiles.read(folder);
    List<Query> queries = queries(data, profile, seed);
    TreeSet<String> words = words(queries);
    TrainingAnswers answers = new TrainingAnswers(data);
    DataFiles.readDocuments(
        folder,
        document -> {
          answers.add(document);
          document.parts().forEach(part -> words.addAll(WordTokenizer.pieces(part.text())));
        });
    Tokenizer tokenizer = WordTokenizer.ofWords(List.copyOf(words));
    List<Document> documents = new ArrayList<>();
    DataFiles.readDocuments(folder, document -> documents.add(document.encode(tokenizer)));
    return new Corpus(data, queries, tokenizer, documents, new Chance(answers));
  }

  /** All queries of a cell. */
  static List<Query> queries(TaskData data, Profile profile, long seed) {
    return new Queries(data, seed, profile.evaluation().inputsPerProgram()).all();
  }

  /** The words of queries and their right answers. */
  static TreeSet<String> words(List<Query> queries) {
    TreeSet<String> words = new TreeSet<>();
    for (Query query : queries) {
      words.addAll(WordTokenizer.pieces(query.prompt()));
      words.addAll(WordTokenizer.pieces(query.target()));
    }
    return words;
  }

  private static int length(TrainingText text) {
    int length = 0;
    for (TrainingText.Part part : text.parts()) {
      length += WordTokenizer.pieces(part.text()).size() + (part.learned() ? 1 : 0);
    }
    return length;
  }
}
