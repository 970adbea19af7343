package pbb.lang;

import org.jspecify.annotations.Nullable;

/** One call of a function: its variables, and what it returned. */
final class Frame {

  final ProgramRun execution;
  final ExecutableFunction function;

  /** The variables, parameters first; null while unbound. */
  final @Nullable Value[] slots;

  Value returned = NoneValue.NONE;

  Frame(ProgramRun execution, ExecutableFunction function, @Nullable Value[] slots) {
    this.execution = execution;
    this.function = function;
    this.slots = slots;
  }
}
