package pbb.suite;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pbb.engine.io.AtomicFiles;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;
import pbb.eval.Row;
import pbb.eval.Twins;
import pbb.run.Results;

/**
 * What came of a cell: {@code cell.json}, written last, so that a cell that has one is finished.
 *
 * @param parameters the model's weights
 * @param vocabulary the tokenizer's ids
 * @param documents training documents
 * @param tokens tokens that training read, padding not counted
 * @param queries queries that were asked
 * @param trainingSeconds how long training took
 * @param evaluationSeconds how long asking the queries took
 * @param wallSeconds how long the start of the run that finished the cell took for it: from when it
 *     began the cell, or from when the cell before was finished if that was later (the two overlap
 *     if evaluation has a backend of its own), so that no second counts for two cells
 * @param finishedAt when it was finished, in ISO 8601
 * @param twins how far programs with executions are the same function as others
 * @param rows its figures
 */
public record CellResult(
    long parameters,
    int vocabulary,
    int documents,
    long tokens,
    int queries,
    double trainingSeconds,
    double evaluationSeconds,
    double wallSeconds,
    String finishedAt,
    Twins twins,
    List<Row> rows) {

  /** The file's name in a cell's folder. */
  public static final String FILE = "cell.json";

  /** Copies the list. */
  public CellResult {
    rows = List.copyOf(rows);
  }

  void write(Path folder) throws IOException {
    Map<String, Object> head = new LinkedHashMap<>();
    head.put("schema", 1);
    head.put("parameters", parameters);
    head.put("vocabulary", vocabulary);
    head.put("documents", documents);
    head.put("tokens", tokens);
    head.put("queries", queries);
    head.put("trainingSeconds", trainingSeconds);
    head.put("evaluationSeconds", evaluationSeconds);
    head.put("wallSeconds", wallSeconds);
    head.put("finishedAt", finishedAt);
    Map<String, Object> same = new LinkedHashMap<>();
    same.put("programs", twins.programs());
    same.put("of", twins.of());
    same.put("queries", twins.queries());
    same.put("ofQueries", twins.ofQueries());
    head.put("twins", same);
    String opening = JsonText.indented(head).stripTrailing();
    AtomicFiles.writeString(
        folder.resolve(FILE),
        opening.substring(0, opening.length() - 2)
            + ",\n  \"rows\": ["
            + Results.lines(rows.stream().map(Results::json))
            + "]\n}\n");
  }

  /**
   * Reads the result of the cell in {@code folder}; empty if it is not finished.
   *
   * @throws InvalidFileException if its file cannot be read
   */
  public static Optional<CellResult> read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    JsonObject json = JsonObject.read(file);
    json.integer("schema", 1, 1);
    JsonObject twins = json.object("twins");
    return Optional.of(
        new CellResult(
            json.integer("parameters", 1L, Long.MAX_VALUE),
            json.integer("vocabulary", 1, Integer.MAX_VALUE),
            json.integer("documents", 1, Integer.MAX_VALUE),
            json.integer("tokens", 1L, Long.MAX_VALUE),
            json.integer("queries", 0, Integer.MAX_VALUE),
            json.number("trainingSeconds"),
            json.number("evaluationSeconds"),
            json.number("wallSeconds"),
            json.string("finishedAt"),
            new Twins(
                twins.integer("programs", 0, Integer.MAX_VALUE),
                twins.integer("of", 0, Integer.MAX_VALUE),
                twins.integer("queries", 0, Integer.MAX_VALUE),
                twins.integer("ofQueries", 0, Integer.MAX_VALUE)),
            Results.rows(json)));
  }
}
