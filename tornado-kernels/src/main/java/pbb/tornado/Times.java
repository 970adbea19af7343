package pbb.tornado;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** How often each kernel was launched and how long that took, seen from the host, which waits. */
final class Times {

  private static final class Total {
    long count;
    long nanoseconds;
  }

  private final Map<String, Total> totals = new HashMap<>();

  /** Counts one more. */
  void add(String what, long nanoseconds) {
    Total total = totals.computeIfAbsent(what, _ -> new Total());
    total.count++;
    total.nanoseconds += nanoseconds;
  }

  /** Forgets all. */
  void clear() {
    totals.clear();
  }

  /** A line a kernel, the longest first. */
  String table() {
    return totals.entrySet().stream()
        .sorted(Comparator.comparingLong(entry -> -entry.getValue().nanoseconds))
        .map(
            entry ->
                String.format(
                    Locale.ROOT,
                    "%-24s %8d × %9.1f µs = %10.1f ms",
                    entry.getKey().toLowerCase(Locale.ROOT).replace('_', ' '),
                    entry.getValue().count,
                    entry.getValue().nanoseconds / 1e3 / entry.getValue().count,
                    entry.getValue().nanoseconds / 1e6))
        .collect(Collectors.joining("\n"));
  }
}
