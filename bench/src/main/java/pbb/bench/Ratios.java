package pbb.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What the engine reached over what each peer reached, and over the best of them, from the lines of
 * one run. Lines of devices have no number of threads and stay out of it.
 */
final class Ratios {

  static final String WHAT = "ratio";

  /** In {@code peer}, where a ratio is to the best of all. */
  private static final String BEST = "best";

  private static final String MEAN = "geometric mean";

  /** The fields that tell one peer's lines from another's. */
  private static final List<String> PEER = List.of("peer", "mode", "setup", "caches");

  /** What is compared of which lines, and whether more of it is better. */
  private enum Measure {
    TRAIN(What.TRAIN, "tokens_per_s", true),
    MATMUL(What.MATMUL, "gflops", true),
    GENERATE(What.GENERATE, "tokens_per_s", true),
    MEMORY(What.MEMORY, "peak_mb", false),
    START(What.START, "first_step_s", false);

    private final What what;
    private final String field;
    private final boolean moreIsBetter;

    Measure(What what, String field, boolean moreIsBetter) {
      this.what = what;
      this.field = field;
      this.moreIsBetter = moreIsBetter;
    }

    static Optional<Measure> of(Line line) {
      String what = line.get("what").asText();
      for (Measure measure : values()) {
        if (measure.what.toString().equals(what) && line.get(measure.field).isNumber()) {
          return Optional.of(measure);
        }
      }
      return Optional.empty();
    }
  }

  /**
   * What several were measured at.
   *
   * @param subject a shape, or a matrix product
   */
  private record Work(Measure measure, String subject, int threads) {

    static Work of(Measure measure, Line line) {
      String subject =
          measure == Measure.MATMUL
              ? String.join(
                  " ",
                  line.get("m").asText() + " × " + line.get("n").asText(),
                  "× " + line.get("k").asText(),
                  line.get("transpose").asText())
              : line.get("shape").asText();
      return new Work(measure, subject, line.get("threads").asInt());
    }

    double value(Line line) {
      return line.get(measure.field).asDouble();
    }
  }

  /** The lines of one work. */
  private static final class Contest {
    private final Map<String, Line> engines = new LinkedHashMap<>(); // by backend
    private final Map<String, Line> peers = new LinkedHashMap<>(); // by who
  }

  private final Map<Work, Contest> contests = new LinkedHashMap<>();

  /** Takes note of a line, if it is one that is compared. */
  void add(Line line) {
    Optional<Measure> measure = Measure.of(line);
    if (measure.isEmpty() || !line.has("threads")) {
      return;
    }
    Contest contest = contests.computeIfAbsent(Work.of(measure.get(), line), _ -> new Contest());
    if (line.has("peer")) {
      contest.peers.put(who(line), line);
    } else {
      contest.engines.put(line.get("backend").asText(), line);
    }
  }

  private static String who(Line line) {
    List<String> parts = new ArrayList<>();
    for (String field : PEER) {
      String value = line.get(field).asText();
      if (!value.isEmpty()) {
        parts.add(field.equals("caches") ? value + " caches" : value);
      }
    }
    return String.join(" ", parts);
  }

  /** A line for each ratio; of matrix products the geometric means too, which come last. */
  List<Line> lines() {
    List<Line> lines = new ArrayList<>();
    contests.forEach(
        (work, contest) ->
            contest
                .engines
                .values()
                .forEach(engine -> lines.addAll(ratios(work, engine, contest.peers.values()))));
    lines.addAll(means(lines));
    return lines;
  }

  private static List<Line> ratios(Work work, Line engine, Collection<Line> peers) {
    List<Line> lines = new ArrayList<>();
    for (Line peer : peers) {
      Line line = ratio(work.measure, work.subject, work.threads, engine.get("backend").asText());
      lines.add(withRatio(withPeer(line, peer), work, engine, peer));
    }
    Comparator<Line> byRatio =
        Comparator.comparingDouble(peer -> Rates.of(quotients(work, engine, peer)).median());
    peers.stream()
        .min(work.measure.moreIsBetter ? byRatio : byRatio.reversed())
        .ifPresent(
            peer ->
                lines.add(
                    withRatio(
                        ratio(
                                work.measure,
                                work.subject,
                                work.threads,
                                engine.get("backend").asText())
                            .with("peer", BEST)
                            .with("is", who(peer)),
                        work,
                        engine,
                        peer)));
    return lines;
  }

  /** With the fields of {@code from} that say whose it is. */
  private static Line withPeer(Line line, Line from) {
    Line with = line;
    for (String field : PEER) {
      if (from.has(field)) {
        with = with.with(field, from.get(field).asText());
      }
    }
    return with;
  }

  private static Line ratio(Measure measure, String subject, int threads, String backend) {
    return Line.of(WHAT)
        .with("of", measure.what.toString())
        .with("subject", subject)
        .with("threads", threads)
        .with("backend", backend);
  }

