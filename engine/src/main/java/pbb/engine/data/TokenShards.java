package pbb.engine.data;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import pbb.engine.io.AtomicFiles;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;
import pbb.engine.random.Permutation;

/**
 * A folder of tokens for training on text as such: {@code shards.json} and, for each part, one file
 * of little-endian ids, two bytes each if the vocabulary has at most 65,536 and four otherwise.
 * End-of-text stands before each document and after the last: it is what a document begins with and
 * what its last token is followed by, so that every token of a text is a target once. Written as a
 * stream, read through a memory mapping: neither holds the tokens in the heap.
 */
public final class TokenShards {

  /** The parts of a corpus. */
  public enum Part {
    /** What is trained on. */
    TRAIN,
    /** What is held out. */
    VALIDATION;

    private String fileName() {
      return fieldName() + ".tokens";
    }

    private String fieldName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final String HEADER = "shards.json";
  private static final int FORMAT_VERSION = 1;
  private static final int SMALL_VOCABULARY = 1 << 16;

  private final int vocabularySize;
  private final int endOfText;
  private final Map<Part, Split> splits;

  private TokenShards(int vocabularySize, int endOfText, Map<Part, Split> splits) {
    this.vocabularySize = vocabularySize;
    this.endOfText = endOfText;
    this.splits = splits;
  }

  /** Gives documents to a writer. */
  @FunctionalInterface
  public interface Documents {
    /** Calls {@link Writer#add} for each document. */
    void writeTo(Writer writer) throws IOException;
  }

  /**
   * Writes a folder that does not exist yet, whole or not at all.
   *
   * @param vocabularySize every id is below it
   * @param endOfText the id that stands between documents
   */
  public static void write(Path folder, int vocabularySize, int endOfText, Documents documents)
      throws IOException {
    if (endOfText < 0 || endOfText >= vocabularySize) {
      throw new IllegalArgumentException(
          "endOfText (" + endOfText + ") must lie in [0, " + vocabularySize + ")");
    }
    AtomicFiles.writeFolder(
        folder,
        partial -> {
          Map<String, Object> header = new LinkedHashMap<>();
          try (Writer writer = new Writer(partial, vocabularySize, endOfText)) {
            documents.writeTo(writer);
            writer.flush();
            header.put("format", "token shards");
            header.put("version", FORMAT_VERSION);
            header.put("vocabularySize", vocabularySize);
            header.put("endOfText", endOfText);
            for (Part part : Part.values()) {
              header.put(part.fieldName(), writer.part(part).header());
            }
          }
          AtomicFiles.writeString(partial.resolve(HEADER), JsonText.indented(header));
        });
  }

  /** Takes documents one by one, in constant memory. */
  public static final class Writer implements AutoCloseable {
    private final int vocabularySize;
    private final int endOfText;
    private final Map<Part, PartWriter> parts = new EnumMap<>(Part.class);

    private Writer(Path folder, int vocabularySize, int endOfText) throws IOException {
      this.vocabularySize = vocabularySize;
      this.endOfText = endOfText;
      for (Part part : Part.values()) {
        parts.put(
            part,
            new PartWriter(folder.resolve(part.fileName()), vocabularySize <= SMALL_VOCABULARY));
      }
    }

    /**
     * Adds a document.
     *
     * @param part where it goes
     * @param tokens its token ids, without end-of-text
     * @param textBytes how many bytes of text the tokens stand for: what makes a loss per token one
     *     per byte
     */
    public void add(Part part, int[] tokens, long textBytes) throws IOException {
      PartWriter writer = part(part);
      if (writer.documents == 0) {
        writer.put(endOfText);
      }
      for (int token : tokens) {
        if (token < 0 || token >= vocabularySize || token == endOfText) {
          throw new IllegalArgumentException(
              "token "
                  + token
                  + " of a document must lie in [0, "
                  + vocabularySize
                  + ") and not be end-of-text");
        }
        writer.put(token);
      }
      writer.put(endOfText);
      writer.documents++;
      writer.bytes += textBytes;
    }

    private PartWriter part(Part part) {
      PartWriter writer = parts.get(part);
      if (writer == null) {
        throw new IllegalStateException("no part " + part);
      }
      return writer;
    }

    private void flush() throws IOException {
      for (PartWriter part : parts.values()) {
        part.flush();
      }
    }

    @Override
    public void close() throws IOException {
      for (PartWriter part : parts.values()) {
        part.channel.close();
      }
    }
  }

  /** One file that is being written. */
  private static final class PartWriter {
    private final FileChannel channel;
    private final boolean small;
    private final ByteBuffer buffer =
        ByteBuffer.allocateDirect(1 << 18).order(ByteOrder.LITTLE_ENDIAN);
    private long tokens;
    private long documents;
    private long bytes;

    private PartWriter(Path file, boolean small) throws IOException {
      channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      this.small = small;
    }

    private void put(int token) throws IOException {
      if (buffer.remaining() < Integer.BYTES) {
        flush();
      }
      if (small) {
        buffer.putShort((short) token);
      } else {
        buffer.putInt(token);
      }
      tokens++;
    }

    private void flush() throws IOException {
      buffer.flip();
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      buffer.clear();
    }

    private Map<String, Object> header() {
      Map<String, Object> header = new LinkedHashMap<>();
      header.put("tokens", tokens);
      header.put("documents", documents);
      header.put("bytes", bytes);
      return header;
    }
  }

