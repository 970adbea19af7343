package pbb.lang;

import java.util.List;

/**
 * What one step left in the variables that it assigned or changed.
 *
 * <p>Such steps are assignments, rounds of a {@code for}, and statements or conditions with a
 * method call such as {@code a.append(1)}, which changes {@code a}. A list that a helper changes
 * shows in the helper, under its name there. What a step calls comes before it.
 *
 * @param step which step of the run, from 1, as {@link Limits} defines steps
 * @param line of the statement, from 1; 0 if the program was built in code
 * @param function whose variables these are
 * @param depth how many calls deep; 1 in the program itself, more in what it calls
 * @param bindings at least one; first what methods changed, the assigned variable last; lists as
 *     they were then
 */
public record State(long step, int line, String function, int depth, List<Binding> bindings) {

  /** A variable and its value. */
  public record Binding(String variable, Value value) {}

  public State {
    bindings = List.copyOf(bindings);
  }
}
