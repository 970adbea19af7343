package pbb.engine.data;

import java.util.Arrays;

/**
 * Packs the documents of a source into batches, several a row, none cut. A batch takes as many of
 * the next documents as first-fit decreasing places in its rows: the longest first, each in the
 * first row that has room. No document is skipped or taken early, so the cursor is the number of
 * the next one.
 */
public final class PackedBatches implements BatchSource {

  private final DocumentSource source;
  private final long end;

  // Used again for every batch.
  private Document[] documents = new Document[64];
  private long[] order = new long[64];
  private int[] row = new int[64];
  private int[] room = new int[0];

  private PackedBatches(DocumentSource source, long end) {
    this.source = source;
    this.end = end;
  }

  /** Batches without end. */
  public static PackedBatches of(DocumentSource source) {
    return new PackedBatches(source, Long.MAX_VALUE);
  }

  /** Batches of the first {@code documents} documents, once; further batches are empty. */
  public static PackedBatches once(DocumentSource source, long documents) {
    return new PackedBatches(source, documents);
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if a document is longer than a row; the message names it
   */
  @Override
  public long fill(long cursor, Batch batch) {
    batch.clear();
    int count = read(cursor, batch);
    while (true) {
      int unplaced = place(count, batch);
      if (unplaced == 0) {
        break;
      }
      // Take fewer documents. Half of what was left over never undershoots by much, and saves
      // rounds.
      count -= Math.max(1, unplaced / 2);
    }
    for (int i = 0; i < count; i++) {
      batch.add(row[i], documents[i]);
    }
    Arrays.fill(documents, null);
    return cursor + count;
  }

  /** Reads the next documents up to the first that would not fit even without waste. */
  private int read(long cursor, Batch batch) {
    long free = (long) batch.rows() * batch.length();
    int count = 0;
    while (cursor + count < end) {
      Document document = source.document(cursor + count);
      int places = document.length() - 1;
      if (places > batch.length()) {
        throw new IllegalArgumentException(
            "document "
                + (cursor + count)
                + " has "
                + document.length()
                + " tokens, but a row of "
                + batch.length()
                + " takes at most "
                + (batch.length() + 1)
                + ": make the sequence length at least "
                + places);
      }
      if (places > free) {
        break;
      }
      free -= places;
      if (count == documents.length) {
        documents = Arrays.copyOf(documents, 2 * count);
        order = new long[2 * count];
        row = new int[2 * count];
      }
      documents[count++] = document;
    }
    return count;
  }

  /**
   * Chooses a row for each of the first {@code count} documents, and returns how many found none.
   */
  private int place(int count, Batch batch) {
    for (int i = 0; i < count; i++) {
      order[i] = (long) (batch.length() - documents[i].length()) << 32 | i;
    }
    Arrays.sort(order, 0, count); // the longest first, and of equals the earlier
    if (room.length != batch.rows()) {
      room = new int[batch.rows()];
    }
    Arrays.fill(room, batch.length());
    int unplaced = 0;
    for (int i = 0; i < count; i++) {
      int document = (int) order[i];
      int places = documents[document].length() - 1;
      int candidate = 0;
      while (candidate < room.length && room[candidate] < places) {
        candidate++;
      }
      if (candidate == room.length) {
        unplaced++;
      } else {
        room[candidate] -= places;
        row[document] = candidate;
      }
    }
    return unplaced;
  }
}
