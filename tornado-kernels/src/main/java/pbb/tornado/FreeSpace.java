package pbb.tornado;

import java.util.Map;
import java.util.Optional;
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
    if (length == 0) {
      return OptionalInt.of(0);
    }
    Optional<Integer> first =
        parts.entrySet().stream()
            .filter(part -> part.getValue() >= length)
            .map(Map.Entry::getKey)
            .findFirst();
    if (first.isEmpty()) {
      return OptionalInt.empty();
    }
    int start = first.get();
    Integer free = parts.remove(start);
    if (free != null && free > length) {
      parts.put(start + length, free - length);
    }
    return OptionalInt.of(start);
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