  /**
   * Of pairs of repeats the median and the quartiles. Else the ratio as measured and, where both
   * lines have it, the ratio of the shares of the peak, which a machine's drift between them does
   * not touch.
   */
  private static Line withRatio(Line line, Work work, Line engine, Line peer) {
    double[] quotients = quotients(work, engine, peer);
    Line with = line.with("ratio", Line.round(Rates.of(quotients).median(), 3));
    if (peer.has(Turns.ENGINE_SECONDS)) {
      int last = quotients.length - 1;
      return with.with("low", Line.round(quotients[last / 4], 3))
          .with("high", Line.round(quotients[last - last / 4], 3));
    }
    double shares = engine.get("peak_share").asDouble() / peer.get("peak_share").asDouble();
    return Double.isFinite(shares) ? with.with("ratio_of_shares", Line.round(shares, 3)) : with;
  }

  /** The engine's value over the peer's; where they took turns, that of each pair, sorted. */
  private static double[] quotients(Work work, Line engine, Line peer) {
    List<Double> engines = peer.numbers(Turns.ENGINE_SECONDS);
    List<Double> peers = peer.numbers(Turns.SECONDS);
    return engines.isEmpty()
        ? new double[] {work.value(engine) / work.value(peer)}
        : IntStream.range(0, engines.size())
            .mapToDouble(i -> peers.get(i) / engines.get(i))
            .sorted()
            .toArray();
  }

  private static List<Line> means(List<Line> ratios) {
    record Key(int threads, String backend, Line peer) {}
    Map<String, Key> keys = new LinkedHashMap<>();
    Map<String, List<Double>> values = new LinkedHashMap<>();
    for (Line line : ratios) {
      if (line.get("of").asText().equals(What.MATMUL.toString())) {
        int threads = line.get("threads").asInt();
        String backend = line.get("backend").asText();
        String key = threads + " " + backend + " " + who(line);
        keys.put(key, new Key(threads, backend, line));
        values.computeIfAbsent(key, _ -> new ArrayList<>()).add(line.get("ratio").asDouble());
      }
    }
    List<Line> means = new ArrayList<>();
    keys.forEach(
        (name, key) -> {
          Line line = ratio(Measure.MATMUL, MEAN, key.threads, key.backend);
          List<Double> all = values.getOrDefault(name, List.of());
          means.add(
              withPeer(line, key.peer)
                  .with("products", all.size())
                  .with("ratio", Line.round(geometricMean(all), 3)));
        });
    return means;
  }

  static double geometricMean(List<Double> values) {
    return Math.exp(values.stream().mapToDouble(Math::log).average().orElse(0));
  }

  /** The same for a reader: a table for each thing measured and backend. */
  static String tables(List<Line> ratios) {
    StringBuilder text = new StringBuilder();
    for (Measure measure : Measure.values()) {
      List<Line> lines =
          ratios.stream()
              .filter(line -> line.get("of").asText().equals(measure.what.toString()))
              // The best last; of products each has a row, and the means come last anyhow.
              .sorted(
                  Comparator.comparing(
                      line -> measure != Measure.MATMUL && line.get("peer").asText().equals(BEST)))
              .toList();
      Set<String> backends = new LinkedHashSet<>();
      lines.forEach(line -> backends.add(line.get("backend").asText()));
      for (String backend : backends) {
        text.append(
            String.format(
                Locale.ROOT,
                "%n%s, %s: %s over each peer's%s%n",
                measure.what,
                backend,
                measure.field,
                measure.moreIsBetter ? "" : " (less is better)"));
        Table table = new Table();
        for (Line line : lines) {
          if (line.get("backend").asText().equals(backend)) {
            add(table, measure, line);
          }
        }
        text.append(table.text());
      }
    }
    return text.toString();
  }

  /** Single products only over the best, since each is a row by itself. */
  private static void add(Table table, Measure measure, Line line) {
    String subject = line.get("subject").asText();
    String threads = line.get("threads").asText() + " t";
    double ratio = line.get("ratio").asDouble();
    boolean best = line.get("peer").asText().equals(BEST);
    String peer = best ? "the best" : who(line);
    if (measure != Measure.MATMUL) {
      table.put(peer, subject + " " + threads, ratio);
    } else if (subject.equals(MEAN)) {
      table.put(MEAN + ", " + peer, threads, ratio);
    } else if (best) {
      table.put(subject, threads, ratio);
    }
  }

  /** Rows and columns in the order in which they came. */
  private static final class Table {
    private final Set<String> columns = new LinkedHashSet<>();
    private final Map<String, Map<String, Double>> rows = new LinkedHashMap<>();

    void put(String row, String column, double value) {
      columns.add(column);
      rows.computeIfAbsent(row, _ -> new LinkedHashMap<>()).put(column, value);
    }

    String text() {
      int width = rows.keySet().stream().mapToInt(String::length).max().orElse(0);
      StringBuilder text = new StringBuilder(" ".repeat(width));
      columns.forEach(column -> text.append(String.format(Locale.ROOT, " %9s", column)));
      text.append(System.lineSeparator());
      rows.forEach(
          (row, cells) -> {
            text.append(row).append(" ".repeat(width - row.length()));
            for (String column : columns) {
              text.append(
                  cells.containsKey(column)
                      ? String.format(Locale.ROOT, " %9.2f", cells.get(column))
                      : " ".repeat(10));
            }
            text.append(System.lineSeparator());
          });
      return text.toString();
    }
  }
}
