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
    List<Document> copy = requireSome(documents);
    int size = copy.size();
    return index ->
        copy.get((int) Permutation.of(seed, "documents", index / size, size).get(index % size));
  }

  private static List<Document> requireSome(List<Document> documents) {
    if (documents.isEmpty()) {
      throw new IllegalArgumentException("a source of documents needs at least 1 document");
    }
    return List.copyOf(documents);
  }
}
