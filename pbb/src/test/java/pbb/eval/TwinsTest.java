package pbb.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import pbb.lang.Interpreter;
import pbb.lang.Parser;
import pbb.lang.Program;
import pbb.lang.Value;
import pbb.task.Execution;
import pbb.task.Group;
import pbb.task.RandomArithmetic;
import pbb.task.Split;
import pbb.task.TaskData;
import pbb.task.TaskProgram;

/** Programs with executions that are the same function, and what that gives away. */
final class TwinsTest {

  private static final int DOMAIN = 5;

  private final List<TaskProgram> programs = new ArrayList<>();
  private final List<Execution> executions = new ArrayList<>();

  /** Adds a program that is evaluated on the inputs given and, if it may be, trained on others. */
  private void add(Group group, String name, String body, Integer... evaluated) {
    Program program = Parser.parse("def " + name + "(x):\n    " + body + "\n    return a\n");
    programs.add(new TaskProgram(name, "test", group, program, Optional.of(name), 1));
    for (int x = 0; x < DOMAIN; x++) {
      boolean held = Set.of(evaluated).contains(x);
      if (held || group.executed()) {
        executions.add(
            RandomArithmetic.execution(
                name,
                new Interpreter().prepare(program),
                Value.of(x),
                held ? Split.EVAL : Split.TRAIN));
      }
    }
  }

  private Twins twins() {
    TaskData data = new TaskData(programs, executions);
    return Twins.of(data, DOMAIN, new Queries(data, 1, DOMAIN).all());
  }

  @Test
  void countsProgramsAndQueriesThatATwinGivesAway() {
    add(Group.WITH_IO, "one", "a = (x + 3) % 5", 0, 1);
    add(Group.WITH_IO, "two", "a = (x - 2) % 5", 1, 2, 3);
    add(Group.WITH_IO, "three", "a = x * 2 % 5", 0);
    add(Group.WITHOUT_IO, "four", "a = x * 3 % 5", 0, 1);
    // Three kinds in three modes: one is asked on 0 and 1, of which two has 0; two on 1, 2 and 3,
    // of which one has 2 and 3.
    assertEquals(new Twins(2, 3, 9 * 3, 9 * 5), twins());
    assertEquals(
        "2 of 3 programs with executions are the same function as another one with executions; for"
            + " 27 of their 45 evaluation queries such a twin was trained on that input.",
        twins().sentence());
  }

  @Test
  void aQueryCountsOnceHoweverManyTwinsThereAre() {
    add(Group.WITH_IO, "one", "a = (x + 3) % 5", 0);
    add(Group.WITH_IO, "two", "a = (x - 2) % 5", 0);
    add(Group.WITH_IO, "three", "a = (x + 8) % 5", 1);
    add(Group.WITH_IO, "four", "a = (x - 7) % 5", 1);
    assertEquals(new Twins(4, 4, 9 * 4, 9 * 4), twins());
  }

  @Test
  void withoutTwinsItSaysSo() {
    add(Group.WITH_IO, "one", "a = (x + 3) % 5", 0);
    add(Group.WITH_IO, "two", "a = x * 2 % 5", 0);
    assertEquals(new Twins(0, 2, 0, 0), twins());
    assertEquals(
        "None of the 2 programs with executions is the same function as another one with"
            + " executions.",
        twins().sentence());
  }
}
