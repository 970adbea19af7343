package pbb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import pbb.engine.io.AtomicFiles;

/**
 * What is wrong is said in one sentence, with the exit code that design gives it, and nothing is
 * overwritten.
 */
class BadInputTest {

  @TempDir static Path shared;
  private static Path data;
  private static Path trained;

  @TempDir Path folder;

  @BeforeAll
  static void train() {
    data = Ran.programs(shared.resolve("data"));
    trained = shared.resolve("trained");
    Ran.pbb((Object[]) Ran.training(data, trained)).succeeds();
  }

  private Path copyOfCheckpoint() throws IOException {
    Path from = trained.resolve("checkpoints/step-6");
    Path to = Files.createDirectories(folder.resolve("checkpoint"));
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
    return to;
  }

  @Test
  void unknownOptionsAndCommandsAreNamed() {
    Ran.pbb("train", "--data", data, "--out", folder, "--nope", "3")
        .fails(2, "unknown option --nope", "see pbb train --help");
    Ran.pbb("bogus").fails(2, "unknown argument bogus", "see pbb --help");
    Ran.pbb("train", "--data", data).fails(2, "--out", "see pbb train --help");
    Ran.pbb("train", "--steps", "many").fails(2, "--steps", "many");
    Ran.pbb("suite", "--profile", "large", "--out", folder.resolve("x"))
        .fails(2, "large", "smoke, quick, full");
    Ran.pbb("generate", "--task", "nope", "--out", folder.resolve("x"))
        .fails(2, "--task nope", "random-arithmetic");
  }

  @ParameterizedTest
  @CsvSource({
    "--steps, 0",
    "--batch-size, 0",
    "--sequence-length, 0",
    "--accumulation-steps, -1",
    "--learning-rate, 0",
    "--learning-rate, NaN",
    "--warmup, -1",
    "--weight-decay, -0.1",
    "--gradient-clip-norm, 0",
    "--hidden-size, 15",
    "--layers, 0",
    "--heads, 0",
    "--heads, 3",
    "--key-value-heads, 3",
    "--intermediate-size, 0",
    "--checkpoint-every, 0",
    "--validate-every, 0",
    "--threads, 0",
  })
  void numbersOutOfRangeAreNamedByTheirOption(String option, String value) {
    Path out = folder.resolve("run");
    Ran.pbb(
            "train",
            "--quiet",
            "--data",
            data,
            "--out",
            out,
            "--hidden-size",
            16,
            "--heads",
            2,
            option,
            value)
        .fails(2, option);
    assertFalse(Files.exists(out), "a refused training must leave nothing");
  }

  @ParameterizedTest
  @CsvSource({
    "--temperature, -1",
    "--max-new-tokens, 0",
    "--max-new-tokens, 100000",
    "--top-k, 3",
    "--prompt, ''",
    "--prompt, notaword"
  })
  void samplingRefusesWhatCannotBe(String option, String value) {
    Ran ran =
        option.equals("--prompt")
            ? Ran.pbb("sample", "--checkpoint", trained, option, value)
            : Ran.pbb("sample", "--checkpoint", trained, "--prompt", "Recall", option, value);
    ran.fails(2, value.equals("notaword") ? "notaword" : option);
  }

  @Test
  void badTomlIsNamedWithItsLine() throws IOException {
    Path config = folder.resolve("pbb.toml");
    Files.writeString(config, "[train]\nsteps = 3\nseed = = 4\n");
    Ran.pbb("train", "--config", config, "--data", data).fails(2, config + ", line 3");
    Files.writeString(config, "[train]\nstep = 3\n");
    Ran.pbb("train", "--config", config, "--data", data).fails(2, config + ": key step ", "steps");
    Files.writeString(config, "[trian]\nsteps = 3\n");
    Ran.pbb("train", "--config", config, "--data", data).fails(2, "[trian]", "train");
    Ran.pbb("train", "--config", folder.resolve("none.toml"))
        .fails(2, "none.toml", "does not exist");
    Ran.pbb("train", "--config").fails(2, "--config");
  }

