package pbb.task;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import pbb.engine.random.RandomStream;

/** Words that no language has, to name programs by. */
public final class InventedNames {

  private static final List<String> ONSETS =
      List.of(
          "b", "bl", "br", "d", "dr", "f", "fl", "g", "gl", "gr", "h", "j", "k", "kl", "kr", "l",
          "m", "n", "p", "pl", "pr", "r", "s", "sk", "sl", "sn", "sp", "st", "t", "tr", "v", "w",
          "y", "z");
  private static final List<String> VOWELS = List.of("a", "e", "i", "o", "u", "oo", "ee");
  private static final List<String> CODAS =
      List.of(
          "b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "rb", "rg", "sk", "t", "v", "x", "z",
          "zz");

  private InventedNames() {}

  /** {@code count} distinct words, none of them {@code reserved}. */
  public static List<String> draw(RandomStream random, int count, Set<String> reserved) {
    Set<String> taken = new HashSet<>(reserved);
    List<String> names = new ArrayList<>(count);
    while (names.size() < count) {
      String word = pick(random, ONSETS) + pick(random, VOWELS) + pick(random, CODAS);
      // Short words while there are plenty of them, then longer ones.
      if (random.nextInt(2 * count) < names.size()) {
        word += pick(random, VOWELS) + pick(random, CODAS);
      }
      if (taken.add(word)) {
        names.add(word);
      }
    }
    return names;
  }

  private static String pick(RandomStream random, List<String> parts) {
    return parts.get(random.nextInt(parts.size()));
  }
}
