package pbb.report;

import java.util.List;

/** A part of a report, to be written as Markdown or HTML. */
sealed interface Block {

  /** A heading; level 1 is the report's title. */
  record Heading(int level, String text) implements Block {}

  /** A paragraph of plain text. */
  record Paragraph(String text) implements Block {}

  /**
   * A table.
   *
   * @param header the columns' names
   * @param rows as many cells each as there are columns
   */
  record Table(List<String> header, List<List<String>> rows) implements Block {

    /** Copies the lists and checks that the rows have the columns. */
    public Table {
      header = List.copyOf(header);
      rows = rows.stream().map(List::copyOf).toList();
      for (List<String> row : rows) {
        if (row.size() != header.size()) {
          throw new IllegalArgumentException(
              "a row of " + header + " has " + row.size() + " cells: " + row);
        }
      }
    }
  }

  /**
   * A plot, which only the HTML page has.
   *
   * @param caption what it shows
   * @param svg an {@code svg} element
   */
  record Figure(String caption, String svg) implements Block {}
}