  @Test
  void theCommandLineWinsOverTheFile() throws IOException {
    Path config = folder.resolve("pbb.toml");
    Files.writeString(
        config,
        "seed = 1\n[generate]\nprofile = \"smoke\"\nseed = 5\ntask = \"random-arithmetic\"\n");
    Path fromFile = folder.resolve("file");
    Ran.pbb("generate", "--config", config, "--out", fromFile).succeeds();
    assertEquals(-1, Files.mismatch(data.resolve("io.jsonl"), fromFile.resolve("io.jsonl")));
    Path fromLine = folder.resolve("line");
    Ran.pbb("generate", "--config=" + config, "--seed", 6, "--out", fromLine).succeeds();
    assertTrue(
        Files.mismatch(data.resolve("io.jsonl"), fromLine.resolve("io.jsonl")) >= 0,
        "--seed 6 was not taken");
  }

  @Test
  void damagedCheckpointsAreRefused() throws IOException {
    Ran.pbb("sample", "--checkpoint", folder.resolve("none"), "--prompt", "Recall")
        .fails(2, folder.resolve("none").toString(), "no such folder");
    Path checkpoint = copyOfCheckpoint();
    try (RandomAccessFile weights =
        new RandomAccessFile(checkpoint.resolve("model.safetensors").toFile(), "rw")) {
      weights.setLength(weights.length() - 7);
    }
    Ran.pbb("sample", "--checkpoint", checkpoint, "--prompt", "Recall")
        .fails(2, "model.safetensors");
    Ran.pbb("eval", "--checkpoint", checkpoint, "--data", data, "--out", folder.resolve("e"))
        .fails(2, "model.safetensors");
    assertFalse(Files.exists(folder.resolve("e")), "a refused evaluation must leave nothing");
    Ran.pbb("train", "--init", checkpoint, "--data", data, "--out", folder.resolve("t"), "--quiet")
        .fails(2, "model.safetensors");
  }

  @Test
  void wrongShapesAreRefused() throws IOException {
    Path checkpoint = copyOfCheckpoint();
    Path config = checkpoint.resolve("config.json");
    String text = Files.readString(config);
    assertTrue(text.contains("\"intermediate_size\": 32"), text);
    Files.writeString(
        config, text.replace("\"intermediate_size\": 32", "\"intermediate_size\": 48"));
    Ran.pbb("sample", "--checkpoint", checkpoint, "--prompt", "Recall")
        .fails(2, "model.safetensors", "48");
    Ran.pbb(
            "train",
            "--quiet",
            "--init",
            trained,
            "--data",
            data,
            "--out",
            folder.resolve("r"),
            "--layers",
            2)
        .fails(2, "--init", "--layers");
  }

  @Test
  void dataThatAreNoneAreRefused() throws IOException {
    Path out = folder.resolve("run");
    Ran.pbb("train", "--quiet", "--data", folder.resolve("none"), "--out", out)
        .fails(2, "--data", "does not exist");
    assertFalse(Files.exists(out), "a refused training must leave nothing");
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Ran.pbb("train", "--quiet", "--data", empty, "--out", folder.resolve("run2"))
        .fails(2, "empty", "0 .py or .java");
    Path broken = Files.createDirectory(folder.resolve("broken"));
    for (String name : new String[] {"programs.jsonl", "io.jsonl", "task.json"}) {
      Files.copy(data.resolve(name), broken.resolve(name));
    }
    Files.writeString(broken.resolve("io.jsonl"), "{\"program\": 3}\n", StandardOpenOption.APPEND);
    long line = Files.readAllLines(broken.resolve("io.jsonl")).size();
    Ran.pbb("train", "--quiet", "--data", broken, "--out", folder.resolve("run3"))
        .fails(2, "io.jsonl", "line " + line, "input");
  }

  @Test
  void aReportNeedsResults() {
    Ran.pbb("report").fails(2, "RUN", "see pbb report --help");
    Ran.pbb("report", folder).fails(2, folder.toString());
    Ran.pbb("report", folder, trained).fails(2, "--out");
  }

