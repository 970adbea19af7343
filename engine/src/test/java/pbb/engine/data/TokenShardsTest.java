package pbb.engine.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import pbb.engine.io.InvalidFileException;

class TokenShardsTest {

  private static final int END = 3;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {260, 65_536, 65_537, 1 << 20})
  void whatIsWrittenIsRead(int vocabularySize) throws IOException {
    Path shards = folder.resolve("shards");
    int largest = vocabularySize - 1;
    TokenShards.write(
        shards,
        vocabularySize,
        END,
        writer -> {
          writer.add(TokenShards.Part.TRAIN, new int[] {0, largest, 5}, 30);
          writer.add(TokenShards.Part.VALIDATION, new int[] {7}, 2);
          writer.add(TokenShards.Part.TRAIN, new int[] {8}, 1);
        });
    TokenShards read = TokenShards.open(shards);
    assertEquals(vocabularySize, read.vocabularySize());
    assertEquals(END, read.endOfText());
    TokenShards.Split train = read.split(TokenShards.Part.TRAIN);
    assertEquals(7, train.tokens());
    assertEquals(2, train.documents());
    assertEquals(31, train.textBytes());
    assertEquals(List.of(END, 0, largest, 5, END, 8, END), tokens(train));
    assertEquals(List.of(END, 7, END), tokens(read.split(TokenShards.Part.VALIDATION)));
  }

  @Test
  void rowsRespectDocuments() throws IOException {
    TokenShards shards = shards(new int[] {10, 11}, new int[] {12, 13, 14, 15});
    // END 10 11 END 12 13 14 15 END
    Batch batch = new Batch(2, 5);
    long cursor = shards.split(TokenShards.Part.TRAIN).inOrder().fill(0, batch);
    assertEquals(2, cursor);
    assertArrayEquals(new int[] {END, 10, 11, END, 12, 13, 14, 15, 0, 0}, ints(batch.tokens()));
    assertArrayEquals(new int[] {10, 11, END, 12, 13, 14, 15, END, 0, 0}, ints(batch.targets()));
    assertArrayEquals(new int[] {0, 1, 2, 0, 1, 0, 1, 2, 0, 0}, ints(batch.positions()));
    assertArrayEquals(new int[] {0, 0, 0, 3, 3, 0, 0, 0, 3, 4}, ints(batch.documentStart()));
    assertArrayEquals(
        new float[] {1, 1, 1, 1, 1, 1, 1, 1, 0, 0},
        batch.weights().toArray(ValueLayout.JAVA_FLOAT));
    assertEquals(8, batch.tokenCount());
    assertEquals(8, batch.targetCount());
    assertEquals(2, shards.split(TokenShards.Part.TRAIN).inOrder().fill(2, batch));
    assertEquals(0, batch.targetCount(), "past the end a batch is empty");
  }

  @Test
  void anEpochHoldsEachRowOnce() throws IOException {
    int[][] documents = new int[30][];
    for (int i = 0; i < documents.length; i++) {
      documents[i] = new int[] {10 + i, 10 + i, 10 + i};
    }
    TokenShards shards = shards(documents);
    TokenShards.Split train = shards.split(TokenShards.Part.TRAIN);
    assertEquals(30, train.rows(4));
    BatchSource source = train.shuffled(1);
    List<Integer> first = firstTargets(source, 0);
    List<Integer> second = firstTargets(source, 30);
    List<Integer> inOrder = firstTargets(train.inOrder(), 0);
    assertNotEquals(inOrder, first);
    assertNotEquals(first, second);
    assertEquals(inOrder, first.stream().sorted().toList());
    assertEquals(inOrder, second.stream().sorted().toList());
    assertEquals(
        second, firstTargets(train.shuffled(1), 30), "a batch is a function of its cursor");
    assertNotEquals(first, firstTargets(train.shuffled(2), 0));
  }

  @Test
  void aFailedWriteLeavesNothing() throws IOException {
    Path shards = folder.resolve("shards");
    assertThrows(
        IllegalArgumentException.class,
        () ->
            TokenShards.write(
                shards,
                10,
                END,
                writer -> {
                  writer.add(TokenShards.Part.TRAIN, new int[] {1, 2}, 2);
                  writer.add(TokenShards.Part.TRAIN, new int[] {10}, 1);
                }));
    try (var entries = Files.list(folder)) {
      assertEquals(List.of(), entries.toList());
    }
  }

  @Test
  void anOlderFolderIsLeftAlone() throws IOException {
    Path shards = folder.resolve("shards");
    Files.createDirectory(shards);
    assertThrows(
        FileAlreadyExistsException.class, () -> TokenShards.write(shards, 10, END, _ -> {}));
    assertFalse(Files.exists(shards.resolve("shards.json")));
  }

  @Test
  void damageIsFoundAndNamed() throws IOException {
    shards(new int[] {10, 11});
    Path file = folder.resolve("shards").resolve("train.tokens");
    Files.write(file, new byte[] {1, 2, 3});
    InvalidFileException e =
        assertThrows(InvalidFileException.class, () -> TokenShards.open(folder.resolve("shards")));
    assertTrue(
        String.valueOf(e.getMessage()).startsWith(file + " has 3 bytes, not the 8"),
        e.getMessage());
    Files.delete(file);
    e = assertThrows(InvalidFileException.class, () -> TokenShards.open(folder.resolve("shards")));
    assertTrue(String.valueOf(e.getMessage()).startsWith(file + " does not exist"), e.getMessage());
    e = assertThrows(InvalidFileException.class, () -> TokenShards.open(folder));
    assertTrue(String.valueOf(e.getMessage()).contains("shards.json"), e.getMessage());
  }

  private TokenShards shards(int[]... documents) throws IOException {
    Path shards = folder.resolve("shards");
    TokenShards.write(
        shards,
        1000,
        END,
        writer -> {
          for (int[] document : documents) {
            writer.add(TokenShards.Part.TRAIN, document, document.length);
          }
        });
    return TokenShards.open(shards);
  }

  private static List<Integer> firstTargets(BatchSource source, long cursor) {
    Batch batch = new Batch(10, 4);
    List<Integer> tokens = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      cursor = source.fill(cursor, batch);
      for (int row = 0; row < batch.rows(); row++) {
        tokens.add(batch.targets().getAtIndex(ValueLayout.JAVA_INT, row * 4L));
      }
    }
    return tokens;
  }

  private static List<Integer> tokens(TokenShards.Split split) {
    List<Integer> tokens = new ArrayList<>();
    for (long i = 0; i < split.tokens(); i++) {
      tokens.add(split.token(i));
    }
    return tokens;
  }

  private static int[] ints(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_INT);
  }
}
