package pbb.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import pbb.document.Mode;
import pbb.engine.io.AtomicFiles;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.eval.Interval;
import pbb.eval.Row;
import pbb.eval.Row.Metric;
import pbb.run.Results;
import pbb.suite.Cell;
import pbb.suite.CellResult;
import pbb.suite.Claim;
import pbb.suite.Experiment;
import pbb.suite.RunConfig;

/** What one or several runs found, as {@code report.md} and {@code index.html}. */
public final class Report {

  private static final String TITLE = "Programming by Backprop: results";

  private static final String HOW_TO_READ =
      "How to read it: each figure is the share of queries answered exactly right, with its 95%"
          + " interval (Wilson's, widened because queries about one program are not independent);"
          + " chance is what the best guess from inputs and training answers alone reaches on the"
          + " same queries. Programs with IO were trained with their source and with executions,"
          + " programs without IO with their source only: what counts is whether those without IO"
          + " are clear of chance and of the controls, which are names without any source, names"
          + " with another program's source, and queries that ask for another name. A direct answer"
          + " comes at once, a stepping one after the state that each line leaves, a reciting one"
          + " after the source and then the states; queries in context show the source in the"
          + " prompt, and so say what the model can execute at all.";

  private static final Map<String, String> GROUPS =
      ordered(
          "with_io", "with IO",
          "without_io", "without IO",
          "no_source", "no source",
          "wrong_source", "wrong source");

  private static final Map<String, String> QUERIES =
      ordered(
          "plain", "plain",
          "held_out_template", "held-out template",
          "wrong_name", "wrong name",
          "in_context", "in context");

  private static final int CURVE_POINTS = 200;
  private static final int CURVE_ROWS = 12;

  private final List<Run> runs;

  private Report(List<Run> runs) {
    this.runs = runs;
  }

  /**
   * Reads runs.
   *
   * @param folders run directories, at least one
   * @throws pbb.suite.UsageException if one of them holds no results
   * @throws InvalidFileException if a file cannot be read
   */
  public static Report of(List<Path> folders) throws IOException {
    if (folders.isEmpty()) {
      throw new IllegalArgumentException("a report needs at least one run");
    }
    List<Run> runs = new ArrayList<>();
    for (Path folder : folders) {
      runs.add(Run.read(folder));
    }
    return new Report(runs);
  }

  /** Writes {@code report.md} and {@code index.html}, in place of older ones. */
  public void write(Path folder) throws IOException {
    List<Block> blocks = blocks();
    AtomicFiles.writeString(folder.resolve("report.md"), Markdown.render(blocks));
    AtomicFiles.writeString(folder.resolve("index.html"), Html.render(TITLE, blocks));
  }

  private List<Block> blocks() throws InvalidFileException {
    List<Block> blocks = new ArrayList<>();
    blocks.add(new Block.Heading(1, TITLE));
    blocks.add(new Block.Paragraph(HOW_TO_READ));
    boolean trained = runs.stream().anyMatch(run -> run.config().isPresent());
    if (trained) { // An evaluation of one model claims nothing.
      claims(blocks);
    }
    for (Run run : runs) {
      List<Row> rows = run.results().rows();
      List<Integer> settings =
          rows.stream().map(Row::operations).distinct().sorted(Comparator.reverseOrder()).toList();
      String of = runs.size() == 1 ? "" : ", " + run.name();
      if (!settings.isEmpty()) {
        blocks.add(new Block.Heading(2, "Accuracy" + of));
        bars(blocks, rows, settings.getFirst());
      }
      for (int setting : settings) {
        List<Row> own = rows.stream().filter(row -> row.operations() == setting).toList();
        blocks.add(new Block.Heading(3, operations(setting)));
        blocks.add(byMode(own, Metric.ACCURACY, true));
      }
      run.cells()
          .forEach(
              (cell, result) ->
                  blocks.add(new Block.Paragraph(cell + ": " + result.twins().sentence())));
      blocks.add(new Block.Heading(2, "Controls" + of));
      blocks.add(
          new Block.Paragraph(
              "Answers that agree with what was swapped out: the program that the name had (wrong"
                  + " source), or the one that was meant (wrong name); and answers about names"
                  + " without any source. Above chance they would be a leak."));
      blocks.add(controls(rows));
      blocks.add(new Block.Heading(2, "Recitation, and execution given recitation" + of));
      blocks.add(
          new Block.Paragraph(
              "In recite mode: whether the answer begins with the source, word for word; and how"
                  + " often the answer is right among those that do. An error is one of recall or"
                  + " one of execution."));
      blocks.add(recitation(rows));
      blocks.add(new Block.Heading(2, "Well-formed answers" + of));
      blocks.add(byMode(rows, Metric.WELL_FORMED, false));
    }
    if (trained) {
      curves(blocks);
    }
    provenance(blocks);
    return blocks;
  }

