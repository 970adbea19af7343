package pbb.engine.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeSet;
import pbb.engine.graph.Shape;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;

/**
 * A file of named tensors in Hugging Face's safetensors format: the length of the header in eight
 * bytes, the header in JSON, then the tensors' bytes, one after the other.
 *
 * <p>An open file is mapped into memory, so that opening reads the header alone, and each tensor's
 * pages come from disk when they are first looked at. {@link #open} has checked everything that the
 * header says against the file, so an open one is whole.
 */
public final class Safetensors implements AutoCloseable {

  // The format's own limit.
  private static final long LARGEST_HEADER = 100_000_000;
  private static final int LENGTH_BYTES = 8;
  private static final int ALIGNMENT = 8;
  private static final long LARGEST_WRITE = 1 << 24;
  private static final String METADATA = "__metadata__";

  private static final ValueLayout.OfLong FILE_LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble FILE_DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FILE_FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort FILE_SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path file;
  private final Arena arena;
  private final Map<String, String> metadata;
  private final SequencedMap<String, NamedTensor> tensors; // in the order of their bytes

  private Safetensors(
      Path file,
      Arena arena,
      Map<String, String> metadata,
      SequencedMap<String, NamedTensor> tensors) {
    this.file = file;
    this.arena = arena;
    this.metadata = Map.copyOf(metadata);
    this.tensors = tensors;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws InvalidFileException if it does not exist, is truncated, or breaks the format's rules
   */
  @SuppressWarnings("MustBeClosedChecker") // the open file owns the arena and closes it
  public static Safetensors open(Path file) throws IOException {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return parse(file, arena, bytes);
    } catch (NoSuchFileException e) {
      arena.close();
      throw new InvalidFileException(file, "does not exist");
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Writes a new file: tensors of wide elements first, so that each lies aligned, otherwise in the
   * order given.
   *
   * @param file must not exist; see {@link pbb.engine.io.AtomicFiles} for writing it whole or not
   *     at all
   * @param metadata goes into the header; {@code transformers} wants {@code format} to be {@code
   *     pt}
   * @param tensors their data are written as they lie in memory
   * @throws IllegalArgumentException if two tensors have one name
   */
  public static void write(Path file, Map<String, String> metadata, Collection<NamedTensor> tensors)
      throws IOException {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      throw new UnsupportedOperationException(
          "safetensors are written on little-endian machines only");
    }
    List<NamedTensor> ordered = new ArrayList<>(tensors);
    ordered.sort(Comparator.comparingInt((NamedTensor tensor) -> -tensor.type().bytes()));
    Map<String, Object> header = new LinkedHashMap<>();
    if (!metadata.isEmpty()) {
      header.put(METADATA, metadata);
    }
    long end = 0;
    for (NamedTensor tensor : ordered) {
      long begin = end;
      end += tensor.data().byteSize();
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("dtype", tensor.type().name());
      entry.put("shape", tensor.shape());
      entry.put("data_offsets", List.of(begin, end));
      if (header.putIfAbsent(tensor.name(), entry) != null) {
        throw new IllegalArgumentException("two tensors have the name " + tensor.name());
      }
    }
    byte[] json = JsonText.compact(header).getBytes(StandardCharsets.UTF_8);
    int padded = Math.ceilDiv(json.length, ALIGNMENT) * ALIGNMENT;
    ByteBuffer start =
        ByteBuffer.allocate(LENGTH_BYTES + padded).order(ByteOrder.LITTLE_ENDIAN).putLong(padded);
    start.put(json);
    Arrays.fill(start.array(), start.position(), start.capacity(), (byte) ' ');
    start.rewind();
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
      writeFully(channel, start);
      for (NamedTensor tensor : ordered) {
        long size = tensor.data().byteSize();
        for (long from = 0; from < size; from += LARGEST_WRITE) {
          MemorySegment part = tensor.data().asSlice(from, Math.min(LARGEST_WRITE, size - from));
          writeFully(
              channel,
              part.isNative()
                  ? part.asByteBuffer()
                  : ByteBuffer.wrap(part.toArray(ValueLayout.JAVA_BYTE)));
        }
      }
    }
  }