  @Test
  void unknownBackendsExitWith3() {
    Ran.pbb("train", "--data", data, "--out", folder.resolve("r"), "--backend", "abacus")
        .fails(3, "abacus", "vector");
    Ran.pbb("doctor", "--backend", "abacus").fails(3, "abacus");
    Ran.pbb("sample", "--checkpoint", trained, "--prompt", "Recall", "--device", "opencl:7")
        .fails(3, "opencl:7");
  }

  @Test
  void doctorFindsWhatWorks() {
    Ran ran = Ran.pbb("doctor", "--threads", 1).succeeds();
    assertTrue(ran.out().contains("works: the self-test passes"), ran.out());
  }

  @Test
  void anExistingRunIsLeftAsItIs() throws IOException {
    Map<String, Long> before = checksums(trained);
    Ran.pbb((Object[]) Ran.training(data, trained)).fails(2, trained.toString(), "--resume");
    Ran.pbb((Object[]) Ran.training(data, trained, "--resume", "--warmup", 3))
        .fails(2, "warmupSteps", "run.json");
    Ran.pbb("eval", "--quiet", "--checkpoint", trained, "--data", data, "--out", trained)
        .fails(2, trained.toString());
    Ran.pbb("generate", "--task", "random-arithmetic", "--out", data)
        .fails(2, data.toString(), "exists already");
    assertEquals(before, checksums(trained));
    Ran.pbb((Object[]) Ran.training(data, folder.resolve("new"), "--resume"))
        .fails(2, "no run to resume");
  }

  @Test
  void aRunDirectoryInUseIsLeftAlone() throws IOException {
    Map<String, Long> before = checksums(trained);
    try (FileChannel channel =
            FileChannel.open(trained.resolve(".lock"), StandardOpenOption.WRITE);
        FileLock _ = channel.lock()) {
      Ran.pbb((Object[]) Ran.training(data, trained, "--resume"))
          .fails(2, trained.toString(), "in use");
    }
    assertEquals(before, checksums(trained));
  }

  @Test
  void aReadOnlyFolderIsNamed() throws IOException {
    Path closed = Files.createDirectory(folder.resolve("closed"));
    assertTrue(closed.toFile().setWritable(false));
    try {
      assumeFalse(
          Files.isWritable(closed), "this user, perhaps root, writes where nobody may: not tested");
      Ran.pbb((Object[]) Ran.training(data, closed)).fails(2, closed.toString(), "read-only");
      Ran.pbb((Object[]) Ran.training(data, closed.resolve("run")))
          .fails(2, closed.toString(), "read-only");
      Ran.pbb("generate", "--task", "random-arithmetic", "--out", closed.resolve("d"))
          .fails(2, closed.toString(), "read-only");
    } finally {
      assertTrue(closed.toFile().setWritable(true));
    }
  }

  @Test
  void aFullDiskFailsAndKeepsWhatWasThere() throws IOException {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full), "there is no /dev/full, a disk that is always full: not tested");
    Path run = folder.resolve("run");
    Ran.pbb((Object[]) Ran.training(data, run)).succeeds();
    AtomicFiles.delete(run.resolve("checkpoints"));
    Files.delete(run.resolve("metrics.jsonl"));
    Files.createSymbolicLink(run.resolve("metrics.jsonl"), full);
    Map<String, Long> before = checksums(run);
    Ran.pbb((Object[]) Ran.training(data, run, "--resume"))
        .fails(1, "metrics.jsonl", "disk is full");
    assertEquals(before, checksums(run));
  }

  /** Length and last change of every file but those that say when a run was started. */
  private static Map<String, Long> checksums(Path folder) throws IOException {
    Map<String, Long> sums = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = folder.relativize(file).toString();
        if (!name.equals("env.json") && !name.equals("metrics.jsonl")) {
          sums.put(name, 31 * Files.size(file) + Files.getLastModifiedTime(file).toMillis());
        }
      }
    }
    return sums;
  }
}
