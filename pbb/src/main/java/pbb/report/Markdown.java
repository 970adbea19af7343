package pbb.report;

import java.util.List;
import java.util.stream.Collectors;

/** Writes a report as Markdown. */
final class Markdown {

  private Markdown() {}

  static String render(List<Block> blocks) {
    return blocks.stream()
        .filter(block -> !(block instanceof Block.Figure))
        .map(Markdown::render)
        .collect(Collectors.joining("\n"));
  }

  private static String render(Block block) {
    return switch (block) {
      case Block.Heading heading ->
          "#".repeat(heading.level()) + " " + escape(heading.text()) + "\n";
      case Block.Paragraph paragraph -> escape(paragraph.text()) + "\n";
      case Block.Table table ->
          row(table.header())
              + row(table.header().stream().map(_ -> "---").toList())
              + table.rows().stream()
                  .map(cells -> row(cells.stream().map(Markdown::escape).toList()))
                  .collect(Collectors.joining());
      case Block.Figure _ -> "";
    };
  }

  private static String row(List<String> cells) {
    return "| " + String.join(" | ", cells) + " |\n";
  }

  /** Characters that Markdown or the HTML in it would take for markup, made plain. */
  static String escape(String text) {
    return text.replace("\\", "\\\\")
        .replace("|", "\\|")
        .replace("*", "\\*")
        .replace("_", "\\_")
        .replace("`", "\\`")
        .replace("[", "\\[")
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace("\n", " ");
  }
}
