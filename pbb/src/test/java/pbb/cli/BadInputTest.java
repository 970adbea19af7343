package pbb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
    Ran.pbb("train", "--config", folder).fails(2, folder.toString(), "--config");
    Files.write(config, new byte[] {'a', (byte) 0xFF});
    Ran.pbb("train", "--config", config).fails(2, config.toString(), "UTF-8");
    Ran.pbb("train", "--config", folder.resolve("none.toml"))
        .fails(2, "none.toml", "does not exist");
    Ran.pbb("train", "--config").fails(2, "--config");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[train];step = 3 | 2 | step | steps",
        "steps = 3;;stepp = 4 | 3 | stepp | any command",
        "[trian];steps = 3 | 1 | [trian] | train",
        "# first;[train];steps = \"many\" | 3 | steps | an integer",
        "[train];text = 1 | 2 | text | options are",
        "[train];learning-rate = \"fast\" | 2 | learning-rate | a number",
        "[train];resume = 1 | 2 | resume | true or false",
        "[train];size = \"XL\" | 2 | size | S, M, L",
        "[train];data = [\"a\",;\"]\"];out = 3 | 2 | data | a string",
        "[train];data = \"a\";out = 3 | 3 | out | a string",
        "threads = 1.5 | 1 | threads | an integer",
        "[suite];experiment = [\"reasoning\", 3] | 2 | experiment | a list of strings",
      })
  void wrongKeysAndTypesAreNamedWithTheirLine(String toml, int line, String key, String named)
      throws IOException {
    Path config = folder.resolve("pbb.toml");
    Files.writeString(config, toml.replace(';', '\n'));
    Ran.pbb("train", "--config", config, "--data", data, "--out", folder.resolve("r"))
        .fails(2, config + ", line " + line + ": ", key, named);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "epochs = 3 | 2 | epochs | checkpointInterval",
        "[training];;speed = 3 | 4 | speed | batchSize",
        "training.steps = \"ten\" | 2 | steps | an integer",
        "training = 3 | 2 | training | an object",
        "[training];steps = 0 | 3 | steps | must lie in",
        "[model];hiddenSize = 48;numAttentionHeads = 7 | 4 | numAttentionHeads | 7",
        "[shares.settings];many = 1 | 3 | many | number of operations",
        "[[task.settings]];operations = 1;speed = 2 | 4 | speed | unknown",
      })
  void wrongFieldsOfAProfileAreNamedWithTheirLine(String toml, int line, String key, String named)
      throws IOException {
    Path file = folder.resolve("mine.toml");
    Files.writeString(file, "base = \"quick\"\n" + toml.replace(';', '\n'));
    Ran.pbb("suite", "--profile", file, "--out", folder.resolve("r"))
        .fails(2, file + " line " + line + ": ", key, named);
    assertFalse(Files.exists(folder.resolve("r")), "a refused run must leave nothing");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[shares.settings];4 = 1",
        "[[task.settings]];operations = 1;withIo = 1;withoutIo = 900;noSource = 1;wrongSource = 2",
      })
  void dialsThatCannotBeDrawnLeaveNothing(String dials) throws IOException {
    Path file = folder.resolve("mine.toml");
    Files.writeString(file, "base = \"smoke\"\n" + dials.replace(';', '\n'));
    Path run = folder.resolve("r");
    Ran.pbb("suite", "--profile", file, "--out", run).fails(2, "profile mine", "seed 0");
    Ran.pbb("suite", "--profile", file, "--out", run, "--dry-run").fails(2, "profile mine");
    assertFalse(Files.exists(run), "a refused run must leave nothing");
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
  void aDocumentThatFitsInNoRowIsFoundBeforeTraining() throws IOException {
    Path out = folder.resolve("run");
    List<String> arguments = new ArrayList<>(List.of(Ran.training(data, out)));
    arguments.set(arguments.indexOf("--sequence-length") + 1, "24");
    int named = 0;
    for (int seed = 0; seed < 6; seed++) { // Which document is the first, the seed decides.
      arguments.set(arguments.indexOf("--seed") + 1, Integer.toString(seed));
      Ran ran = Ran.pbb(arguments.toArray());
      ran.fails(2, data.toString(), "tokens", "--sequence-length");
      if (ran.err().contains("programs.jsonl, line ")) {
        int line = Integer.parseInt(ran.err().replaceAll("(?s).*line ([0-9]+):.*", "$1"));
        String id = ran.err().replaceAll("(?s).*program (\\S+) .*", "$1");
        String program = Files.readAllLines(data.resolve("programs.jsonl")).get(line - 1);
        assertTrue(program.contains("\"id\":\"" + id + "\""), () -> ran.err() + program);
        named++;
      }
    }
    assertTrue(named > 0, "no document of a program was too long");
    assertFalse(Files.exists(out), "a refused training must leave nothing");
  }

  @Test
  void modelsAndDataOfOtherNamesAreRefused() {
    Path other = folder.resolve("other");
    Ran.pbb(
            "generate",
            "--task",
            "random-arithmetic",
            "--profile",
            "smoke",
            "--seed",
            6,
            "--out",
            other)
        .succeeds();
    Path out = folder.resolve("run");
    Ran.pbb("train", "--quiet", "--init", trained, "--data", other, "--out", out)
        .fails(2, other.toString(), "--init", "vocabulary");
    Ran.pbb("eval", "--quiet", "--checkpoint", trained, "--data", other, "--out", out)
        .fails(2, "--data", other.toString(), "--checkpoint", "vocabulary");
    assertFalse(Files.exists(out), "a refused job must leave nothing");
  }

  @Test
  void jobsThatCannotBeAreRefused() {
    Path out = folder.resolve("run");
    Ran.pbb("suite", "--seeds", 0, "--out", out).fails(2, "--seeds");
    Ran.pbb("suite", "--experiment", "nope", "--out", out).fails(2, "nope", "reasoning");
    Ran.pbb("suite", "--threads", 0, "--out", out).fails(2, "--threads");
    Ran.pbb("doctor", "--threads", 0).fails(2, "--threads");
    Ran.pbb("eval", "--checkpoint", trained, "--data", folder, "--out", out)
        .fails(2, "--data", "programs.jsonl");
    Ran.pbb(
            "eval",
            "--checkpoint",
            trained,
            "--data",
            data,
            "--out",
            out,
            "--inputs-per-program",
            0)
        .fails(2, "--inputs-per-program");
    assertFalse(Files.exists(out), "a refused job must leave nothing");
  }

  /** What a command accepts, it says in its help. */
  @ParameterizedTest
  @CsvSource({"suite", "generate", "train", "eval", "sample", "report", "doctor"})
  void everyCommandHasTheCommonOptions(String command) {
    String help = Ran.pbb(command, "--help").succeeds().out();
    for (String option : List.of("--config", "--seed", "--backend", "--device", "--threads")) {
      assertTrue(help.contains(option + "="), () -> option + " is not in: " + help);
    }
    // Those two write nothing but what they say.
    boolean writes = !Set.of("sample", "doctor").contains(command);
    assertEquals(writes, help.contains("--out="), help);
  }

  @Test
  void optionsThatChangeNothingAreAccepted() throws IOException {
    Path same = folder.resolve("same");
    Ran.pbb(
            "generate",
            "--task=random-arithmetic",
            "--profile=smoke",
            "--seed=5",
            "--backend=scalar",
            "--device=cpu",
            "--threads=1",
            "--out",
            same)
        .succeeds();
    assertEquals(-1, Files.mismatch(data.resolve("io.jsonl"), same.resolve("io.jsonl")));
  }

  @Test
  void aReportNeedsResults() {
    Ran.pbb("report").fails(2, "RUN", "see pbb report --help");
    Ran.pbb("report", trained).fails(2, trained.toString(), "pbb eval --checkpoint");
    Ran.pbb("report", folder).fails(2, folder.toString());
    Ran.pbb("report", folder, trained).fails(2, "--out");
  }

  @Test
  void anEvaluationCanBeReported() throws IOException {
    Path run = folder.resolve("eval");
    Ran.pbb(
            "eval",
            "--quiet",
            "--checkpoint",
            trained,
            "--data",
            data,
            "--inputs-per-program",
            1,
            "--out",
            run)
        .succeeds();
    Ran.pbb("report", run).succeeds();
    String report = Files.readString(run.resolve("report.md"));
    assertTrue(report.contains("3 operations"), report);
    assertTrue(report.contains("| profile | eval |"), report);
    assertFalse(report.contains("Claims"), report);
    assertTrue(Files.exists(run.resolve("index.html")));
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
  void theDeviceThatTrainsDoesNotEvaluateBeside() {
    String[] train =
        Ran.training(data, folder.resolve("r"), "--backend", "vector", "--evaluate-on", "vector");
    Ran.pbb((Object[]) train).fails(2, "--evaluate-on vector", "vector cpu, which trains");
    Path out = folder.resolve("s");
    Ran.pbb("suite", "--quiet", "--backend=scalar", "--evaluate-on=scalar", "--out", out)
        .fails(2, "--evaluate-on scalar", "scalar cpu, which trains");
    assertFalse(Files.exists(folder.resolve("r")) || Files.exists(out), "a folder was made");
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
