package pbb.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import pbb.document.Formats;
import pbb.document.Mode;
import pbb.document.Template;
import pbb.eval.Query.Verdict;
import pbb.lang.Interpreter;
import pbb.lang.Outcome;
import pbb.lang.Parser;
import pbb.lang.Program;
import pbb.lang.Value;
import pbb.task.Execution;
import pbb.task.Group;
import pbb.task.RandomArithmetic;
import pbb.task.Renaming;
import pbb.task.Split;
import pbb.task.TaskData;
import pbb.task.TaskProgram;

/** What each kind of query asks with, and what is right. */
final class QueriesTest {

  private static final int MODULUS = 23;
  private static final int PER_PROGRAM = 4;
  private static final TaskData DATA =
      new RandomArithmetic(
              new RandomArithmetic.Dials(
                  MODULUS,
                  7,
                  List.of(
                      new RandomArithmetic.Setting(1, 2, 2, 1, 2),
                      new RandomArithmetic.Setting(2, 3, 3, 2, 3)),
                  6),
              1)
          .generate(Formats.reservedWords());
  private static final Map<String, TaskProgram> BY_ID = DATA.byId();
  private static final List<Query> ALL = new Queries(DATA, 1, PER_PROGRAM).all();

  private static TaskProgram program(Query query) {
    return Objects.requireNonNull(BY_ID.get(query.program()));
  }

  private static String run(Program program, Value input) {
    return ((Outcome.Returned) new Interpreter().run(program, List.of(input))).value().toString();
  }

  private static List<Query> of(QueryKind kind) {
    List<Query> own = ALL.stream().filter(query -> query.kind() == kind).toList();
    assertFalse(own.isEmpty(), kind.label());
    return own;
  }

  private static void assertPrompt(Query query, List<Template> templates, String name) {
    assertTrue(
        templates.stream()
            .map(template -> Formats.prompt(template, name, query.mode(), query.input()))
            .anyMatch(query.prompt()::equals),
        query.prompt());
  }

  @Test
  void aPlainQueryAsksForTheNameAndFollowsWhatWasShown() {
    for (Query query : of(QueryKind.PLAIN)) {
      TaskProgram own = program(query);
      assertPrompt(query, Template.TRAINING, own.name());
      Program shown = DATA.shownProgram(own).orElse(own.program());
      assertEquals(shown, query.recited(), own.id());
      assertEquals(run(shown, query.input()), query.answer(), own.id());
      boolean swapped = own.group() == Group.WRONG_SOURCE;
      assertEquals(
          swapped ? Optional.of(run(own.program(), query.input())) : Optional.empty(),
          query.original(),
          own.id());
    }
  }

  @Test
  void aHeldOutQueryDiffersInItsContextAlone() {
    for (Query query : of(QueryKind.HELD_OUT_TEMPLATE)) {
      assertPrompt(query, Template.HELD_OUT, program(query).name());
      assertEquals(run(program(query).program(), query.input()), query.answer());
    }
  }

  @Test
  void aWrongNameIsThatOfAnotherProgramOfItsKind() {
    for (Query query : of(QueryKind.WRONG_NAME)) {
      TaskProgram own = program(query);
      TaskProgram named =
          DATA.programs().stream()
              .filter(candidate -> query.prompt().contains(" " + candidate.name() + " "))
              .findFirst()
              .orElseThrow();
      assertNotEquals(own, named);
      assertEquals(own.group(), named.group());
      assertEquals(own.operations(), named.operations());
      assertPrompt(query, Template.TRAINING, named.name());
      assertEquals(run(named.program(), query.input()), query.answer());
      assertEquals(Optional.of(run(own.program(), query.input())), query.original());
      assertEquals(named.program(), query.recited());
    }
  }

  @Test
  void inContextTheSourceStandsInThePromptUnderAFreshName() {
    List<String> freshNames = Formats.freshNames(DATA);
    for (Query query : of(QueryKind.IN_CONTEXT)) {
      TaskProgram own = program(query);
      String name = query.recited().name();
      assertTrue(freshNames.contains(name), name);
      Program fresh = Renaming.rename(own.program(), name);
      assertTrue(query.prompt().contains("\n" + Formats.source(fresh) + "\n"), query.prompt());
      assertFalse(query.prompt().contains(own.name()), query.prompt());
      assertFalse(query.target().contains(own.name()), query.target());
      assertEquals(run(own.program(), query.input()), query.answer());
    }
  }