  private void claims(List<Block> blocks) {
    blocks.add(new Block.Heading(2, "Claims"));
    List<RunConfig> configs = runs.stream().flatMap(run -> run.config().stream()).toList();
    boolean together = runs.size() > 1 && configs.size() == runs.size() && takenTogether(configs);
    List<List<String>> rows = new ArrayList<>();
    if (together) {
      List<Row> all = runs.stream().flatMap(run -> run.results().rows().stream()).toList();
      for (String id : configs.getFirst().experiments()) {
        List<Row> own = all.stream().filter(row -> row.experiment().equals(id)).toList();
        for (Claim.Verdict verdict : Experiment.named(id).judge(own)) {
          rows.add(
              List.of(
                  verdict.claim().id(),
                  verdict.claim().text(),
                  verdict.decision().label(),
                  verdict.because()));
        }
      }
    } else {
      for (Run run : runs) {
        for (Results.Judged claim : run.results().claims()) {
          String id = runs.size() == 1 ? claim.id() : run.name() + ": " + claim.id();
          rows.add(List.of(id, claim.claim(), claim.verdict(), claim.because()));
        }
      }
    }
    if (runs.size() > 1) {
      blocks.add(
          new Block.Paragraph(
              together
                  ? "The runs differ in nothing but their seeds, and are judged together."
                  : "The runs differ in more than their seeds, and are judged one by one."));
    }
    blocks.add(new Block.Table(List.of("claim", "says", "verdict", "because"), rows));
  }

  /** Whether the runs are of one configuration and no two have a seed in common. */
  private static boolean takenTogether(List<RunConfig> configs) {
    Set<Long> seeds = new LinkedHashSet<>();
    RunConfig first = configs.getFirst();
    for (RunConfig config : configs) {
      RunConfig same =
          new RunConfig(
              config.profile(),
              config.experiments(),
              first.seeds(),
              config.backend(),
              config.device(),
              config.evaluateOn());
      if (!same.equals(first) || !config.seeds().stream().allMatch(seeds::add)) {
        return false;
      }
    }
    return true;
  }

  /** A figure for each cell. */
  private static void bars(List<Block> blocks, List<Row> rows, int setting) {
    Map<String, String> styles = new LinkedHashMap<>();
    for (Mode mode : Mode.values()) {
      styles.put(mode.label(), mode.label());
    }
    Map<String, List<Row>> byCell = new LinkedHashMap<>();
    for (Row row : inOrder(rows)) {
      if (row.operations() == setting && row.metric() == Metric.ACCURACY) {
        byCell
            .computeIfAbsent(row.condition() + ", seed " + row.seed(), _ -> new ArrayList<>())
            .add(row);
      }
    }
    byCell.forEach(
        (cell, own) -> {
          String caption =
              "Accuracy with " + operations(setting) + ", with 95% intervals (" + cell + ").";
          blocks.add(new Block.Figure(caption, Plot.bars(caption, styles, bars(own))));
        });
  }

  private static List<Plot.Bars> bars(List<Row> rows) {
    Map<List<String>, List<Row>> byKind = new LinkedHashMap<>();
    for (Row row : rows) {
      List<String> labels = new ArrayList<>(List.of(group(row)));
      labels.addAll(List.of(query(row).split(" ")));
      byKind.computeIfAbsent(labels, _ -> new ArrayList<>()).add(row);
    }
    List<Plot.Bars> groups = new ArrayList<>();
    byKind.forEach(
        (labels, own) ->
            groups.add(
                new Plot.Bars(
                    labels,
                    own.stream()
                        .map(
                            row ->
                                new Plot.Bar(
                                    row.mode(),
                                    row.interval().value(),
                                    row.interval().low(),
                                    row.interval().high()))
                        .toList(),
                    chance(own))));
    return groups;
  }

