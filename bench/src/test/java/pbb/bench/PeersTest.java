package pbb.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    List<Line> lines = new ArrayList<>();
    Peers peers = new Peers(folder);
    peers.train(ModelShape.parse("X=64,2,2,128,256,16,8").getFirst(), 2, lines::add);
    return lines;
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
