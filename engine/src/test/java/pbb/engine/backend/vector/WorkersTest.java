package pbb.engine.backend.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class WorkersTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void everyBlockRunsOnceInEveryRun(int threads) {
    try (Workers workers = Workers.of(threads)) {
      assertEquals(threads, workers.count());
      for (int run = 0; run < 3_000; run++) {
        int blocks = run % 17;
        int[] counts = new int[blocks]; // plain: what blocks write is visible once run returns
        workers.run(
            (block, worker) -> {
              assertTrue(worker >= 0 && worker < threads);
              counts[block]++;
            },
            blocks);
        for (int block = 0; block < blocks; block++) {
          assertEquals(1, counts[block], "block " + block + " of " + blocks + " in run " + run);
        }
      }
    }
  }

  @Test
  void twoBlocksNeverShareAWorkerAtATime() {
    int threads = 4;
    try (Workers workers = Workers.of(threads)) {
      AtomicIntegerArray busy = new AtomicIntegerArray(threads);
      for (int run = 0; run < 500; run++) {
        workers.run(
            (_, worker) -> {
              assertEquals(0, busy.getAndIncrement(worker));
              Thread.onSpinWait();
              busy.decrementAndGet(worker);
            },
            50);
      }
    }
  }

  @Test
  void allWorkersTakePart() {
    try (Workers workers = Workers.of(3)) {
      CountDownLatch together = new CountDownLatch(3);
      workers.run(
          (_, _) -> {
            together.countDown();
            try {
              together.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          },
          3);
      assertEquals(0, together.getCount());
    }
  }

  @Test
  void wakesWorkersThatWentToSleep() throws InterruptedException {
    try (Workers workers = Workers.of(2)) {
      for (int run = 0; run < 20; run++) {
        Thread.sleep(Duration.ofMillis(5));
        CountDownLatch both = new CountDownLatch(2);
        workers.run(
            (_, _) -> {
              both.countDown();
              try {
                both.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            },
            2);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void throwsWhatABlockThrewWhenNobodyWorksAnyMore(int threads) {
    try (Workers workers = Workers.of(threads)) {
      for (int run = 0; run < 300; run++) {
        AtomicInteger inside = new AtomicInteger();
        IllegalArgumentException thrown = new IllegalArgumentException("block 5");
        IllegalArgumentException caught =
            assertThrows(
                IllegalArgumentException.class,
                () ->
                    workers.run(
                        (block, _) -> {
                          inside.incrementAndGet();
                          try {
                            if (block == 5) {
                              throw thrown;
                            }
                          } finally {
                            inside.decrementAndGet();
                          }
                        },
                        40));
        assertSame(thrown, caught);
        assertEquals(0, inside.get());
        int[] after = new int[10];
        workers.run((block, _) -> after[block] = block, 10);
        assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, after);
      }
    }
  }

  @Test
  void errorsPassThroughUnchanged() {
    try (Workers workers = Workers.of(2)) {
      assertThrows(
          StackOverflowError.class,
          () ->
              workers.run(
                  (_, _) -> {
                    throw new StackOverflowError();
                  },
                  8));
    }
  }

  @Test
  void refusesNestedRuns() {
    try (Workers workers = Workers.of(2)) {
      assertThrows(
          IllegalStateException.class,
          () -> workers.run((_, _) -> workers.run((_, _) -> {}, 1), 4));
    }
  }

  @Test
  void refusesToRunOnceClosed() {
    Workers workers = Workers.of(3);
    workers.run((_, _) -> {}, 5);
    workers.close();
    workers.close();
    assertThrows(IllegalStateException.class, () -> workers.run((_, _) -> {}, 1));
    assertThrows(IllegalArgumentException.class, () -> Workers.of(0));
  }

  @Test
  void closeEndsTheThreads() {
    long before = ownThreads();
    Workers workers = Workers.of(5);
    assertEquals(before + 4, ownThreads());
    workers.close();
    assertEquals(before, ownThreads());
  }

  private static long ownThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("pbb-worker-"))
        .count();
  }
}
