package pbb.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Plots as {@code svg} elements. */
final class Plot {

  private static final int WIDTH = 900;
  private static final int LEFT = 46;
  private static final int RIGHT = 10;
  private static final int TOP = 24;

  private Plot() {}

  /**
   * A line.
   *
   * @param name what it is, for the legend
   * @param points from left to right
   */
  record Line(String name, List<Point> points) {}

  /** A point of a line, both of its coordinates at least 0. */
  record Point(double x, double y) {}

  /**
   * A bar with its interval.
   *
   * @param style the name of its colour, and of its entry in the legend
   */
  record Bar(String style, double value, double low, double high) {}

  /**
   * Bars that stand together.
   *
   * @param labels what they are about, in lines
   * @param chance where the mark of chance stands
   */
  record Bars(List<String> labels, List<Bar> bars, double chance) {}

  /** Lines over a common axis that begins at 0 in both directions. */
  static String lines(String xName, String yName, List<Line> lines) {
    int height = 300;
    int bottom = height - 40;
    double maxX = 0;
    double maxY = 0;
    for (Line line : lines) {
      for (Point point : line.points) {
        maxX = Math.max(maxX, point.x);
        maxY = Math.max(maxY, point.y);
      }
    }
    double toX = (WIDTH - LEFT - RIGHT) / Math.max(maxX, 1e-9);
    double toY = (bottom - TOP) / Math.max(maxY, 1e-9);
    StringBuilder svg = open(height, yName + " over " + xName);
    for (int i = 0; i <= 4; i++) {
      double y = maxY * i / 4;
      double x = maxX * i / 4;
      grid(svg, bottom - y * toY, number(y));
      text(svg, LEFT + x * toX, bottom + 16, i < 4 ? "middle" : "end", compact(x));
    }
    text(svg, WIDTH - RIGHT, height - 6, "end", xName);
    text(svg, 0, 12, "start", yName);
    for (int i = 0; i < lines.size(); i++) {
      Line line = lines.get(i);
      StringBuilder points = new StringBuilder();
      for (Point point : line.points) {
        points.append(number(LEFT + point.x * toX));
        points.append(',').append(number(bottom - point.y * toY)).append(' ');
      }
      String colour = "hsl(%s 65%% 50%%)".formatted(210 + 360 * i / lines.size());
      svg.append(
          "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" points=\"%s\"/>\n"
              .formatted(colour, points.toString().strip()));
      svg.append(
          "<text x=\"%s\" y=\"%s\" text-anchor=\"end\" style=\"fill:%s\">%s</text>\n"
              .formatted(WIDTH - RIGHT - 6, TOP + 14 * (i + 1), colour, Html.escape(line.name)));
    }
    return svg.append("</svg>").toString();
  }

  /**
   * Bars of shares, from 0 to 1.
   *
   * @param styles the colours' names in the order of the legend, with a text for each
   */
  static String bars(String name, Map<String, String> styles, List<Bars> groups) {
    int labelLines = groups.stream().mapToInt(group -> group.labels.size()).max().orElse(0);
    int bottom = 270;
    int height = bottom + 8 + 14 * labelLines;
    StringBuilder svg = open(height, name);
    for (int i = 0; i <= 4; i++) {
      grid(svg, bottom - (bottom - TOP) * i / 4.0, number(i / 4.0));
    }
    double legend = LEFT;
    for (Map.Entry<String, String> style : styles.entrySet()) {
      svg.append(
          "<rect x=\"%s\" y=\"2\" width=\"11\" height=\"11\" style=\"fill:var(--%s)\"/>\n"
              .formatted(number(legend), style.getKey()));
      text(svg, legend + 15, 12, "start", style.getValue());
      legend += 40 + 7.0 * style.getValue().length();
    }
    text(svg, legend, 12, "start", "– – chance");
    double groupWidth = (WIDTH - LEFT - RIGHT) / (double) Math.max(1, groups.size());
    for (int i = 0; i < groups.size(); i++) {
      Bars group = groups.get(i);
      double left = LEFT + i * groupWidth;
      double width = 0.8 * groupWidth / Math.max(1, group.bars.size());
      double x = left + 0.1 * groupWidth;
      for (Bar bar : group.bars) {
        svg.append(
            "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" style=\"fill:var(--%s)\"/>\n"
                .formatted(
                    number(x),
                    number(y(bottom, bar.value)),
                    number(0.9 * width),
                    number(bottom - y(bottom, bar.value)),
                    bar.style));
        String middle = number(x + 0.45 * width);
        svg.append(
            "<line class=\"axis\" style=\"stroke-opacity:1\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>\n"
                .formatted(
                    middle, middle, number(y(bottom, bar.low)), number(y(bottom, bar.high))));
        x += width;
      }
      svg.append(
          "<line class=\"axis\" style=\"stroke-opacity:1\" stroke-dasharray=\"4 3\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>\n"
              .formatted(
                  number(left + 0.05 * groupWidth),
                  number(left + 0.95 * groupWidth),
                  number(y(bottom, group.chance)),
                  number(y(bottom, group.chance))));
      for (int j = 0; j < group.labels.size(); j++) {
        text(svg, left + groupWidth / 2, bottom + 16 + 14 * j, "middle", group.labels.get(j));
      }
    }
    return svg.append("</svg>").toString();
  }

  private static double y(int bottom, double share) {
    return bottom - share * (bottom - TOP);
  }

  private static StringBuilder open(int height, String name) {
    return new StringBuilder(
        "<svg viewBox=\"0 0 %s %s\" role=\"img\" aria-label=\"%s\">\n"
            .formatted(WIDTH, height, Html.escape(name)));
  }

  private static void grid(StringBuilder svg, double y, String label) {
    svg.append(
        "<line class=\"axis\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>\n"
            .formatted(LEFT, WIDTH - RIGHT, number(y), number(y)));
    text(svg, LEFT - 6, y + 4, "end", label);
  }

  private static void text(StringBuilder svg, double x, double y, String anchor, String text) {
    svg.append(
        "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\">%s</text>\n"
            .formatted(number(x), number(y), anchor, Html.escape(text)));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  private static String compact(double value) {
    return value >= 1e6
        ? String.format(Locale.ROOT, "%.1f M", value / 1e6)
        : value >= 1e3
            ? String.format(Locale.ROOT, "%.0f k", value / 1e3)
            : String.format(Locale.ROOT, "%.0f", value);
  }
}
