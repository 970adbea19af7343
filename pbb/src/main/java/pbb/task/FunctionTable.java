package pbb.task;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import pbb.lang.Interpreter;
import pbb.lang.Outcome;
import pbb.lang.PreparedProgram;
import pbb.lang.Program;
import pbb.lang.Value;

/**
 * A program as a function: its output for every input of a finite domain. Two programs are the same
 * function if and only if their tables are equal.
 *
 * @param outputs as Python's {@code str} prints them, in the order of the domain
 */
public record FunctionTable(List<String> outputs) {

  /** Copies the list. */
  public FunctionTable {
    outputs = List.copyOf(outputs);
  }

  /**
   * The table of {@code program} over the integers 0 to {@code domain − 1}.
   *
   * @throws IllegalArgumentException if the program fails on one of them
   */
  public static FunctionTable of(Program program, int domain) {
    PreparedProgram prepared = new Interpreter().prepare(program);
    List<String> outputs = new ArrayList<>(domain);
    for (int x = 0; x < domain; x++) {
      switch (prepared.run(List.of(Value.of(x)))) {
        case Outcome.Returned returned -> outputs.add(returned.value().toString());
        case Outcome.Failed failed ->
            throw new IllegalArgumentException(
                "program " + program.name() + " fails on " + x + ": " + failed);
      }
    }
    return new FunctionTable(outputs);
  }

  /** How many different outputs there are. */
  public int distinctOutputs() {
    return new HashSet<>(outputs).size();
  }

  /** How many inputs have the most frequent output. */
  public int mostFrequent() {
    Map<String, Integer> counts = new HashMap<>();
    outputs.forEach(output -> counts.merge(output, 1, Integer::sum));
    return counts.values().stream().mapToInt(Integer::intValue).max().orElse(0);
  }

  /** How many inputs are their own output. */
  public int fixedPoints() {
    int fixed = 0;
    for (int x = 0; x < outputs.size(); x++) {
      if (outputs.get(x).equals(Integer.toString(x))) {
        fixed++;
      }
    }
    return fixed;
  }
}