  /**
   * Opens a folder that {@link #write} wrote. The mapping is given up with the object and its
   * splits.
   *
   * @throws InvalidFileException if a file is missing, damaged or of another version
   */
  public static TokenShards open(Path folder) throws IOException {
    JsonObject header = JsonObject.read(folder.resolve(HEADER));
    header.integer("version", FORMAT_VERSION, FORMAT_VERSION);
    int vocabularySize = header.integer("vocabularySize", 1, Integer.MAX_VALUE);
    int endOfText = header.integer("endOfText", 0, vocabularySize - 1);
    boolean small = vocabularySize <= SMALL_VOCABULARY;
    Map<Part, Split> splits = new EnumMap<>(Part.class);
    Arena arena = Arena.ofAuto();
    for (Part part : Part.values()) {
      JsonObject fields = header.object(part.fieldName());
      long tokens = fields.integer("tokens", 0, Long.MAX_VALUE / Integer.BYTES);
      splits.put(
          part,
          new Split(
              map(
                  folder.resolve(part.fileName()),
                  tokens * (small ? Short.BYTES : Integer.BYTES),
                  arena),
              small,
              endOfText,
              tokens,
              fields.integer("documents", 0, Long.MAX_VALUE),
              fields.integer("bytes", 0, Long.MAX_VALUE)));
    }
    return new TokenShards(vocabularySize, endOfText, splits);
  }

  private static MemorySegment map(Path file, long bytes, Arena arena) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() != bytes) {
        throw new InvalidFileException(
            file,
            "has "
                + channel.size()
                + " bytes, not the "
                + bytes
                + " that "
                + HEADER
                + " says: make the shards again");
      }
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes, arena);
    } catch (NoSuchFileException e) {
      throw new InvalidFileException(file, "does not exist: make the shards again");
    }
  }

  /** One more than the largest id. */
  public int vocabularySize() {
    return vocabularySize;
  }

  /** The id that stands before each document and after the last. */
  public int endOfText() {
    return endOfText;
  }

  /** The tokens of a part. */
  public Split split(Part part) {
    Split split = splits.get(part);
    if (split == null) {
      throw new IllegalStateException("no part " + part);
    }
    return split;
  }

  /** The tokens of one part, and the batches that are cut from them. */
  public static final class Split {

    private static final ValueLayout.OfShort U16 =
        ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 =
        ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment ids;
    private final boolean small;
    private final int endOfText;
    private final long tokens;
    private final long documents;
    private final long textBytes;

    private Split(
        MemorySegment ids,
        boolean small,
        int endOfText,
        long tokens,
        long documents,
        long textBytes) {
      this.ids = ids;
      this.small = small;
      this.endOfText = endOfText;
      this.tokens = tokens;
      this.documents = documents;
      this.textBytes = textBytes;
    }

    /** How many tokens there are, end-of-text included. */
    public long tokens() {
      return tokens;
    }

    /** How many documents there are. */
    public long documents() {
      return documents;
    }

    /** How many bytes of text the tokens stand for. */
    public long textBytes() {
      return textBytes;
    }

    /** The token at {@code index} in [0, tokens). */
    public int token(long index) {
      return small ? Short.toUnsignedInt(ids.getAtIndex(U16, index)) : ids.getAtIndex(I32, index);
    }

    /**
     * How many rows of {@code length} tokens the stream is cut into, the last one perhaps shorter.
     */
    public long rows(int length) {
      return (tokens - 1 + length - 1) / length;
    }

    /**
     * Batches of rows cut from the stream, epoch after epoch, in an order that is a pure function
     * of the seed and the epoch. The cursor counts rows.
     *
     * @throws IllegalArgumentException if there are fewer than 2 tokens
     */
    public BatchSource shuffled(long seed) {
      requireSome();
      return new Shuffled(this, seed);
    }

    /**
     * Batches of the rows in the stream's order, once; further batches are empty. The cursor counts
     * rows.
     */
    public BatchSource inOrder() {
      requireSome();
      return (cursor, batch) -> {
        batch.clear();
        long rows = Math.min(batch.rows(), Math.max(0, rows(batch.length()) - cursor));
        for (int row = 0; row < rows; row++) {
          cut(cursor + row, batch, row);
        }
        return cursor + rows;
      };
    }

    private void cut(long streamRow, Batch batch, int row) {
      long from = streamRow * batch.length();
      batch.addStream(
          row, this, from, (int) Math.min(batch.length(), tokens - 1 - from), endOfText);
    }

    private void requireSome() {
      if (tokens < 2) {
        throw new IllegalArgumentException(
            "shards of " + tokens + " tokens give no batch: add documents to this part");
      }
    }
  }

  /** Rows of a stream in random order. */
  private static final class Shuffled implements BatchSource {
    private final Split split;
    private final long seed;
    private long epoch = -1;
    private long epochRows;
    private Permutation order = Permutation.of(0, "rows", 0, 1);

    private Shuffled(Split split, long seed) {
      this.split = split;
      this.seed = seed;
    }

    @Override
    public long fill(long cursor, Batch batch) {
      batch.clear();
      long rows = split.rows(batch.length());
      for (int row = 0; row < batch.rows(); row++) {
        long wanted = (cursor + row) / rows;
        if (wanted != epoch || rows != epochRows) {
          epoch = wanted;
          epochRows = rows;
          order = Permutation.of(seed, "rows", epoch, rows);
        }
        split.cut(order.get((cursor + row) % rows), batch, row);
      }
      return cursor + batch.rows();
    }
  }
}
