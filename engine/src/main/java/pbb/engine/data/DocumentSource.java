package pbb.engine.data;

import java.util.List;
import pbb.engine.random.Permutation;

/**
 * An endless stream of documents, as a pure function of their number in it: reading on after a
 * resume takes nothing but the number of the next one. What is random in a document must come from
 * streams that its number names.
 */
@FunctionalInterface
public interface DocumentSource {

  /** The document with this number, from 0; the same one whenever it is asked for. */
  Document document(long index);

  /** The documents of a list, over and over, in the list's order. */
  static DocumentSource repeating(List<Document> documents) {
    List<Document> copy = requireSome(documents);
    return index -> copy.get((int) (index % copy.size()));
  }

  /** The documents of a list, over and over, in an order that each epoch draws anew. */
  static DocumentSource shuffled(List<Document> documents, long seed) {
    return new Shuffled(requireSome(documents), seed);
  }

  /** A list in random order; keeps the order of the epoch that was last asked for. */
  final class Shuffled implements DocumentSource {
    private final List<Document> documents;
    private final long seed;
    private long epoch = -1;
    private Permutation order = Permutation.of(0, "documents", 0, 1);

    private Shuffled(List<Document> documents, long seed) {
      this.documents = documents;
      this.seed = seed;
    }

    @Override
    public Document document(long index) {
      int size = documents.size();
      if (index / size != epoch) {
        epoch = index / size;
        order = Permutation.of(seed, "documents", epoch, size);
      }
      return documents.get((int) order.get(index % size));
    }
  }

  private static List<Document> requireSome(List<Document> documents) {
    if (documents.isEmpty()) {
      throw new IllegalArgumentException("a source of documents needs at least 1 document");
    }
    return List.copyOf(documents);
  }
}
