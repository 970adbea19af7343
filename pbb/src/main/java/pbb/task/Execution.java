package pbb.task;

import java.util.List;
import pbb.lang.Value;

/**
 * A program run on an input.
 *
 * @param program the program's id
 * @param input the arguments
 * @param output what Python's {@code str} prints of the result
 * @param steps the variable that each step assigned and its value, such as {@code a 8}
 * @param split which side of the split it is on
 */
public record Execution(
    String program, List<Value> input, String output, List<String> steps, Split split) {

  /** Copies the lists. */
  public Execution {
    input = List.copyOf(input);
    steps = List.copyOf(steps);
  }
}