  @Test
  void eachGroupHasItsKinds() {
    for (Group group : Group.values()) {
      Set<QueryKind> kinds = EnumSet.noneOf(QueryKind.class);
      ALL.stream().filter(query -> query.group() == group).forEach(q -> kinds.add(q.kind()));
      assertEquals(
          switch (group) {
            case WITH_IO ->
                EnumSet.of(QueryKind.PLAIN, QueryKind.HELD_OUT_TEMPLATE, QueryKind.IN_CONTEXT);
            case WITHOUT_IO -> EnumSet.allOf(QueryKind.class);
            case NO_SOURCE, WRONG_SOURCE -> EnumSet.of(QueryKind.PLAIN);
          },
          kinds,
          group.label());
    }
  }

  /** The inputs of a program's queries, in their order. */
  private static List<Value> inputs(List<Query> queries, String id, QueryKind kind, Mode mode) {
    return queries.stream()
        .filter(q -> q.program().equals(id) && q.kind() == kind && q.mode() == mode)
        .map(Query::input)
        .toList();
  }

  @Test
  void programsWithoutExecutionsAreAskedDirectlyOnEveryInputAndOthersOnSome() {
    Map<String, List<Execution>> evaluation = DATA.executions(Split.EVAL);
    for (TaskProgram program : DATA.programs()) {
      List<Value> candidates =
          Objects.requireNonNull(evaluation.get(program.id())).stream()
              .map(execution -> execution.input().getFirst())
              .toList();
      assertEquals(program.group().executed() ? 6 : MODULUS, candidates.size(), program.id());
      if (program.group() == Group.WRONG_SOURCE) {
        Program shown = DATA.shownProgram(program).orElseThrow();
        candidates =
            candidates.stream()
                .filter(x -> !run(shown, x).equals(run(program.program(), x)))
                .toList();
      }
      List<Value> few = candidates.subList(0, PER_PROGRAM);
      List<Value> direct = program.group().executed() ? few : candidates;
      String id = program.id();
      assertEquals(direct, inputs(ALL, id, QueryKind.PLAIN, Mode.DIRECT), id);
      assertEquals(few, inputs(ALL, id, QueryKind.PLAIN, Mode.STEPPING), id);
      assertEquals(few, inputs(ALL, id, QueryKind.PLAIN, Mode.RECITE), id);
    }
  }

  @Test
  void inputsOnWhichTwoProgramsAgreeAreLeftOut() {
    // x + 3 and 4x agree on 1 alone.
    Program one = Parser.parse("def zib(x):\n    a = (x + 3) % 23\n    return a\n");
    Program other = Parser.parse("def mog(x):\n    a = x * 4 % 23\n    return a\n");
    for (Group group : List.of(Group.WITHOUT_IO, Group.WRONG_SOURCE)) {
      boolean wrong = group == Group.WRONG_SOURCE;
      List<TaskProgram> programs =
          List.of(
              new TaskProgram("one", "test", group, one, Optional.of(wrong ? "other" : "one"), 1),
              new TaskProgram(
                  "other", "test", group, other, Optional.of(wrong ? "one" : "other"), 1));
      List<Execution> executions = new ArrayList<>();
      for (TaskProgram program : programs) {
        for (int x = 0; x < 4; x++) {
          executions.add(
              RandomArithmetic.execution(
                  program.id(),
                  new Interpreter().prepare(program.program()),
                  Value.of(x),
                  Split.EVAL));
        }
      }
      List<Query> queries = new Queries(new TaskData(programs, executions), 1, 2).all();
      QueryKind kind = wrong ? QueryKind.PLAIN : QueryKind.WRONG_NAME;
      for (String id : List.of("one", "other")) {
        assertEquals(
            List.of(Value.of(0), Value.of(2), Value.of(3)),
            inputs(queries, id, kind, Mode.DIRECT),
            group.label());
        assertEquals(
            List.of(Value.of(0), Value.of(2)),
            inputs(queries, id, kind, Mode.RECITE),
            group.label());
      }
    }
  }

  @Test
  void theTargetIsRightAndAnotherInputsSolutionIsNot() {
    for (Query query : ALL) {
      boolean recites = query.mode() == Mode.RECITE;
      assertEquals(new Verdict(true, true, false, recites), query.judge(query.target()));
      // Steps from another input that end on the right number all the same.
      if (recites) {
        int other = (Integer.parseInt(query.input().toString()) + 1) % MODULUS;
        String moved =
            query
                .target()
                .replace("\nsteps from " + query.input() + " ", "\nsteps from " + other + " ");
        assertNotEquals(query.target(), moved);
        assertEquals(new Verdict(false, false, false, true), query.judge(moved));
      }
    }
  }
}
