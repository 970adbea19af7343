package pbb.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import pbb.document.DataFiles;
import pbb.document.Formats;
import pbb.document.Template;
import pbb.document.TrainingText;
import pbb.document.TrainingText.Kind;
import pbb.document.TrainingText.Part;
import pbb.engine.train.TrainerConfig;
import pbb.lang.Program;
import pbb.suite.LeakCheck.Leak;
import pbb.suite.LeakCheck.Rule;
import pbb.task.Execution;
import pbb.task.Group;
import pbb.task.Renaming;
import pbb.task.Split;
import pbb.task.TaskData;
import pbb.task.TaskProgram;

/** What a suite run writes has no leak, and each kind of leak is found where it is planted. */
class LeakCheckTest {

  private static final int DOMAIN = TinyRun.profile().dials().modulus();
  private static final String CONTEXT = Template.TRAINING.getFirst().before();
  private static final String AFTER = Template.TRAINING.getFirst().after();

  @TempDir static Path shared;
  @TempDir Path folder;

  @BeforeAll
  static void write() throws IOException {
    Corpus.write(shared.resolve("data"), TinyRun.profile(), 3, _ -> {});
  }

  @Test
  void theCorpusOfARunHasNone() throws IOException {
    assertEquals(List.of(), LeakCheck.check(shared.resolve("data"), DOMAIN));
  }

  @ParameterizedTest
  @ValueSource(strings = {"smoke", "quick"})
  void theCorpusOfAProfileHasNone(String name) throws IOException {
    Profile profile = Profile.named(name);
    TrainerConfig whole = profile.training();
    TrainerConfig start =
        new TrainerConfig(
            whole.batchSize(),
            whole.sequenceLength(),
            1,
            Math.min(whole.steps(), 60),
            whole.optimizer(),
            whole.schedule());
    Profile shorter =
        new Profile(
            name,
            profile.dials(),
            profile.shares(),
            profile.model(),
            start,
            profile.evaluation(),
            10);
    Path data = folder.resolve("data");
    Corpus.write(data, shorter, 0, _ -> {});
    assertEquals(List.of(), LeakCheck.check(data, profile.dials().modulus()));
  }

  @ParameterizedTest
  @EnumSource(
      value = Group.class,
      names = {"WITHOUT_IO", "NO_SOURCE", "WRONG_SOURCE"})
  void anExecutionOfAProgramWithoutIo(Group group) throws IOException {
    for (String query : List.of("answer from 4", "steps from 4", "code from 4")) {
      String name = one(group).name();
      assertFound(Rule.EXECUTION_WITHOUT_IO, name, context(name), query, " 7");
    }
  }

  @Test
  void anEvaluationInputInAnyMode() throws IOException {
    TaskProgram program = one(Group.WITH_IO);
    String input = evaluationInput(program);
    for (String query : List.of("answer", "steps", "code")) {
      assertFound(
          Rule.EVALUATION_INPUT,
          program.name(),
          context(program.name()),
          query + " from " + input,
          " 7");
    }
    // In the steps after a recited source only.
    assertFound(
        Rule.EVALUATION_INPUT,
        program.name(),
        context(program.name()),
        "code from " + trainingInput(program),
        "\n" + Formats.source(program.program()) + "\nsteps from " + input + " a 7 gives 7");
  }

  @Test
  void anythingSaidOfAProgramWithoutSource() throws IOException {
    TaskProgram program = one(Group.NO_SOURCE);
    assertFound(
        Rule.NO_SOURCE,
        program.name(),
        context(program.name()),
        Formats.source(program.program()),
        "");
  }

  @Test
  void aSourceUnderANameThatIsToHaveAnother() throws IOException {
    TaskProgram wrong = one(Group.WRONG_SOURCE);
    assertFound(
        Rule.OTHER_SOURCE,
        wrong.name(),
        context(wrong.name()),
        Formats.source(wrong.program()),
        "");
    TaskProgram without = one(Group.WITHOUT_IO);
    Program other = Renaming.rename(one(Group.WITH_IO).program(), without.name());
    assertFound(
        Rule.OTHER_SOURCE, without.name(), context(without.name()), Formats.source(other), "");
    // The other's source under its own, anonymous name: what stands there is not what is pointed
    // to.
    assertFound(
        Rule.OTHER_SOURCE,
        without.name(),
        context(without.name()),
        Formats.source(Renaming.rename(other, "f")),
        "");
  }

