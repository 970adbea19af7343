package pbb.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
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
import pbb.document.Mode;
import pbb.document.Template;
import pbb.document.TrainingText;
import pbb.document.TrainingText.Kind;
import pbb.document.TrainingText.Part;
import pbb.engine.random.RandomStream;
import pbb.engine.train.TrainerConfig;
import pbb.lang.Interpreter;
import pbb.lang.Program;
import pbb.lang.Value;
import pbb.run.Profile;
import pbb.suite.LeakCheck.Leak;
import pbb.suite.LeakCheck.Rule;
import pbb.task.Execution;
import pbb.task.Group;
import pbb.task.RandomArithmetic;
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
    // The other's source under its own, fresh name: what stands there is not what is pointed
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
          template.context(freshName()),
          Formats.source(Renaming.rename(program.program(), freshName())),
          "");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Group.class,
      names = {"WITHOUT_IO", "NO_SOURCE", "WRONG_SOURCE"})
  void aFreshProgramThatIsAHeldOne(Group group) throws IOException {
    TaskProgram held = one(group);
    assertFound(
        Rule.COINCIDENCE,
        held.id(),
        context(freshName()),
        Formats.source(Renaming.rename(held.program(), freshName())) + "\nsteps from 3",
        " a 1 gives 1");
  }

  @Test
  void aFreshProgramThatIsTheSameFunctionInOtherWords() throws IOException {
    TaskProgram held = one(Group.WITHOUT_IO);
    String source =
        Formats.source(Renaming.rename(held.program(), freshName()))
            .replaceFirst("\n", "\n    x = (x + 4) % 11\n    x = (x - 4) % 11\n");
    assertFound(
        Rule.COINCIDENCE,
        held.id(),
        context(freshName()),
        source + "\nsteps from 3",
        " a 1 gives 1");
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

  @ParameterizedTest
  @EnumSource(Group.class)
  void aProgramThatIsShownWithWhatItsGroupIsNotToHave(Group group) throws IOException {
    TaskProgram program = one(group);
    TaskProgram other = one(group == Group.WITH_IO ? Group.WITHOUT_IO : Group.WITH_IO);
    for (Optional<String> shown : List.of(Optional.of(other.id()), unlike(program))) {
      List<TaskProgram> programs =
          data().programs().stream()
              .map(
                  each ->
                      each.equals(program)
                          ? new TaskProgram(
                              each.id(),
                              each.task(),
                              each.group(),
                              each.program(),
                              shown,
                              each.operations())
                          : each)
              .toList();
      Path planted = copy();
      DataFiles.write(planted, new TaskData(programs, data().executions()));
      assertFound(Rule.SHOWN, program.id(), LeakCheck.check(planted, DOMAIN));
    }
  }

  /** Itself where it should be another, or none; none where it should be itself. */
  private static Optional<String> unlike(TaskProgram program) {
    return program.group() == Group.NO_SOURCE || program.group() == Group.WRONG_SOURCE
        ? Optional.of(program.id())
        : Optional.empty();
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
    assertFound(Rule.UNREADABLE, "names no program", "4 gives 7", "nothing more", "");
    assertFound(
        Rule.UNREADABLE,
        "does not run",
        context(freshName()),
        "def " + freshName() + "(x):\n    return y\nsteps from 3",
        " 4");
  }

  @Test
  void aDocumentThatNamesNoProgram() throws IOException {
    String fresh = Formats.source(Renaming.rename(fresh(), "f"));
    assertFound(Rule.UNREADABLE, "names no program", context("f"), fresh + "\nanswer from 3", " 4");
  }

  @Test
  void aDocumentThatNamesAProgramAndAFreshOne() throws IOException {
    String name = one(Group.WITHOUT_IO).name();
    assertFound(
        Rule.TWO_NAMES,
        name,
        context(freshName()),
        Formats.source(fresh()) + "\nanswer from 3",
        " 4 " + name);
  }

  @Test
  void aRightDocumentOfEachFormIsNoFinding() throws IOException {
    Template template = Template.TRAINING.getLast();
    TaskProgram with = one(Group.WITH_IO);
    TaskProgram wrong = one(Group.WRONG_SOURCE);
    List<TrainingText> right = new ArrayList<>();
    right.add(Formats.mention(template, "", one(Group.NO_SOURCE).name()));
    right.add(Formats.sourceDocument(template, "", data().shownProgram(wrong).orElseThrow()));
    Execution execution = execution(with, Split.TRAIN);
    for (Mode mode : Mode.values()) {
      right.add(Formats.executionDocument(template, mode, execution, with.program()));
      Program fresh = fresh();
      right.add(
          Formats.inContextDocument(
              template,
              List.of(mode, Mode.RECITE, Mode.STEPPING, Mode.DIRECT),
              List.of(run(fresh, 0), run(fresh, 1), run(fresh, 2), run(fresh, 2)),
              fresh));
    }
    Program fresh = fresh();
    right.add(Formats.recitedDocument(template, List.of(run(fresh, 0), run(fresh, 1)), fresh));
    for (TrainingText document : right) {
      assertEquals(List.of(), planted(document.text()), document.text());
    }
  }

  @Test
  void aRecitedFreshProgramThatIsAHeldOneOrIsRunWrongly() throws IOException {
    Template template = Template.TRAINING.getLast();
    Program held = Renaming.rename(one(Group.WITHOUT_IO).program(), freshName());
    assertFound(
        Rule.COINCIDENCE,
        one(Group.WITHOUT_IO).id(),
        Formats.recitedDocument(template, List.of(run(held, 0)), held).text());
    Program fresh = fresh();
    String text =
        Formats.recitedDocument(template, List.of(run(fresh, 0), run(fresh, 1)), fresh).text();
    assertFound(Rule.WRONG_EXECUTION, "gives", text + "0");
    assertFound(Rule.WRONG_EXECUTION, "gives", text.replaceFirst("steps from 0", "steps from 1"));
    assertFound(
        Rule.UNREADABLE, "instead of a source", text.replaceFirst("code from", "answer from"));
  }

  @Test
  void aSecondExecutionOnTheLineOfTheFirst() throws IOException {
    TaskProgram program = one(Group.WITH_IO);
    Execution training = execution(program, Split.TRAIN);
    Execution held = execution(program, Split.EVAL);
    for (Mode mode : Mode.values()) {
      String first = document(program, mode, training);
      String second =
          Formats.query(mode, held.input().getFirst()).strip()
              + Formats.solution(mode, held, program.program());
      assertFound(Rule.EVALUATION_INPUT, program.name(), first + " " + second);
      assertFound(Rule.WRONG_EXECUTION, program.name(), first + " " + second);
      assertFound(Rule.UNREADABLE, "goes on", first + "\n" + second);
      assertFound(Rule.WRONG_EXECUTION, program.name(), first + " " + held.output());
      assertFound(Rule.WRONG_EXECUTION, program.name(), first + "0");
      assertFound(Rule.UNREADABLE, "goes on", first + "\n");
    }
  }

  @Test
  void anAnswerOrStateThatIsNotTheProgramsOwn() throws IOException {
    TaskProgram program = one(Group.WITH_IO);
    Execution right = execution(program, Split.TRAIN);
    String other = right.output().equals("1") ? "2" : "1";
    Execution answer =
        new Execution(program.id(), right.input(), other, right.steps(), Split.TRAIN);
    Execution state =
        new Execution(
            program.id(),
            right.input(),
            right.output(),
            List.of("a 99", right.steps().getLast()),
            Split.TRAIN);
    for (Mode mode : Mode.values()) {
      assertFound(Rule.WRONG_EXECUTION, program.name(), document(program, mode, answer));
    }
    assertFound(Rule.WRONG_EXECUTION, "a 99", document(program, Mode.STEPPING, state));
    assertFound(Rule.WRONG_EXECUTION, "a 99", document(program, Mode.RECITE, state));
    // A recitation that then steps from another input than was asked, and rightly so.
    String asked = right.input().getFirst().toString();
    List<Execution> training =
        Objects.requireNonNull(data().executions(Split.TRAIN).get(program.id()));
    String recited = document(program, Mode.RECITE, training.getLast());
    assertFound(
        Rule.WRONG_EXECUTION,
        program.name(),
        recited.replaceFirst("code from \\d+", "code from " + asked));
  }

  @Test
  void anAnswerThatIsNotTheFreshProgramsOwn() throws IOException {
    Program fresh = fresh();
    List<Execution> runs = List.of(run(fresh, 0), run(fresh, 1), run(fresh, 2));
    for (Mode mode : Mode.values()) {
      String text =
          Formats.inContextDocument(
                  Template.TRAINING.getFirst(), List.of(mode, mode, mode), runs, fresh)
              .text();
      assertEquals(List.of(), planted(text), text);
      String last = runs.getLast().output();
      assertFound(
          Rule.WRONG_EXECUTION,
          "where " + freshName() + " gives",
          text.substring(0, text.length() - last.length()) + "99");
      String second = Formats.solution(mode, runs.get(1), fresh);
      String wrong = Formats.solution(mode, runs.getFirst(), fresh);
      assertFound(
          Rule.WRONG_EXECUTION,
          "where " + freshName() + " gives",
          text.replace(
              Formats.query(mode, Value.of(1)) + second, Formats.query(mode, Value.of(1)) + wrong));
    }
  }

  @Test
  void anInputThatIsNone() throws IOException {
    TaskProgram program = one(Group.WITH_IO);
    // The same function value as of an evaluation input, in other words.
    int equal = Integer.parseInt(evaluationInput(program)) + DOMAIN;
    assertFound(
        Rule.WRONG_EXECUTION,
        "none of its inputs",
        document(program, Mode.DIRECT, run(program.program(), equal)));
    assertFound(
        Rule.WRONG_EXECUTION,
        "none of its inputs",
        context(program.name()) + "\nanswer from 0" + trainingInput(program) + " 1");
  }

  @Test
  void aLeakOnTheFirstLine() throws IOException {
    TaskProgram without = one(Group.WITHOUT_IO);
    TaskProgram with = one(Group.WITH_IO);
    String held = run(without.program(), 4).output();
    assertFound(
        Rule.UNREADABLE,
        "no pointer context",
        context(without.name()) + " 4 gives " + held + "\n" + Formats.source(without.program()));
    assertFound(
        Rule.EXECUTION_WITHOUT_IO,
        without.name(),
        context(without.name()) + " steps from 4 gives " + held + "\nnothing more");
    assertFound(
        Rule.EVALUATION_INPUT,
        with.name(),
        "answer from " + evaluationInput(with) + " 7 " + context(with.name()) + "\nnothing more");
    TaskProgram none = one(Group.NO_SOURCE);
    assertFound(
        Rule.UNREADABLE,
        "no pointer context",
        context(none.name()) + " " + Formats.source(none.program()));
    assertFound(
        Rule.COINCIDENCE,
        without.id(),
        context(freshName())
            + " "
            + Formats.source(Renaming.rename(without.program(), freshName())));
    assertFound(Rule.UNREADABLE, "no pointer context", "Ponder " + with.name() + "\nnothing more");
    assertFound(Rule.UNREADABLE, "ends after its first line", context(with.name()));
  }

  @Test
  void aHeldOutTemplateAnywhere() throws IOException {
    TaskProgram program = one(Group.WITH_IO);
    for (Template template : Template.HELD_OUT) {
      String held = template.context(program.name());
      assertFound(Rule.HELD_OUT_TEMPLATE, held, "Do: " + held + " and on\nnothing more");
      assertFound(
          Rule.HELD_OUT_TEMPLATE, held, context(program.name()) + "\n" + held + "\nnothing more");
      assertFound(
          Rule.HELD_OUT_TEMPLATE,
          held,
          document(program, Mode.DIRECT, execution(program, Split.TRAIN)) + " " + held);
      assertFound(
          Rule.HELD_OUT_TEMPLATE,
          held,
          held.replace(" " + program.name() + " ", " " + program.name() + "\n"));
    }
  }

  @Test
  void moreThanASource() throws IOException {
    TaskProgram without = one(Group.WITHOUT_IO);
    String named = context(without.name()) + "\n" + Formats.source(without.program());
    assertEquals(List.of(), planted(named), named);
    assertFound(Rule.UNREADABLE, "4 gives 7", named + "\n4 gives 7");
    assertFound(Rule.OTHER_SOURCE, without.name(), named + "  # 4 gives 7");
    String fresh = context(freshName()) + "\n" + Formats.source(fresh());
    assertFound(Rule.UNREADABLE, "does not run it", fresh);
    assertFound(
        Rule.UNREADABLE,
        "not written as sources are",
        fresh + "  # 4 gives 7" + Formats.query(Mode.DIRECT, Value.of(1)) + " 1");
  }

  private static String document(TaskProgram program, Mode mode, Execution execution) {
    return Formats.executionDocument(
            Template.TRAINING.getFirst(), mode, execution, program.program())
        .text();
  }

  private static Execution run(Program program, int input) {
    return RandomArithmetic.execution(
        program.name(), new Interpreter().prepare(program), Value.of(input), Split.TRAIN);
  }

  /** A fresh program that is none of those without executions. */
  private static Program fresh() throws IOException {
    RandomArithmetic task = new RandomArithmetic(TinyRun.profile().dials(), 3);
    return task.fresh(
        RandomStream.of(3, "test", 0), 2, freshName(), task.heldFunctions(data().programs()));
  }

  /** The first execution of the program on one side of the split. */
  private static Execution execution(TaskProgram program, Split split) throws IOException {
    return Objects.requireNonNull(data().executions(split).get(program.id())).getFirst();
  }

  private static String freshName() throws IOException {
    return Formats.freshNames(data()).getFirst();
  }

  private static String context(String name) {
    return CONTEXT + " " + name + " " + AFTER;
  }

  private void assertFound(Rule rule, String named, String context, String given, String learned)
      throws IOException {
    assertFound(rule, named, context + "\n" + given + learned);
  }

  /** Plants a document with this text, and expects it to be found. */
  private void assertFound(Rule rule, String named, String text) throws IOException {
    assertFound(rule, named, planted(text));
  }

  /** What is found if a document with this text is planted. */
  private List<Leak> planted(String text) throws IOException {
    Path planted = copy();
    Path extra = Files.createTempDirectory(folder, "extra");
    DataFiles.writeDocuments(
        extra,
        Stream.of(
            new TrainingText(
                Kind.SOURCE, Optional.empty(), List.of(), List.of(new Part(text, true)))));
    Files.writeString(
        planted.resolve(DataFiles.DOCUMENTS),
        Files.readString(extra.resolve(DataFiles.DOCUMENTS)),
        StandardOpenOption.APPEND);
    return LeakCheck.check(planted, DOMAIN);
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
    return execution(program, split).input().getFirst().toString();
  }
}
