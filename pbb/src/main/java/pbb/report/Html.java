package pbb.report;

import java.util.List;
import java.util.stream.Collectors;

/** Writes a report as one HTML page that needs no network and no script. */
final class Html {

  private static final String STYLE =
      """
      :root { color-scheme: light dark; --line: #8884; --direct: #7a7a7a; --stepping: #d08a1d; --recite: #2b6cb0; }
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
      h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.2rem; } h3 { font-size: 1.05rem; }
      .scroll { overflow-x: auto; }
      table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
      th, td { border-bottom: 1px solid var(--line); padding: .3rem .7rem .3rem 0; text-align: left; vertical-align: top; }
      figure { margin: 1.5rem 0; } figcaption { font-size: .9rem; }
      svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; }
      svg text { fill: currentColor; } svg .axis { stroke: currentColor; stroke-opacity: .35; }
      """;

  private Html() {}

  static String render(String title, List<Block> blocks) {
    return """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>%s</title>
    <style>
    %s</style>
    </head>
    <body>
    %s
    </body>
    </html>
    """
        .formatted(
            escape(title),
            STYLE,
            blocks.stream().map(Html::render).collect(Collectors.joining("\n")));
  }

  private static String render(Block block) {
    return switch (block) {
      case Block.Heading heading ->
          "<h%s>%s</h%s>".formatted(heading.level(), escape(heading.text()), heading.level());
      case Block.Paragraph paragraph -> "<p>" + escape(paragraph.text()) + "</p>";
      case Block.Table table ->
          "<div class=\"scroll\"><table>\n<thead>"
              + row("th", table.header())
              + "</thead>\n<tbody>\n"
              + table.rows().stream()
                  .map(cells -> row("td", cells))
                  .collect(Collectors.joining("\n"))
              + "\n</tbody>\n</table></div>";
      case Block.Figure figure ->
          "<figure>\n"
              + figure.svg()
              + "\n<figcaption>"
              + escape(figure.caption())
              + "</figcaption>\n</figure>";
    };
  }

  private static String row(String tag, List<String> cells) {
    return "<tr>"
        + cells.stream()
            .map(cell -> "<" + tag + ">" + escape(cell) + "</" + tag + ">")
            .collect(Collectors.joining())
        + "</tr>";
  }

  /** Text as HTML, in elements and in attributes. */
  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }
}