  /** A row for each group and kind of query, a column for each mode. */
  private static Block byMode(List<Row> rows, Metric metric, boolean oneSetting) {
    Map<List<String>, Map<String, Row>> table = new LinkedHashMap<>();
    for (Row row : inOrder(rows)) {
      if (row.metric() == metric) {
        List<String> head = new ArrayList<>();
        if (!oneSetting) {
          head.add(operations(row.operations()));
        }
        head.addAll(List.of(group(row), query(row), row.condition(), Long.toString(row.seed())));
        table.computeIfAbsent(head, _ -> new LinkedHashMap<>()).put(row.mode(), row);
      }
    }
    List<String> header = new ArrayList<>();
    if (!oneSetting) {
      header.add("setting");
    }
    header.addAll(List.of("programs", "query", "condition", "seed"));
    for (Mode mode : Mode.values()) {
      header.add(mode.label());
    }
    header.addAll(List.of("chance", "queries (programs)"));
    List<List<String>> lines = new ArrayList<>();
    table.forEach(
        (head, byMode) -> {
          List<String> line = new ArrayList<>(head);
          for (Mode mode : Mode.values()) {
            line.add(Optional.ofNullable(byMode.get(mode.label())).map(Report::figure).orElse("–"));
          }
          line.add(number(chance(byMode.values())));
          line.add(
              byMode.values().stream()
                  .map(row -> row.n() + " (" + row.programs() + ")")
                  .distinct()
                  .collect(Collectors.joining(", ")));
          lines.add(line);
        });
    return new Block.Table(header, lines);
  }

  private static Block controls(List<Row> rows) {
    List<List<String>> lines = new ArrayList<>();
    for (Row row : inOrder(rows)) {
      boolean original = row.metric() == Metric.ACCURACY_ORIGINAL;
      boolean nothing = row.metric() == Metric.ACCURACY && row.group().equals("no_source");
      if (original || nothing) {
        String control = row.query().equals("wrong_name") ? query(row) : group(row);
        lines.add(
            List.of(
                operations(row.operations()),
                original ? control + ": agrees with the original" : control + ": right",
                row.mode(),
                Long.toString(row.seed()),
                figure(row),
                number(row.chance()),
                String.format(Locale.ROOT, "%+.3f", row.interval().value() - row.chance()),
                row.n() + " (" + row.programs() + ")"));
      }
    }
    return new Block.Table(
        List.of(
            "setting",
            "control",
            "mode",
            "seed",
            "share",
            "chance",
            "share − chance",
            "queries (programs)"),
        lines);
  }

  private static Block recitation(List<Row> rows) {
    record Key(int operations, String group, String query, long seed) {}
    Map<Key, Map<Metric, Row>> table = new LinkedHashMap<>();
    for (Row row : inOrder(rows)) {
      if (row.mode().equals(Mode.RECITE.label())) {
        table
            .computeIfAbsent(
                new Key(row.operations(), group(row), query(row), row.seed()),
                _ -> new LinkedHashMap<>())
            .put(row.metric(), row);
      }
    }
    List<List<String>> lines = new ArrayList<>();
    table.forEach(
        (key, metrics) ->
            lines.add(
                List.of(
                    operations(key.operations),
                    key.group,
                    key.query,
                    Long.toString(key.seed),
                    figure(metrics, Metric.RECITATION),
                    figure(metrics, Metric.EXECUTION_GIVEN_RECITATION),
                    figure(metrics, Metric.ACCURACY))));
    return new Block.Table(
        List.of(
            "setting",
            "programs",
            "query",
            "seed",
            "recitation",
            "execution given recitation",
            "accuracy"),
        lines);
  }

  private void curves(List<Block> blocks) {
    List<Plot.Line> lines = new ArrayList<>();
    List<List<String>> rows = new ArrayList<>();
    for (Run run : runs) {
      run.curves()
          .forEach(
              (cell, steps) -> {
                String name = (runs.size() == 1 ? "" : run.name() + ": ") + cell;
                List<Run.Step> points = binned(steps, CURVE_POINTS);
                lines.add(
                    new Plot.Line(
                        name,
                        points.stream()
                            .map(point -> new Plot.Point(point.tokens(), point.loss()))
                            .toList()));
                for (Run.Step point : binned(steps, CURVE_ROWS)) {
                  rows.add(
                      List.of(
                          name,
                          Long.toString(point.step()),
                          String.format(Locale.ROOT, "%,d", point.tokens()),
                          String.format(Locale.ROOT, "%.4f", point.loss())));
                }
              });
    }
    blocks.add(new Block.Heading(2, "Learning curve"));
    blocks.add(
        new Block.Figure(
            "Training loss, in nats a target, over the tokens read; each point is the mean since"
                + " the one before.",
            Plot.lines("tokens", "training loss", lines)));
    blocks.add(
        new Block.Table(
            List.of("cell", "step", "tokens", "mean training loss since the line before"), rows));
  }

  /** At most so many points, each the mean loss since the one before. */
  private static List<Run.Step> binned(List<Run.Step> steps, int most) {
    int size = Math.max(1, (steps.size() + most - 1) / most);
    List<Run.Step> points = new ArrayList<>();
    for (int from = 0; from < steps.size(); from += size) {
      List<Run.Step> bin = steps.subList(from, Math.min(steps.size(), from + size));
      points.add(
          new Run.Step(
              bin.getLast().step(),
              bin.getLast().tokens(),
              bin.stream().mapToDouble(Run.Step::loss).average().orElse(0)));
    }
    return points;
  }

