package pbb.engine.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import pbb.engine.random.RandomStream;

class PackedBatchesTest {

  @Test
  void aRowHoldsSeveralDocumentsWithTheirOwnPositionsAndTargets() {
    Document first = new Document(new int[] {11, 12, 13, 14}, new float[] {9, 0, 1, 2});
    Document second = Document.of(21, 22, 23);
    Batch batch = new Batch(1, 8);
    long cursor =
        PackedBatches.once(DocumentSource.repeating(List.of(first, second)), 2).fill(0, batch);
    assertEquals(2, cursor);
    assertArrayEquals(new int[] {11, 12, 13, 21, 22, 0, 0, 0}, ints(batch.tokens()));
    assertArrayEquals(new int[] {12, 13, 14, 22, 23, 0, 0, 0}, ints(batch.targets()));
    assertArrayEquals(new int[] {0, 1, 2, 0, 1, 0, 0, 0}, ints(batch.positions()));
    assertArrayEquals(new int[] {0, 0, 0, 3, 3, 5, 6, 7}, ints(batch.documentStart()));
    assertArrayEquals(new float[] {0, 1, 2, 1, 1, 0, 0, 0}, floats(batch.weights()));
    assertEquals(5, batch.tokenCount());
    assertEquals(4, batch.targetCount());
    assertEquals(5.0, batch.weightSum());
  }

  @Test
  void everyDocumentComesOnceAndWhole() {
    List<Document> documents = documents(1000, 2, 17, 5);
    PackedBatches batches =
        PackedBatches.once(DocumentSource.repeating(documents), documents.size());
    Batch batch = new Batch(4, 16);
    List<List<Integer>> seen = new ArrayList<>();
    long cursor = 0;
    long places = 0;
    while (true) {
      long next = batches.fill(cursor, batch);
      if (next == cursor) {
        break;
      }
      List<List<Integer>> unpacked = unpack(batch);
      assertEquals(next - cursor, unpacked.size(), "documents of the batch at cursor " + cursor);
      seen.addAll(unpacked);
      places += batch.tokenCount();
      cursor = next;
    }
    assertEquals(0, batch.tokenCount(), "past the end a batch is empty");
    assertEquals(0, batch.targetCount());
    assertEquals(documents.size(), cursor);
    assertEquals(
        documents.stream()
            .map(d -> Arrays.stream(d.tokens()).boxed().toList())
            .map(Object::toString)
            .sorted()
            .toList(),
        seen.stream().map(Object::toString).sorted().toList());
    assertEquals(documents.stream().mapToLong(d -> d.length() - 1).sum(), places);
  }

  @Test
  void littleRoomIsWasted() {
    // The shapes of a real run: documents of 14 to 54 tokens, 32 rows of 128.
    PackedBatches batches = PackedBatches.of(DocumentSource.repeating(documents(2000, 14, 54, 10)));
    Batch batch = new Batch(32, 128);
    long cursor = 0;
    long places = 0;
    for (int i = 0; i < 10; i++) {
      cursor = batches.fill(cursor, batch);
      places += batch.tokenCount();
    }
    double full = places / (10.0 * 32 * 128);
    assertTrue(full > 0.97, "share of places taken: " + full);
  }

  @Test
  void aBatchIsAFunctionOfItsCursor() {
    DocumentSource source = DocumentSource.shuffled(documents(100, 2, 17, 6), 1);
    PackedBatches batches = PackedBatches.of(source);
    Batch batch = new Batch(4, 16);
    long cursor = 0;
    for (int i = 0; i < 7; i++) {
      cursor = batches.fill(cursor, batch);
    }
    long after = batches.fill(cursor, batch);
    int[] tokens = ints(batch.tokens());
    Batch other = new Batch(4, 16);
    assertEquals(after, PackedBatches.of(source).fill(cursor, other));
    assertArrayEquals(tokens, ints(other.tokens()));
    assertEquals(-1, batch.weights().mismatch(other.weights()));
  }

  @Test
  void documentsThatDoNotShareRowsArePackedToo() {
    // Nine tokens take eight of sixteen places and one more: one document a row, though the sum
    // would allow nearly two.
    List<Document> documents = documents(50, 10, 10, 7);
    Batch batch = new Batch(5, 16);
    assertEquals(5, PackedBatches.of(DocumentSource.repeating(documents)).fill(0, batch));
    assertEquals(45, batch.tokenCount());
  }

  @Test
  void aDocumentLongerThanARowIsRefusedByItsNumber() {
    List<Document> documents = new ArrayList<>(documents(3, 2, 5, 8));
    documents.add(Document.of(IntStream.range(0, 18).toArray()));
    PackedBatches batches = PackedBatches.of(DocumentSource.repeating(documents));
    Batch batch = new Batch(2, 16);
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> batches.fill(0, batch));
    assertTrue(
        String.valueOf(refusal.getMessage()).startsWith("document 3 has 18 tokens"),
        refusal.getMessage());
  }

  @Test
  void aDocumentThatJustFillsARowIsTaken() {
    Document document = Document.of(IntStream.range(0, 17).toArray());
    Batch batch = new Batch(1, 16);
    assertEquals(1, PackedBatches.of(DocumentSource.repeating(List.of(document))).fill(0, batch));
    assertEquals(16, batch.tokenCount());
  }

  @Test
  void shuffledEpochsHoldTheSameDocumentsInAnotherOrder() {
    List<Document> documents = documents(40, 3, 3, 9);
    DocumentSource source = DocumentSource.shuffled(documents, 4);
    List<Document> first = IntStream.range(0, 40).mapToObj(source::document).toList();
    List<Document> second = IntStream.range(40, 80).mapToObj(source::document).toList();
    assertNotEquals(first, second);
    assertTrue(first.containsAll(documents) && second.containsAll(documents));
  }

  @Test
  void documentsThatNothingCanBeLearntFromAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> Document.of(1));
    assertThrows(
        IllegalArgumentException.class, () -> new Document(new int[] {1, 2}, new float[] {1}));
    assertThrows(
        IllegalArgumentException.class, () -> new Document(new int[] {1, 2}, new float[] {0, -1}));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Document(new int[] {1, 2}, new float[] {0, Float.NaN}));
  }

  /** The documents in a batch, by their starts; within a document each target is the next token. */
  private static List<List<Integer>> unpack(Batch batch) {
    int[] tokens = ints(batch.tokens());
    int[] targets = ints(batch.targets());
    int[] positions = ints(batch.positions());
    int[] starts = ints(batch.documentStart());
    List<List<Integer>> documents = new ArrayList<>();
    for (int row = 0; row < batch.rows(); row++) {
      int used = batch.length() - batch.room(row);
      for (int t = 0; t < used; t++) {
        int at = row * batch.length() + t;
        assertEquals(t - starts[at], positions[at], "position at " + at);
        if (starts[at] == t) {
          documents.add(new ArrayList<>(List.of(tokens[at])));
        } else {
          assertEquals(
              documents.getLast().getLast(),
              tokens[at],
              "the target before " + at + " is the token there");
        }
        documents.getLast().add(targets[at]);
      }
    }
    return documents;
  }

  private static List<Document> documents(int count, int shortest, int longest, long seed) {
    RandomStream random = RandomStream.of(seed, "documents", 0);
    List<Document> documents = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] tokens = new int[shortest + random.nextInt(longest - shortest + 1)];
      Arrays.setAll(tokens, _ -> random.nextInt(1000));
      documents.add(Document.of(tokens));
    }
    return documents;
  }

  private static int[] ints(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_INT);
  }

  private static float[] floats(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_FLOAT);
  }
}
