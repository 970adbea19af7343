package pbb.eval;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import pbb.lang.Value;
import pbb.task.Execution;
import pbb.task.FunctionTable;
import pbb.task.Split;
import pbb.task.TaskData;
import pbb.task.TaskProgram;

/**
 * How many programs with executions are the same function as another one with executions. The split
 * allows that, and it lets some of their queries be answered by what was trained under the other's
 * name; programs without executions have no twin.
 *
 * @param programs programs with executions that have a twin
 * @param of programs with executions
 * @param queries queries about programs that have a twin, on an input that a twin was trained on
 * @param ofQueries all queries about programs that have a twin
 */
public record Twins(int programs, int of, int queries, int ofQueries) {

  /**
   * Counts them.
   *
   * @param domain programs are functions of the integers 0 to {@code domain − 1}
   * @param queries what is asked
   */
  public static Twins of(TaskData data, int domain, List<Query> queries) {
    Map<FunctionTable, List<String>> byFunction = new HashMap<>();
    Map<String, List<String>> family = new HashMap<>();
    for (TaskProgram program : data.programs()) {
      if (program.group().executed()) {
        List<String> same =
            byFunction.computeIfAbsent(
                FunctionTable.of(program.program(), domain), _ -> new ArrayList<>());
        same.add(program.id());
        family.put(program.id(), same);
      }
    }
    Map<String, Set<Value>> trained = new HashMap<>();
    for (Execution execution : data.executions()) {
      if (execution.split() == Split.TRAIN) {
        trained
            .computeIfAbsent(execution.program(), _ -> new HashSet<>())
            .add(execution.input().getFirst());
      }
    }
    int asked = 0;
    int answered = 0;
    for (Query query : queries) {
      List<String> same = family.getOrDefault(query.program(), List.of());
      if (same.size() > 1) {
        asked++;
        boolean known =
            same.stream()
                .filter(id -> !id.equals(query.program()))
                .anyMatch(id -> trained.getOrDefault(id, Set.of()).contains(query.input()));
        answered += known ? 1 : 0;
      }
    }
    int twins = (int) family.values().stream().filter(same -> same.size() > 1).count();
    return new Twins(twins, family.size(), answered, asked);
  }

  /** What was counted, in one sentence. */
  public String sentence() {
    if (programs == 0) {
      return "None of the "
          + of
          + " programs with executions is the same function as another one with executions.";
    }
    return programs
        + " of "
        + of
        + " programs with executions are the same function as another one with executions; for "
        + queries
        + " of their "
        + ofQueries
        + " evaluation queries such a twin was trained on that input.";
  }
}
