package pbb.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import pbb.engine.random.RandomStream;
import pbb.lang.Program;
import pbb.task.RandomArithmetic.Dials;
import pbb.task.RandomArithmetic.Setting;

/** The split: which programs are drawn, and what they must not share. */
final class RandomArithmeticTest {

  private static final int MODULUS = 23;
  private static final Dials DIALS =
      new Dials(
          MODULUS,
          7,
          List.of(
              new Setting(1, 10, 6, 2, 2),
              new Setting(2, 30, 12, 4, 4),
              new Setting(3, 60, 20, 8, 8)),
          6);

  private static TaskData data(long seed) {
    return new RandomArithmetic(DIALS, seed).generate(Set.of("zib"));
  }

  @Test
  void programsWithoutExecutionsAreFunctionsOfTheirOwn() {
    for (long seed = 0; seed < 5; seed++) {
      Map<FunctionTable, String> seen = new HashMap<>();
      Set<FunctionTable> executed = new HashSet<>();
      for (TaskProgram program : data(seed).programs()) {
        FunctionTable table = FunctionTable.of(program.program(), MODULUS);
        assertTrue(RandomArithmetic.refusal(table).isEmpty(), "seed " + seed + ", " + program);
        if (program.group().executed()) {
          executed.add(table);
        } else {
          String other = seen.put(table, program.id());
          assertEquals(null, other, "seed " + seed + ": the same function as " + program.id());
        }
      }
      for (Map.Entry<FunctionTable, String> held : seen.entrySet()) {
        assertFalse(executed.contains(held.getKey()), "seed " + seed + ": " + held.getValue());
      }
    }
  }

  @Test
  void evaluationInputsAreNeverTrainedOn() {
    TaskData data = data(1);
    Map<String, List<Execution>> training = data.executions(Split.TRAIN);
    Map<String, List<Execution>> evaluation = data.executions(Split.EVAL);
    for (TaskProgram program : data.programs()) {
      // What is never trained can be asked on any input.
      assertEquals(
          program.group().executed() ? 6 : MODULUS,
          evaluation.getOrDefault(program.id(), List.of()).size(),
          program::id);
      List<Execution> own = training.getOrDefault(program.id(), List.of());
      assertEquals(program.group().executed() ? MODULUS - 6 : 0, own.size(), program::id);
      Set<Object> trained = new HashSet<>(own.stream().map(Execution::input).toList());
      evaluation
          .getOrDefault(program.id(), List.of())
          .forEach(e -> assertFalse(trained.contains(e.input()), () -> program.id() + " " + e));
    }
  }

  @Test
  void wrongSourcesAreShownInACircle() {
    TaskData data = data(2);
    Map<String, TaskProgram> byId = data.byId();
    Set<String> shown = new HashSet<>();
    for (TaskProgram program : data.programs()) {
      if (program.group() == Group.WRONG_SOURCE) {
        String other = program.shown().orElseThrow();
        assertFalse(other.equals(program.id()), program::id);
        assertTrue(shown.add(other), () -> other + " is shown twice");
        TaskProgram instead = Objects.requireNonNull(byId.get(other));
        assertEquals(Group.WRONG_SOURCE, instead.group());
        assertEquals(program.operations(), instead.operations());
      }
    }
  }

  @Test
  void freshProgramsAreNeverThoseWithoutExecutions() {
    RandomArithmetic task = new RandomArithmetic(DIALS, 3);
    Set<FunctionTable> held = task.heldFunctions(task.generate(Set.of()).programs());
    for (int i = 0; i < 500; i++) {
      Program fresh = task.fresh(RandomStream.of(3, "test", i), 1 + i % 3, "f", held);
      assertFalse(held.contains(FunctionTable.of(fresh, MODULUS)), "draw " + i);
    }
  }

  @Test
  void theSameSeedGivesTheSameData() {
    assertEquals(data(4), data(4));
    assertFalse(data(4).equals(data(5)), "seeds 4 and 5 give the same data");
  }

  @Test
  void tooManyProgramsAreRefusedWithTheirSetting() {
    Dials greedy = new Dials(5, 3, List.of(new Setting(1, 0, 40, 0, 0)), 2);
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> new RandomArithmetic(greedy, 0).generate(Set.of()));
    assertTrue(refused.toString().contains("1 operations"), refused.toString());
  }
}
