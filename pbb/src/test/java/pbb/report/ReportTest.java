package pbb.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pbb.eval.Interval;
import pbb.eval.Row;
import pbb.eval.Row.Metric;
import pbb.run.Environment;
import pbb.run.Profile;
import pbb.run.Results;
import pbb.run.UsageException;
import pbb.suite.RunConfig;
import pbb.suite.RunDirectory;

/** The report of made-up runs: what stands in it, and that nothing in them breaks the page. */
class ReportTest {

  private static final Pattern TAG = Pattern.compile("<(/?)([a-z0-9]+)((?:\\s[^<>]*?)?)(/?)>");
  private static final Set<String> VOID = Set.of("meta");

  @TempDir Path folder;

  @BeforeEach
  void write() throws IOException {
    write("one", 0, 0.951);
  }

  private Path write(String name, long seed, double value) throws IOException {
    Path run = folder.resolve(name);
    RunConfig config =
        new RunConfig(Profile.smoke(), List.of("reasoning"), List.of(seed), "vector", "cpu");
    Environment environment =
        new Environment(
            "0.1",
            "abc123",
            "25",
            List.of("-Xmx1g"),
            "Linux",
            "a <script> & \"quoted\" | processor_x",
            2,
            "vector",
            "cpu",
            "vectors");
    RunDirectory.open(run, config, environment, false).close();
    List<Row> rows = new ArrayList<>();
    rows.add(row(seed, "without_io", "plain", "recite", Metric.ACCURACY, value));
    rows.add(row(seed, "without_io", "plain", "recite", Metric.RECITATION, 0.987));
    rows.add(row(seed, "without_io", "plain", "recite", Metric.EXECUTION_GIVEN_RECITATION, 0.962));
    rows.add(row(seed, "without_io", "plain", "direct", Metric.ACCURACY, 0.123));
    rows.add(row(seed, "no_source", "plain", "recite", Metric.ACCURACY, 0.021));
    rows.add(row(seed, "without_io", "wrong_name", "recite", Metric.ACCURACY_ORIGINAL, 0.032));
    rows.add(row(seed, "wrong_source", "plain", "recite", Metric.ACCURACY_ORIGINAL, 0.043));
    rows.add(row(seed, "with_io", "plain", "recite", Metric.ACCURACY, 0.999));
    rows.add(row(seed, "with_io", "plain", "direct", Metric.ACCURACY, 0.111));
    new Results(
            "smoke",
            "vector",
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:05:05Z",
            60,
            rows,
            List.of(
                new Results.Judged("reasoning.direct", "It <does>.", "undecided", "1 seed & more")))
        .write(run.resolve(Results.FILE));
    return run;
  }

  private static Row row(
      long seed, String group, String query, String mode, Metric metric, double value) {
    return new Row(
        "reasoning",
        "random-arithmetic",
        3,
        "homogeneous",
        seed,
        group,
        query,
        mode,
        metric,
        new Interval(value, value - 0.02, Math.min(1, value + 0.01)),
        360,
        60,
        0.047);
  }

  private static String markdown(Path... runs) throws IOException {
    Report.of(List.of(runs)).write(runs[0]);
    return Files.readString(runs[0].resolve("report.md"));
  }

  private String html() throws IOException {
    markdown(folder.resolve("one"));
    return Files.readString(folder.resolve("one/index.html"));
  }

  @Test
  void theFiguresStandInItsTables() throws IOException {
    String text = markdown(folder.resolve("one"));
    assertTrue(
        text.contains(
            "| without IO | plain | homogeneous | 0 | 0.123 \\[0.103, 0.133] | – | 0.951 \\[0.931,"
                + " 0.961] | 0.047 | 360 (60) |"),
        text);
    assertTrue(
        text.contains(
            "| 3 operations | without IO | plain | 0 | 0.987 \\[0.967, 0.997] | 0.962 \\[0.942,"
                + " 0.972] | 0.951 \\[0.931, 0.961] |"),
        text);
    assertTrue(
        text.contains(
            "| 3 operations | wrong name: agrees with the original | recite | 0 | 0.032 \\[0.012,"
                + " 0.042] | 0.047 | -0.015 | 360 (60) |"),
        text);
    assertTrue(
        text.contains("| 3 operations | wrong source: agrees with the original | recite |"), text);
    assertTrue(text.contains("| 3 operations | no source: right | recite |"), text);
    assertTrue(
        text.contains("| reasoning.direct | It &lt;does>. | undecided | 1 seed &amp; more |"),
        text);
    assertTrue(text.contains("git revision abc123"), text);
    assertTrue(text.contains("processor\\_x"), text);
  }

  @Test
  void numbersDoNotDependOnTheLocale() throws IOException {
    String before = html();
    Locale locale = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG"));
      assertEquals(before, html());
    } finally {
      Locale.setDefault(locale);
    }
  }

  @Test
  void thePageIsWholeAndNeedsNothingElse() throws IOException {
    String page = html();
    assertTrue(page.contains("a &lt;script&gt; &amp; &quot;quoted&quot; | processor_x"), page);
    for (String outside : List.of("http", "<script", "src=", "href=", "url(", "@import")) {
      assertFalse(page.contains(outside), "the page has " + outside);
    }
    assertEquals(2, count(page, "<svg"), "a plot is missing");
    assertTrue(count(page, "var(--recite)") >= 2, "no bar of mode recite");
    // Every tag is closed, in order: nothing of the data was taken for markup.
    Deque<String> open = new ArrayDeque<>();
    Matcher tag = TAG.matcher(page.substring(page.indexOf("<html")));
    while (tag.find()) {
      String name = String.valueOf(tag.group(2));
      if ("/".equals(tag.group(1))) {
        assertEquals(open.pop(), name);
      } else if (!VOID.contains(name) && !"/".equals(tag.group(4))) {
        open.push(name);
      }
    }
    assertTrue(open.isEmpty(), open.toString());
  }

  private static int count(String text, String part) {
    return text.split(Pattern.quote(part), -1).length - 1;
  }

  @Test
  void runsOfOtherSeedsAreJudgedTogether() throws IOException {
    Path[] runs = {folder.resolve("one"), write("two", 1, 0.96), write("three", 2, 0.97)};
    String text = markdown(runs);
    assertTrue(text.contains("judged together"), text);
    assertTrue(text.contains("| supported | 3 seeds; each of the 4 comparisons holds"), text);
    String same = markdown(folder.resolve("one"), write("again", 0, 0.96));
    assertTrue(same.contains("judged one by one"), same);
  }

  @Test
  void aFolderWithoutResultsIsNamed() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    UsageException e = assertThrows(UsageException.class, () -> Report.of(List.of(empty)));
    assertTrue(String.valueOf(e.getMessage()).contains(empty.toString()), e.getMessage());
  }
}
