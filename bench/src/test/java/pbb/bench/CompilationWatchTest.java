package pbb.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Test;

class CompilationWatchTest {

  /**
   * How many repeats of so many seconds it takes, if the n-th compiles for so many milliseconds.
   */
  private static int repeats(double seconds, IntToLongFunction millisOfRepeat) {
    AtomicLong compiled = new AtomicLong(12_345);
    CompilationWatch watch = new CompilationWatch(compiled::get);
    int n = 0;
    while (!watch.isOver()) {
      compiled.addAndGet(millisOfRepeat.applyAsLong(n++));
      watch.ran(seconds);
    }
    return n;
  }

  @Test
  void twoWindowsWithoutCompilingEndIt() {
    assertEquals(2, repeats(1.5, _ -> 0));
    assertEquals(6, repeats(0.5, _ -> 0));
  }

  @Test
  void lessThanThreePercentCountsAsNone() {
    assertEquals(2, repeats(2, _ -> 59));
    assertEquals(15, repeats(2, _ -> 61));
  }

  @Test
  void oneQuietWindowIsNotEnough() {
    // A compilation from the start, which is counted when it ends in the second window.
    assertEquals(4, repeats(1.5, n -> n == 1 ? 2900 : 0));
    assertEquals(5, repeats(1.5, n -> n == 1 || n == 2 ? 1400 : 0));
  }

  @Test
  void halfAMinuteEndsIt() {
    assertEquals(30, repeats(1, _ -> 900));
    assertEquals(2, repeats(40, _ -> 39_000));
  }
}
