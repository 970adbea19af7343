package pbb.lang;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A function whose variables have become slots and whose body is ready to run. */
final class ExecutableFunction {

  private final String name;
  private final int parameters;
  private final List<String> variables;
  private Action body = _ -> Action.Next.RETURN;

  /**
   * @param variables all that the function binds, its parameters first
   */
  ExecutableFunction(String name, int parameters, List<String> variables) {
    this.name = name;
    this.parameters = parameters;
    this.variables = List.copyOf(variables);
  }

  /** Gives the function its body, which may call any function of the program, this one too. */
  void define(Action newBody) {
    body = newBody;
  }

  String name() {
    return name;
  }

  int parameters() {
    return parameters;
  }

  String variable(int slot) {
    return variables.get(slot);
  }

  /** The slot of a variable, or -1 if the function binds none of that name. */
  int slot(String variable) {
    return variables.indexOf(variable);
  }

  /** The slots for a call, all unbound. */
  @Nullable Value[] newSlots() {
    return new @Nullable Value[variables.size()];
  }

  /** Runs the body, the arguments being in {@code slots} already. */
  Value call(ProgramRun execution, @Nullable Value[] slots) {
    int callingLine = execution.line();
    execution.enter();
    Frame frame = new Frame(execution, this, slots);
    body.execute(frame);
    execution.leave(callingLine);
    return frame.returned;
  }
}