  /** The file that was opened. */
  public Path file() {
    return file;
  }

  /** What the header says beside the tensors; empty if nothing. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** The tensors in the order of their bytes; their data can be looked at until {@link #close}. */
  public Collection<NamedTensor> tensors() {
    return tensors.values();
  }

  /** Whether there is a tensor of this name. */
  public boolean has(String name) {
    return tensors.containsKey(name);
  }

  /**
   * The tensor of a name.
   *
   * @throws InvalidFileException if there is none
   */
  public NamedTensor tensor(String name) throws InvalidFileException {
    NamedTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new InvalidFileException(file, "lacks the tensor " + name);
    }
    return tensor;
  }

  /**
   * Copies a tensor of floating-point numbers into memory as floats; F64, F16 and BF16 are
   * converted.
   *
   * @param shape what the shape must be
   * @param target room for its elements, four bytes each, in native order
   * @throws InvalidFileException if there is no such tensor, or it has another shape or no
   *     floating-point numbers
   */
  public void copyFloats(String name, Shape shape, MemorySegment target)
      throws InvalidFileException {
    NamedTensor tensor = tensor(name);
    if (!tensor.shape().equals(shape.dimensions().stream().map(Integer::longValue).toList())) {
      throw new InvalidFileException(
          file,
          "has the tensor "
              + name
              + " with shape "
              + tensor.shape()
              + " where "
              + shape.dimensions()
              + " is expected: it belongs to another model");
    }
    MemorySegment data = tensor.data();
    long size = tensor.size();
    switch (tensor.type()) {
      case F32 ->
          MemorySegment.copy(
              data, FILE_FLOAT, 0, target, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, size);
      case F64 -> {
        for (long i = 0; i < size; i++) {
          float value = (float) data.getAtIndex(FILE_DOUBLE, i);
          target.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, value);
        }
      }
      case F16 -> {
        for (long i = 0; i < size; i++) {
          float value = Float.float16ToFloat(data.getAtIndex(FILE_SHORT, i));
          target.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, value);
        }
      }
      case BF16 -> {
        for (long i = 0; i < size; i++) {
          float value = Float.intBitsToFloat(data.getAtIndex(FILE_SHORT, i) << 16);
          target.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, value);
        }
      }
      default ->
          throw new InvalidFileException(
              file,
              "has the tensor "
                  + name
                  + " in "
                  + tensor.type()
                  + " where F32, F64, F16 or BF16 is expected");
    }
  }

  /**
   * Checks that the file has exactly these tensors.
   *
   * @throws InvalidFileException naming some that are missing, or too many
   */
  public void requireNames(Collection<String> names) throws InvalidFileException {
    requireNone("lacks", minus(names, tensors.keySet()));
    requireNone("has unexpected", minus(tensors.keySet(), names));
  }

  /** Unmaps the file: no tensor of it can be looked at any more. */
  @Override
  public void close() {
    arena.close();
  }

  private void requireNone(String what, Collection<String> names) throws InvalidFileException {
    if (!names.isEmpty()) {
      List<String> some = names.stream().limit(3).toList();
      String more =
          names.size() > some.size() ? " and " + (names.size() - some.size()) + " more" : "";
      throw new InvalidFileException(
          file,
          what + " tensors: " + String.join(", ", some) + more + ": it belongs to another model");
    }
  }

  private static Collection<String> minus(Collection<String> all, Collection<String> without) {
    Collection<String> left = new TreeSet<>(all);
    left.removeAll(without);
    return left;
  }

  private static Safetensors parse(Path file, Arena arena, MemorySegment bytes)
      throws InvalidFileException {
    if (bytes.byteSize() < LENGTH_BYTES) {
      throw truncated(file, bytes.byteSize(), "at least " + LENGTH_BYTES);
    }
    long headerLength = bytes.get(FILE_LONG, 0);
    if (headerLength < 2 || headerLength > LARGEST_HEADER) {
      throw new InvalidFileException(
          file,
          "is no safetensors file: its first eight bytes give a header of "
              + Long.toUnsignedString(headerLength)
              + " bytes");
    }
    long dataBegin = LENGTH_BYTES + headerLength;
    if (bytes.byteSize() < dataBegin) {
      throw truncated(file, bytes.byteSize(), "at least " + dataBegin);
    }
    byte[] json = bytes.asSlice(LENGTH_BYTES, headerLength).toArray(ValueLayout.JAVA_BYTE);
    JsonObject header = JsonObject.parse(file, json);
    Map<String, String> metadata = new LinkedHashMap<>();
    List<Entry> entries = new ArrayList<>();
    for (String name : header.fields()) {
      JsonObject field = header.object(name);
      if (name.equals(METADATA)) {
        for (String key : field.fields()) {
          metadata.put(key, field.string(key));
        }
      } else {
        entries.add(Entry.of(name, field));
      }
    }
    entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long end = 0;
    for (Entry entry : entries) {
      if (entry.begin() != end) {
        throw new InvalidFileException(
            file,
            "is damaged: the bytes of tensor "
                + entry.name()
                + " begin at "
                + entry.begin()
                + ", "
                + (entry.begin() < end ? "inside" : "with a gap after")
                + " the tensor before it, which ends at "
                + end);
      }
      end = entry.end();
    }
    long expected = Math.addExact(dataBegin, end);
    if (bytes.byteSize() < expected) {
      throw truncated(file, bytes.byteSize(), Long.toString(expected));
    }
    if (bytes.byteSize() > expected) {
      throw new InvalidFileException(
          file,
          "is damaged: it has " + bytes.byteSize() + " bytes where its header says " + expected);
    }
    SequencedMap<String, NamedTensor> tensors = new LinkedHashMap<>();
    for (Entry entry : entries) {
      MemorySegment data = bytes.asSlice(dataBegin + entry.begin(), entry.end() - entry.begin());
      tensors.put(entry.name(), new NamedTensor(entry.name(), entry.type(), entry.shape(), data));
    }
    return new Safetensors(file, arena, metadata, tensors);
  }

  private static InvalidFileException truncated(Path file, long bytes, String expected) {
    return new InvalidFileException(
        file,
        "is truncated: it has "
            + bytes
            + " bytes where "
            + expected
            + " are expected; copy it again or use an earlier checkpoint");
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** What the header says of a tensor: its bytes are [begin, end) of the data. */
  private record Entry(String name, ElementType type, List<Long> shape, long begin, long end) {

    static Entry of(String name, JsonObject field) throws InvalidFileException {
      String typeName = field.string("dtype");
      ElementType type;
      try {
        type = ElementType.valueOf(typeName);
      } catch (IllegalArgumentException e) {
        throw field.invalid("dtype", "is " + typeName + ", which this engine does not know");
      }
      List<Long> shape = Arrays.stream(field.integers("shape")).boxed().toList();
      long[] offsets = field.integers("data_offsets");
      if (offsets.length != 2 || offsets[0] < 0 || offsets[1] < offsets[0]) {
        throw field.invalid(
            "data_offsets", "must be a begin and an end, not " + Arrays.toString(offsets));
      }
      long expected;
      try {
        expected = NamedTensor.bytes(type, shape);
      } catch (IllegalArgumentException | ArithmeticException e) {
        throw field.invalid("shape", "cannot be " + shape);
      }
      if (offsets[1] - offsets[0] != expected) {
        throw field.invalid(
            "data_offsets",
            "span "
                + (offsets[1] - offsets[0])
                + " bytes where shape "
                + shape
                + " of "
                + type
                + " takes "
                + expected);
      }
      return new Entry(name, type, shape, offsets[0], offsets[1]);
    }
  }

  @Override
  public String toString() {
    return "Safetensors[" + file + "]";
  }
}