  private void provenance(List<Block> blocks) throws InvalidFileException {
    blocks.add(new Block.Heading(2, "Where it comes from"));
    for (Run run : runs) {
      JsonObject environment = run.environment();
      List<List<String>> rows = new ArrayList<>();
      rows.add(List.of("run", run.name()));
      rows.add(List.of("profile", run.results().profile()));
      rows.add(
          List.of(
              "seeds",
              run.results().rows().stream().map(Row::seed).distinct().toList().toString()));
      rows.add(List.of("started", run.results().startedAt()));
      rows.add(List.of("finished", run.results().finishedAt()));
      rows.add(List.of("seconds", String.format(Locale.ROOT, "%.1f", run.results().wallSeconds())));
      rows.add(
          List.of(
              "program",
              environment.string("version")
                  + ", git revision "
                  + environment.string("gitRevision")));
      rows.add(
          List.of(
              "backend",
              environment.string("backend")
                  + ", device "
                  + environment.string("device")
                  + ": "
                  + environment.string("deviceDescription")));
      rows.add(
          List.of("threads", Long.toString(environment.integer("threads", 1L, Long.MAX_VALUE))));
      rows.add(List.of("processor", environment.string("cpu")));
      rows.add(List.of("system", environment.string("os")));
      rows.add(List.of("Java", environment.string("jdk")));
      rows.add(List.of("Java options", String.join(" ", environment.strings("flags"))));
      int starts = environment.length("starts");
      if (starts > 1) {
        rows.add(List.of("starts", starts + "; what is above of the machine is of the last one"));
      }
      blocks.add(new Block.Table(List.of("what", "value"), rows));
      if (!run.cells().isEmpty()) {
        blocks.add(cells(run));
      }
    }
    blocks.add(
        new Block.Paragraph(
            "All numbers that the figures depend on are in run.json; every query with its answer is"
                + " in samples.jsonl, of its cell if there are cells."));
  }

  private static Block cells(Run run) {
    List<List<String>> rows = new ArrayList<>();
    for (Map.Entry<Cell, CellResult> entry : run.cells().entrySet()) {
      CellResult cell = entry.getValue();
      rows.add(
          List.of(
              entry.getKey().toString(),
              String.format(Locale.ROOT, "%,d", cell.parameters()),
              Integer.toString(cell.vocabulary()),
              String.format(Locale.ROOT, "%,d", cell.documents()),
              String.format(Locale.ROOT, "%,d", cell.tokens()),
              String.format(Locale.ROOT, "%,d", cell.queries()),
              String.format(Locale.ROOT, "%.1f", cell.trainingSeconds()),
              String.format(Locale.ROOT, "%.1f", cell.evaluationSeconds())));
    }
    return new Block.Table(
        List.of(
            "cell",
            "parameters",
            "vocabulary",
            "documents",
            "tokens",
            "queries",
            "training, s",
            "evaluation, s"),
        rows);
  }

  private static List<Row> inOrder(List<Row> rows) {
    List<String> groups = List.copyOf(GROUPS.keySet());
    List<String> queries = List.copyOf(QUERIES.keySet());
    return rows.stream()
        .sorted(
            Comparator.comparingInt((Row row) -> -row.operations())
                .thenComparingInt(row -> groups.indexOf(row.group()))
                .thenComparingInt(row -> queries.indexOf(row.query()))
                .thenComparing(Row::condition)
                .thenComparingLong(Row::seed))
        .toList();
  }

  private static String group(Row row) {
    return GROUPS.getOrDefault(row.group(), row.group());
  }

  private static String query(Row row) {
    return QUERIES.getOrDefault(row.query(), row.query());
  }

  private static String operations(int operations) {
    return operations + (operations == 1 ? " operation" : " operations");
  }

  private static double chance(Iterable<Row> rows) {
    double chance = 0;
    for (Row row : rows) {
      chance = Math.max(chance, row.chance());
    }
    return chance;
  }

  private static String figure(Map<Metric, Row> metrics, Metric metric) {
    return Optional.ofNullable(metrics.get(metric)).map(Report::figure).orElse("–");
  }

  private static String figure(Row row) {
    Interval interval = row.interval();
    return number(interval.value())
        + " ["
        + number(interval.low())
        + ", "
        + number(interval.high())
        + "]";
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }

  private static Map<String, String> ordered(String... pairs) {
    Map<String, String> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put(pairs[i], pairs[i + 1]);
    }
    return map;
  }
}
