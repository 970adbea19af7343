package pbb.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class PeersTest {

  @TempDir private Path folder;

  private void peer(String name, String script) throws IOException {
    peer(name, "\"either\"", script);
  }

  private void peer(String name, String setups, String script) throws IOException {
    Path run = Files.createDirectories(folder.resolve(name)).resolve("run");
    String answer =
        "if [ \"$1\" = setups ]; then echo '{\"setups\": [" + setups + "]}'; exit; fi\n";
    Files.writeString(run, "#!/bin/sh\n" + answer + script);
    Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private List<Line> train() {
    return train(new Turns(10e9, () -> 100, Optional.of(() -> {})));
  }

  private List<Line> train(Turns turns) {
    List<Line> lines = new ArrayList<>();
    Peers peers = new Peers(folder);
    peers.train(ModelShape.parse("X=64,2,2,128,256,16,8").getFirst(), 2, turns, lines::add);
    return lines;
  }

  /** Three repeats, each of which adds a line to a file. */
  private void peerThatTakesTurns() throws IOException {
    peer(
        "libtorch",
        """
        [ "$TURNS" = 1 ] || exit 1
        for repeat in 1 2 3; do
          echo '{"turn": true}'
          read -r line || exit 130
          echo peer >>../order
        done
        echo '{"what": "train", "seconds": [0.5, 0.2, 0.25]}'
        """);
  }

  @Test
  void engineAndPeerTakeTurnsAndEachRepeatComesRightAfterThePeak() throws IOException {
    peerThatTakesTurns();
    Line line =
        train(
                new Turns(
                    10e9,
                    () -> {
                      note("peak");
                      return 100;
                    },
                    Optional.of(() -> note("engine"))))
            .getFirst();
    String turn = "peak engine peak peer";
    assertEquals(
        String.join(" ", turn, turn, turn),
        String.join(" ", Files.readAllLines(folder.resolve("order"))));
    assertEquals(3, line.numbers("engine_seconds").size());
    assertEquals(List.of(0.5, 0.2, 0.25), line.numbers("seconds"));
    assertEquals(40, line.get("gflops").asDouble());
    assertEquals(100, line.get("peak_gflops").asDouble());
    assertEquals(0.4, line.get("peak_share").asDouble());
    assertFalse(line.text().contains("seconds"), line.text());
  }

  private void note(String what) {
    try {
      Files.writeString(
          folder.resolve("order"),
          what + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aPeerIsMeasuredBesideThePeakAloneWhereThereIsNoEngine() throws IOException {
    peerThatTakesTurns();
    Line line = train(new Turns(10e9, () -> 50, Optional.empty())).getFirst();
    assertFalse(line.has("engine_seconds"));
    assertEquals(0.8, line.get("peak_share").asDouble());
  }

  @Test
  void aPeerThatEndsInsteadOfTakingItsTurnIsSaid() throws IOException {
    peer("libtorch", "echo '{\"turn\": true}'; echo no memory >&2; exit 9");
    String because = train().getFirst().get("because").asText();
    assertTrue(because.contains("exit code 9") && because.contains("no memory"), because);
  }

  @Test
  void aPeerThatDoesNotTakeTurnsIsSaid() throws IOException {
    peer("libtorch", "echo '{\"what\": \"train\", \"seconds\": [0.5, 0.2]}'");
    assertEquals("it took 0 turns and timed 2 repeats", train().getFirst().get("because").asText());
  }

  @Test
  void linesPassThroughAndShapesAreHandedOver() throws IOException {
    peer("libtorch", "echo \"{\\\"what\\\": \\\"$1\\\", \\\"got\\\": \\\"$2|$3\\\"}\"");
    Line line = train().getFirst();
    assertEquals("train", line.get("what").asText());
    assertEquals("X=64,2,2,128,256,16,8|2", line.get("got").asText());
  }

  @Test
  void aProductAndTheDescriptionOfItsDeviceAreHandedOver() throws IOException {
    peer("opencl", "echo \"{\\\"what\\\": \\\"matmul\\\", \\\"got\\\": \\\"$1|$2|$3|$4\\\"}\"");
    List<Line> lines = new ArrayList<>();
    new Peers(folder)
        .product(new Product(64, 128, 32, "TN"), "A device (its platform)", lines::add);
    assertEquals(
        "gemm|A device (its platform)|all|64,128,32,TN", lines.getFirst().get("got").asText());
  }

  @Test
  void eachSetupIsRunAndMaxAutotuneOnlyAtTheStrongest() throws IOException {
    peer(
        "pytorch",
        "\"installed\", \"strongest\"",
        "echo \"{\\\"what\\\": \\\"$1\\\", \\\"got\\\": \\\"$2 $SETUP\\\"}\"");
    assertEquals(
        List.of(
            "eager installed",
            "compile installed",
            "eager strongest",
            "compile strongest",
            "max-autotune strongest"),
        train().stream()
            .filter(line -> line.has("got"))
            .map(line -> line.get("got").asText())
            .toList());
  }

  @Test
  void fewStepsAreHandedOver() throws IOException {
    peer("libtorch", "echo \"{\\\"got\\\": \\\"$WARM_UP $STEPS $TORCHINDUCTOR_CACHE_DIR\\\"}\"");
    List<Line> lines = new ArrayList<>();
    new Peers(folder)
        .fewSteps(ModelShape.named("S"), 1, 10, Optional.of(Path.of("/cache")), lines::add);
    assertEquals("1 9 /cache/either", lines.getFirst().get("got").asText());
  }

  @Test
  void aPeerThatIsNotThereIsSaidWithWhy() throws IOException {
    peer("libtorch", "exit 0");
    List<Line> lines = train();
    assertEquals(1, lines.size(), "only pytorch has something to say, and once");
    assertEquals("pytorch", lines.getFirst().get("peer").asText());
    assertTrue(lines.getFirst().get("because").asText().contains("is not there"));
  }

  @Test
  void aPeerThatFailsIsSaidWithItsLastWords() throws IOException {
    peer("libtorch", "echo first >&2; echo no space left >&2; exit 7");
    String because = train().getFirst().get("because").asText();
    assertTrue(because.contains("exit code 7") && because.contains("no space left"), because);
  }

  @Test
  void aPeerThatPrintsSomethingElseIsSaid() throws IOException {
    peer("libtorch", "echo not JSON");
    String because = train().getFirst().get("because").asText();
    assertTrue(because.contains("something else than JSON"), because);
  }
}
