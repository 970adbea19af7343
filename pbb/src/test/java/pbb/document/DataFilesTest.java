package pbb.document;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import pbb.curriculum.Homogeneous;
import pbb.curriculum.Shares;
import pbb.task.RandomArithmetic;
import pbb.task.TaskData;

/** What is written is read back, and a line that is not as it should be is named. */
final class DataFilesTest {

  private static final RandomArithmetic TASK =
      new RandomArithmetic(
          new RandomArithmetic.Dials(
              23, 7, List.of(new RandomArithmetic.Setting(2, 4, 2, 1, 2)), 6),
          5);
  private static final TaskData DATA = TASK.generate(Formats.reservedWords());

  @TempDir Path folder;

  @BeforeEach
  void write() throws IOException {
    DataFiles.write(folder, DATA);
  }

  @Test
  void programsAndExecutionsAreReadBack() throws IOException {
    assertEquals(DATA, DataFiles.read(folder));
  }

  @Test
  void documentsOfEveryKindAreReadBack() throws IOException {
    Homogeneous curriculum =
        new Homogeneous(
            TASK,
            DATA,
            new Shares(1, 1, 1, 1, 1, 1, new Shares.Modes(1, 1, 1, 1), 3, Map.of(2, 1.0), 1),
            5);
    List<TrainingText> documents = LongStream.range(0, 60).mapToObj(curriculum::text).toList();
    Set<TrainingText.Kind> kinds = new HashSet<>();
    documents.forEach(document -> kinds.add(document.kind()));
    assertEquals(Set.of(TrainingText.Kind.values()), kinds);
    DataFiles.writeDocuments(folder, documents.stream());
    List<TrainingText> read = new ArrayList<>();
    DataFiles.readDocuments(folder, read::add);
    assertEquals(documents, read);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "programs.jsonl | \"group\":\"with_io\" | \"group\":\"some_io\" | field group",
        "programs.jsonl | \"id\":               | \"ident\":            | field id",
        "programs.jsonl | (x):                  | (x:                   | field source",
        "programs.jsonl | \"name\":\"          | \"name\":\"un        | field name",
        "programs.jsonl | \"operations\":2      | \"operations\":\"2\"  | field operations",
        "io.jsonl       | \"split\":\"train\"   | \"split\":\"test\"    | field split",
        "io.jsonl       | \"input\":[           | \"input\":[{},        | field input",
        "io.jsonl       | \"steps\":[           | \"step\":[            | field steps",
        "io.jsonl       | {                     | {{                    | no JSON object"
      })
  void aLineThatIsNotAsItShouldBeIsNamed(String file, String from, String to, String problem)
      throws IOException {
    Path path = folder.resolve(file);
    List<String> lines = new ArrayList<>(Files.readAllLines(path));
    int number = 0;
    while (!lines.get(number).contains(from)) {
      number++;
    }
    String line = lines.get(number);
    int at = line.indexOf(from);
    lines.set(number, line.substring(0, at) + to + line.substring(at + from.length()));
    Files.write(path, lines);
    String message =
        String.valueOf(
            assertThrows(IllegalArgumentException.class, () -> DataFiles.read(folder))
                .getMessage());
    assertTrue(message.contains(file + ", line " + (number + 1)), message);
    assertTrue(message.contains(problem), message);
  }
}
