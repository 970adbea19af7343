package pbb.document;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A pointer context: words around a program's name that point to the program without showing it.
 * The same ones stand before sources and before queries.
 *
 * @param before the words before the name
 * @param after the words after it
 */
public record Template(String before, String after) {

  /** The 24 pointer contexts of training. */
  public static final List<Template> TRAINING =
      Stream.of(
              around("Recall", "now", "again", "here"),
              around("Take", "next", "here", "as given"),
              around("Study", "once more", "now", "next"),
              around("See", "again", "here", "as given"),
              around("Look at", "next", "again", "once more"),
              around("Think of", "now", "once more", "as given"),
              around("Turn to", "now", "here", "again"),
              around("Consider", "as given", "once more", "next"))
          .flatMap(List::stream)
          .toList();

  /**
   * Pointer contexts that no training document uses, though each half of them occurs in training.
   */
  public static final List<Template> HELD_OUT =
      List.of(
          new Template("Recall", "as given"),
          new Template("Take", "once more"),
          new Template("Look at", "now"),
          new Template("Think of", "next"));

  private static List<Template> around(String before, String... after) {
    return Stream.of(after).map(words -> new Template(before, words)).toList();
  }

  /** The words of all pointer contexts, which no program may have for a name. */
  static Set<String> words() {
    Set<String> words = new TreeSet<>();
    for (Template template : TRAINING) {
      words.addAll(List.of(template.before.split(" ")));
      words.addAll(List.of(template.after.split(" ")));
    }
    return words;
  }

  /** The context that points to {@code name}. */
  public String context(String name) {
    return before + " " + name + " " + after;
  }
}