  @Test
  void aHeldOutTemplate() throws IOException {
    TaskProgram program = one(Group.WITH_IO);
    for (Template template : Template.HELD_OUT) {
      assertFound(
          Rule.HELD_OUT_TEMPLATE,
          "held-out",
          template.context(program.name()),
          Formats.source(program.program()),
          "");
      assertFound(
          Rule.HELD_OUT_TEMPLATE,
          "held-out",
          template.context("f"),
          Formats.source(Renaming.rename(program.program(), "f")),
          "");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Group.class,
      names = {"WITHOUT_IO", "NO_SOURCE", "WRONG_SOURCE"})
  void anAnonymousProgramThatIsAHeldOne(Group group) throws IOException {
    TaskProgram held = one(group);
    assertFound(
        Rule.COINCIDENCE,
        held.id(),
        context("f"),
        Formats.source(Renaming.rename(held.program(), "f")) + "\nsteps from 3",
        " a 1 gives 1");
  }

  @Test
  void anAnonymousProgramThatIsTheSameFunctionInOtherWords() throws IOException {
    TaskProgram held = one(Group.WITHOUT_IO);
    String source =
        Formats.source(Renaming.rename(held.program(), "f"))
            .replaceFirst("\n", "\n    x = (x + 4) % 11\n    x = (x - 4) % 11\n");
    assertFound(
        Rule.COINCIDENCE, held.id(), context("f"), source + "\nsteps from 3", " a 1 gives 1");
  }

  @Test
  void aNamedProgramThatIsAHeldOne() throws IOException {
    TaskProgram with = one(Group.WITH_IO);
    TaskProgram held = one(Group.WITHOUT_IO);
    TaskData data = data();
    Path planted = copy();
    DataFiles.write(
        planted,
        new TaskData(
            data.programs().stream()
                .map(
                    program ->
                        program.equals(with)
                            ? new TaskProgram(
                                with.id(),
                                with.task(),
                                with.group(),
                                Renaming.rename(held.program(), with.name()),
                                with.shown(),
                                with.operations())
                            : program)
                .toList(),
            data.executions()));
    assertFound(Rule.COINCIDENCE, held.id(), LeakCheck.check(planted, DOMAIN));
  }

  @Test
  void twoNamesInOneDocument() throws IOException {
    String with = one(Group.WITH_IO).name();
    String without = one(Group.WITHOUT_IO).name();
    assertFound(Rule.TWO_NAMES, without, context(with), "answer from 3 " + without, " 4");
  }

  @Test
  void anInputOnBothSidesOfTheSplit() throws IOException {
    TaskProgram program = one(Group.WITH_IO);
    TaskData data = data();
    List<Execution> executions =
        Stream.concat(
                data.executions().stream(),
                data.executions().stream()
                    .filter(e -> e.program().equals(program.id()) && e.split() == Split.EVAL)
                    .map(
                        e ->
                            new Execution(
                                e.program(), e.input(), e.output(), e.steps(), Split.TRAIN)))
            .toList();
    Path planted = copy();
    DataFiles.write(planted, new TaskData(data.programs(), executions));
    assertFound(Rule.SPLIT, program.name(), LeakCheck.check(planted, DOMAIN));
  }

  @Test
  void aTrainingExecutionOfAProgramWithoutIo() throws IOException {
    TaskProgram program = one(Group.WITHOUT_IO);
    Path planted = copy();
    Path file = planted.resolve(DataFiles.EXECUTIONS);
    Files.writeString(
        file,
        Files.readString(file)
            .replaceFirst(
                "(\\{\"program\":\"" + program.id() + "\"[^}]*\"split\":\")eval", "$1train"));
    assertFound(Rule.SPLIT, program.id(), LeakCheck.check(planted, DOMAIN));
  }

  @Test
  void aLineThatIsOfNoKnownForm() throws IOException {
    String name = one(Group.WITHOUT_IO).name();
    assertFound(Rule.UNREADABLE, "evaluates", context(name), "evaluates 4 to", " 7");
    assertFound(Rule.UNREADABLE, "points to no program", "4 gives 7", "nothing more", "");
    assertFound(
        Rule.UNREADABLE,
        "does not run",
        context("f"),
        "def f(x):\n    return y\nsteps from 3",
        " 4");
  }

  private static String context(String name) {
    return CONTEXT + " " + name + " " + AFTER;
  }

  /** Plants a document of these lines, and expects just one finding more than there was. */
  private void assertFound(Rule rule, String named, String context, String given, String learned)
      throws IOException {
    Path planted = copy();
    TrainingText text =
        new TrainingText(
            Kind.SOURCE,
            Optional.empty(),
            List.of(),
            List.of(new Part(context + "\n" + given, false), new Part(learned, true)));
    Path extra = Files.createTempDirectory(folder, "extra");
    DataFiles.writeDocuments(extra, Stream.of(text));
    Files.writeString(
        planted.resolve(DataFiles.DOCUMENTS),
        Files.readString(extra.resolve(DataFiles.DOCUMENTS)),
        StandardOpenOption.APPEND);
    assertFound(rule, named, LeakCheck.check(planted, DOMAIN));
  }

  private static void assertFound(Rule rule, String named, List<Leak> leaks) {
    assertTrue(
        leaks.stream().anyMatch(leak -> leak.rule() == rule && leak.sentence().contains(named)),
        "no finding of " + rule + " that names " + named + " in " + leaks);
  }

  private Path copy() throws IOException {
    Path copy = Files.createTempDirectory(folder, "data");
    Files.delete(copy);
    TinyRun.copy(shared.resolve("data"), copy);
    return copy;
  }

  private static TaskData data() throws IOException {
    return DataFiles.read(shared.resolve("data"));
  }

  /** A program of the group, of the longest setting. */
  private static TaskProgram one(Group group) throws IOException {
    return data().programs().stream()
        .filter(program -> program.group() == group)
        .reduce((_, last) -> last)
        .orElseThrow();
  }

  private static String evaluationInput(TaskProgram program) throws IOException {
    return input(program, Split.EVAL);
  }

  private static String trainingInput(TaskProgram program) throws IOException {
    return input(program, Split.TRAIN);
  }

  private static String input(TaskProgram program, Split split) throws IOException {
    Map<String, List<Execution>> executions = data().executions(split);
    return Objects.requireNonNull(executions.get(program.id()))
        .getFirst()
        .input()
        .getFirst()
        .toString();
  }
}
