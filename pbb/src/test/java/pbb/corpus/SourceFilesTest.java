package pbb.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pbb.engine.data.TokenShards;
import pbb.engine.data.TokenShards.Part;
import pbb.engine.tokenizer.ByteTokenizer;

class SourceFilesTest {

  @TempDir Path folder;

  private static String text(int i) {
    return "class A" + i + " { String s = \"é\\n\"; }\n";
  }

  private static String name(int i) {
    return "p" + i % 7 + "/A" + i + (i % 2 == 0 ? ".java" : ".py");
  }

  private Path sources(int count) throws IOException {
    Path sources = folder.resolve("sources");
    for (int i = 0; i < count; i++) {
      Path file = sources.resolve(name(i));
      Files.createDirectories(file.getParent());
      Files.writeString(file, text(i));
    }
    return sources;
  }

  private static SourceFiles.Summary shard(Path source, Path shards) throws IOException {
    return SourceFiles.shard(source, shards, (_, _) -> {});
  }

  /** The texts of a part, in order. */
  private static List<String> documents(Path shards, Part part) throws IOException {
    TokenShards.Split split = TokenShards.open(shards).split(part);
    List<String> documents = new ArrayList<>();
    int[] ids = new int[(int) split.tokens()];
    int count = 0;
    for (long i = 1; i < split.tokens(); i++) {
      int token = split.token(i);
      if (token == new ByteTokenizer().endOfText()) {
        documents.add(new ByteTokenizer().decode(Arrays.copyOf(ids, count)));
        count = 0;
      } else {
        ids[count++] = token;
      }
    }
    return documents;
  }

  @Test
  void everyFileIsOnOneSideOfTheSplit() throws IOException {
    Path shards = folder.resolve("shards");
    SourceFiles.Summary summary = shard(sources(200), shards);
    List<String> training = documents(shards, Part.TRAIN);
    List<String> heldOut = documents(shards, Part.VALIDATION);
    Set<String> all = new HashSet<>(training);
    all.addAll(heldOut);
    assertEquals(200, training.size() + heldOut.size());
    assertEquals(200, all.size(), "a file is on both sides, or twice on one");
    for (int i = 0; i < 200; i++) {
      assertTrue(all.contains(text(i)), name(i) + " is on neither side");
    }
    assertEquals(training.size(), summary.trainingFiles());
    assertEquals(heldOut.size(), summary.heldOutFiles());
    assertTrue(
        heldOut.size() >= 3 && heldOut.size() <= 25, heldOut.size() + " of 200 files are held out");
  }

  @Test
  void theSplitDependsOnPathsAlone() throws IOException {
    Path sources = sources(200);
    shard(sources, folder.resolve("one"));
    shard(sources, folder.resolve("two"));
    for (String file : List.of("train.tokens", "validation.tokens", "shards.json")) {
      assertEquals(
          -1,
          Files.mismatch(folder.resolve("one").resolve(file), folder.resolve("two").resolve(file)),
          file);
    }
    List<String> before = documents(folder.resolve("one"), Part.VALIDATION);
    Files.writeString(sources.resolve("p0/new.py"), "pass\n");
    shard(sources, folder.resolve("three"));
    List<String> after = documents(folder.resolve("three"), Part.VALIDATION);
    after.remove("pass\n");
    assertEquals(before, after, "a file more moved others over the split");
  }

  @Test
  void aZipFileIsReadAsTheFolder() throws IOException {
    Path sources = sources(100);
    Path zip = folder.resolve("sources.zip");
    try (OutputStream out = Files.newOutputStream(zip);
        ZipOutputStream entries = new ZipOutputStream(out)) {
      for (int i = 99; i >= 0; i--) {
        entries.putNextEntry(new ZipEntry(name(i)));
        entries.write(text(i).getBytes(StandardCharsets.UTF_8));
        entries.closeEntry();
      }
    }
    assertEquals(shard(sources, folder.resolve("a")), shard(zip, folder.resolve("b")));
    for (String file : List.of("train.tokens", "validation.tokens")) {
      assertEquals(
          -1,
          Files.mismatch(folder.resolve("a").resolve(file), folder.resolve("b").resolve(file)),
          file);
    }
  }

  @Test
  void whatIsNoSourceIsLeftOutAndCounted() throws IOException {
    Path sources = sources(100);
    Files.write(sources.resolve("latin1.py"), new byte[] {'#', (byte) 0xE9, '\n'});
    Files.writeString(sources.resolve("empty.java"), "");
    Files.writeString(sources.resolve("copy.java"), text(0));
    Files.writeString(sources.resolve("large.py"), "x".repeat((int) SourceFiles.LARGEST_FILE + 1));
    Files.writeString(sources.resolve("readme.txt"), "no source");
    SourceFiles.Summary summary = shard(sources, folder.resolve("shards"));
    assertEquals(100, summary.trainingFiles() + summary.heldOutFiles());
    assertEquals(2, summary.notUtf8());
    assertEquals(1, summary.copies());
    assertEquals(1, summary.tooLarge());
  }

  @Test
  void tooFewFilesLeaveNothing() throws IOException {
    Path sources = sources(1);
    Path shards = folder.resolve("shards");
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> shard(sources, shards));
    assertTrue(String.valueOf(e.getMessage()).contains(sources.toString()), e.getMessage());
    assertFalse(Files.exists(shards), "shards were left behind");
  }
}
