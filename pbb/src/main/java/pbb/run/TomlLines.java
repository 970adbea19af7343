package pbb.run;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * In which line of a TOML file each key and table stands, for messages: what reads the file does
 * not tell.
 */
public final class TomlLines {

  private static final Pattern KEY =
      Pattern.compile("\\s*(?:\"((?:[^\"\\\\]|\\\\.)*)\"|'([^']*)'|([\\w-]+))\\s*([.=\\]])");

  /** Strings, comments and brackets; the first two hide the third. */
  private static final Pattern VALUE_PART =
      Pattern.compile(
          "\"\"\"(?:.*?\"\"\")?|'''(?:.*?''')?|\"(?:[^\"\\\\]|\\\\.)*\"|'[^']*'|#.*|[\\[\\]{}]");

  private final Map<List<String>, Integer> lines = new HashMap<>();

  /** Keys that have a value, in the file's order. */
  private final List<List<String>> keys = new ArrayList<>();

  /** What closes the string that goes on over lines; empty outside of one. */
  private String string = "";

  /** How many brackets of a value are open. */
  private int depth;

  private List<String> table = List.of();

  /** Looks through a file that is known to be TOML. */
  public TomlLines(String text) {
    List<String> all = text.lines().toList();
    for (int i = 0; i < all.size(); i++) {
      read(all.get(i), i + 1);
    }
  }

  private void read(String line, int number) {
    if (!string.isEmpty() || depth > 0) {
      readValue(line);
      return;
    }
    String content = line.strip();
    boolean header = content.startsWith("[");
    int at = header ? content.startsWith("[[") ? 2 : 1 : 0;
    List<String> path = new ArrayList<>(header ? List.of() : table);
    Matcher key = KEY.matcher(content);
    while (key.region(at, content.length()).lookingAt()) {
      path.add(
          key.group(1) != null ? key.group(1) : key.group(2) != null ? key.group(2) : key.group(3));
      at = key.end();
      lines.putIfAbsent(List.copyOf(path), number);
      if (!key.group(4).equals(".")) {
        if (header) {
          table = List.copyOf(path);
        } else {
          keys.add(List.copyOf(path));
          readValue(content.substring(at));
        }
        return;
      }
    }
  }

  private void readValue(String text) {
    String rest = text;
    if (!string.isEmpty()) {
      int end = rest.indexOf(string);
      if (end < 0) {
        return;
      }
      rest = rest.substring(end + string.length());
      string = "";
    }
    Matcher part = VALUE_PART.matcher(rest);
    while (part.find()) {
      switch (part.group()) {
        case "[", "{" -> depth++;
        case "]", "}" -> depth--;
        case "\"\"\"", "'''" -> {
          string = part.group();
          return;
        }
        default -> {} // A string or a comment.
      }
    }
  }

  /** The line of a key or table, or of the innermost table around it that stands in a line. */
  public int of(List<String> path) {
    for (int length = path.size(); length > 0; length--) {
      Integer line = lines.get(path.subList(0, length));
      if (line != null) {
        return line;
      }
    }
    return 1;
  }

  /**
   * The line of the key that a message is about: one that it names with its tables and dots, else
   * the one whose own name comes first in it; empty if it names none.
   */
  public Optional<Integer> named(String message) {
    Optional<List<String>> first =
        keys.stream().filter(key -> at(message, String.join(".", key)) >= 0).findFirst();
    return first
        .or(
            () ->
                keys.stream()
                    .filter(key -> at(message, key.getLast()) >= 0)
                    .min(Comparator.comparingInt(key -> at(message, key.getLast()))))
        .map(this::of);
  }

  /** Where a whole word stands, or -1. */
  private static int at(String message, String word) {
    Matcher found = Pattern.compile("(?<!\\w)" + Pattern.quote(word) + "(?!\\w)").matcher(message);
    return found.find() ? found.start() : -1;
  }
}
