package pbb.tornado;

import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/** Which parts of an array of {@code capacity} elements are free; the first that fits is taken. */
final class FreeSpace {

  /** Start and length of each free part; no two touch. */
  private final TreeMap<Integer, Integer> parts = new TreeMap<>();

  private final int whole;

  /** An array that is free from {@code start} to {@code end}. */
  FreeSpace(int start, int end) {
    this.whole = end - start;
    parts.put(start, whole);
  }

  /** Takes {@code length} elements; empty if no free part has as many. */
  OptionalInt take(int length) {
    for (Map.Entry<Integer, Integer> part : parts.entrySet()) {
      if (part.getValue() >= length) {
        int start = part.getKey();
        int rest = part.getValue() - length;
        parts.remove(start);
        if (rest > 0) {
          parts.put(start + length, rest);
        }
        return OptionalInt.of(start);
      }
    }
    return OptionalInt.empty();
  }

  /** Gives back what was taken. */
  void giveBack(int start, int length) {
    if (length == 0) {
      return;
    }
    int from = start;
    int to = start + length;
    Map.Entry<Integer, Integer> before = parts.floorEntry(from);
    if (before != null && before.getKey() + before.getValue() == from) {
      from = before.getKey();
    }
    Integer after = parts.remove(to);
    if (after != null) {
      to += after;
    }
    parts.put(from, to - from);
  }

  /** Whether nothing is taken. */
  boolean isWhole() {
    return parts.size() == 1 && parts.firstEntry().getValue() == whole;
  }
}
