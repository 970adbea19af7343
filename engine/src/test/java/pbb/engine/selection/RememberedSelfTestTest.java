package pbb.engine.selection;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pbb.engine.backend.Backend;
import pbb.engine.backend.DeviceStatus;
import pbb.engine.backend.DeviceStatus.Kind;
import pbb.engine.backend.Executable;
import pbb.engine.backend.Support;
import pbb.engine.graph.Op;
import pbb.engine.graph.Program;

class RememberedSelfTestTest {

  @TempDir private Path folder;

  /** The versions that were tested, in order. */
  private final List<String> tested = new ArrayList<>();

  private record Versioned(DeviceStatus device) implements Backend {

    static Versioned of(String id, Optional<String> version) {
      return new Versioned(
          new DeviceStatus("card", id, "a card", Kind.GPU, Optional.empty(), version));
    }

    @Override
    public Support supports(Op op) {
      return new Support.Supported();
    }

    @Override
    public Executable compile(Program program) {
      throw new IllegalStateException("compiles nothing");
    }

    @Override
    public void close() {}
  }

  private Optional<String> test(String id, Optional<String> version, Optional<String> outcome) {
    // A new one each time, as in a new process.
    return new RememberedSelfTest(
            folder.resolve("cache").resolve("self-tests"),
            backend -> {
              tested.add(backend.device().id() + " " + backend.device().version().orElse("-"));
              return outcome;
            })
        .apply(Versioned.of(id, version));
  }

  @Test
  void whatWasPassedIsNotTestedAgainUntilSomethingChanges() {
    Optional<String> fine = Optional.empty();
    assertEquals(fine, test("card:0", Optional.of("driver 1"), fine));
    assertEquals(fine, test("card:0", Optional.of("driver 1"), Optional.of("not run")));
    assertEquals(fine, test("card:0", Optional.of("driver 2"), fine));
    assertEquals(fine, test("card:1", Optional.of("driver 1"), fine));
    assertEquals(List.of("card:0 driver 1", "card:0 driver 2", "card:1 driver 1"), tested);
  }

  @Test
  void failuresAreNotRemembered() {
    Optional<String> wrong = Optional.of("Add 3×1: wrong");
    assertEquals(wrong, test("card:0", Optional.of("driver 1"), wrong));
    assertEquals(wrong, test("card:0", Optional.of("driver 1"), wrong));
    assertEquals(2, tested.size());
  }

  @Test
  void aDeviceWithoutAVersionIsTestedEachTime() {
    test("card:0", Optional.empty(), Optional.empty());
    test("card:0", Optional.empty(), Optional.empty());
    assertEquals(2, tested.size());
  }

  @Test
  void whereNothingCanBeWrittenTheTestIsRunEachTime() throws IOException {
    Files.writeString(folder.resolve("cache"), "a file where the folder should be");
    test("card:0", Optional.of("driver 1"), Optional.empty());
    test("card:0", Optional.of("driver 1"), Optional.empty());
    assertEquals(2, tested.size());
  }
}
