package pbb.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import pbb.engine.io.AtomicFiles;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;
import pbb.eval.Interval;
import pbb.eval.Row;
import pbb.eval.Row.Metric;

/**
 * What a run found, as {@code results.json} has it. Rows carry no time and stand in a fixed order,
 * so that two runs of one seed write the same bytes for them.
 *
 * @param profile the profile's name
 * @param backend the backend's name
 * @param startedAt when the run began, in ISO 8601
 * @param finishedAt when the last of these cells was finished
 * @param wallSeconds how long its finished cells took, all together; no second counts twice
 * @param rows the figures of all finished cells
 * @param claims what was concluded
 */
public record Results(
    String profile,
    String backend,
    String startedAt,
    String finishedAt,
    double wallSeconds,
    List<Row> rows,
    List<Judged> claims) {

  /** The file's name in a run directory. */
  public static final String FILE = "results.json";

  /**
   * A judged claim.
   *
   * @param id the claim's id
   * @param claim what it says
   * @param verdict {@code supported}, {@code not supported} or {@code undecided}
   * @param because why
   */
  public record Judged(String id, String claim, String verdict, String because) {}

  /** Copies the lists. */
  public Results {
    rows = List.copyOf(rows);
    claims = List.copyOf(claims);
  }

  /** Writes {@code results.json}, in place of an older one. */
  public void write(Path file) throws IOException {
    Map<String, Object> head = new LinkedHashMap<>();
    head.put("schema", 1);
    head.put("profile", profile);
    head.put("backend", backend);
    head.put("startedAt", startedAt);
    head.put("finishedAt", finishedAt);
    head.put("wallSeconds", wallSeconds);
    String opening = JsonText.indented(head).stripTrailing();
    AtomicFiles.writeString(
        file,
        opening.substring(0, opening.length() - 2)
            + ",\n  \"rows\": ["
            + lines(rows.stream().map(Results::json))
            + "],\n  \"claims\": ["
            + lines(claims.stream().map(Results::json))
            + "]\n}\n");
  }

  /** One object a line, so that a difference between two files can be read. */
  public static String lines(Stream<Map<String, Object>> objects) {
    String lines = objects.map(JsonText::compact).collect(Collectors.joining(",\n    "));
    return lines.isEmpty() ? "" : "\n    " + lines + "\n  ";
  }

  /**
   * Reads {@code results.json}.
   *
   * @throws InvalidFileException if it cannot be read; the message names the field
   */
  public static Results read(Path file) throws IOException {
    JsonObject json = JsonObject.read(file);
    json.integer("schema", 1, 1);
    List<Judged> claims = new ArrayList<>();
    for (JsonObject claim : json.objects("claims")) {
      claims.add(
          new Judged(
              claim.string("id"),
              claim.string("claim"),
              claim.string("verdict"),
              claim.string("because")));
    }
    return new Results(
        json.string("profile"),
        json.string("backend"),
        json.string("startedAt"),
        json.string("finishedAt"),
        json.number("wallSeconds"),
        rows(json),
        claims);
  }

  private static Map<String, Object> json(Judged claim) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", claim.id);
    json.put("claim", claim.claim);
    json.put("verdict", claim.verdict);
    json.put("because", claim.because);
    return json;
  }

  /** A row as JSON. */
  public static Map<String, Object> json(Row row) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("experiment", row.experiment());
    json.put("task", row.task());
    json.put("setting", Map.of("operations", row.operations()));
    json.put("condition", row.condition());
    json.put("seed", row.seed());
    json.put("group", row.group());
    json.put("query", row.query());
    json.put("mode", row.mode());
    json.put("metric", row.metric().label());
    json.put("value", row.interval().value());
    json.put("low", row.interval().low());
    json.put("high", row.interval().high());
    json.put("n", row.n());
    json.put("programs", row.programs());
    json.put("chance", row.chance());
    return json;
  }

  /** The rows in an object's field {@code rows}. */
  public static List<Row> rows(JsonObject json) throws InvalidFileException {
    List<Row> rows = new ArrayList<>();
    for (JsonObject row : json.objects("rows")) {
      String label = row.string("metric");
      Metric metric =
          Stream.of(Metric.values())
              .filter(candidate -> candidate.label().equals(label))
              .findFirst()
              .orElse(null);
      if (metric == null) {
        throw row.invalid("metric", "is unknown: " + label);
      }
      rows.add(
          new Row(
              row.string("experiment"),
              row.string("task"),
              row.object("setting").integer("operations", 1, Integer.MAX_VALUE),
              row.string("condition"),
              row.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE),
              row.string("group"),
              row.string("query"),
              row.string("mode"),
              metric,
              new Interval(row.number("value"), row.number("low"), row.number("high")),
              row.integer("n", 1, Integer.MAX_VALUE),
              row.integer("programs", 1, Integer.MAX_VALUE),
              row.number("chance")));
    }
    return rows;
  }
}
