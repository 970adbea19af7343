package pbb.lang;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A program made ready by {@link Interpreter#prepare} to be run on many inputs. Safe for use by
 * several threads.
 */
public final class PreparedProgram {

  private final String name;
  private final ExecutableFunction main;
  private final Limits limits;

  PreparedProgram(Program program, Limits limits) {
    this.name = program.name();
    this.main = Preparation.prepare(program, limits);
    this.limits = limits;
  }

  /**
   * Runs the program. The arguments stay as they are, even if the program changes its lists.
   *
   * @param arguments one per parameter of the program
   * @throws IllegalArgumentException if there are more or fewer
   */
  public Outcome run(List<? extends Value> arguments) {
    return run(arguments, new ProgramRun(limits));
  }

  /**
   * Runs the program and keeps the states it goes through. Each state holds copies of its lists, so
   * that a trace may take up to steps × size elements.
   *
   * @param arguments one per parameter of the program
   * @throws IllegalArgumentException if there are more or fewer
   */
  public Trace trace(List<? extends Value> arguments) {
    TracedRun execution = new TracedRun(limits);
    return new Trace(run(arguments, execution), execution.states());
  }

  private Outcome run(List<? extends Value> arguments, ProgramRun execution) {
    if (arguments.size() != main.parameters()) {
      throw new IllegalArgumentException(
          "the program '"
              + name
              + "' takes "
              + main.parameters()
              + " arguments, not "
              + arguments.size());
    }
    @Nullable Value[] slots = main.newSlots();
    for (int i = 0; i < arguments.size(); i++) {
      slots[i] = arguments.get(i) instanceof ListValue list ? list.deepCopy() : arguments.get(i);
    }
    try {
      Value value = main.call(execution, slots);
      new Sequences(limits).checkPrintable(value);
      return new Outcome.Returned(value, execution.steps());
    } catch (ProgramError error) {
      return new Outcome.Failed(error.kind(), error.text(), execution.line(), execution.steps());
    } catch (StackOverflowError error) {
      throw new IllegalStateException(
          "the Java stack is too small for the program '"
              + name
              + "' with "
              + limits.depth()
              + " nested calls; lower Limits.depth or raise the thread's stack size (-Xss)",
          error);
    }
  }
}
