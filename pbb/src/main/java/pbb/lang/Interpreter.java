package pbb.lang;

import java.util.List;

/**
 * Runs programs as Python would, within limits. Beyond those there is one difference: text is whole
 * characters, so that {@code chr} of half a surrogate pair is a {@code ValueError}.
 *
 * @param limits how much a run may use
 */
public record Interpreter(Limits limits) {

  /** An interpreter with {@link Limits#DEFAULT}. */
  public Interpreter() {
    this(Limits.DEFAULT);
  }

  /** Makes a program ready for many runs: {@link #run} and {@link #trace} do it each time. */
  public PreparedProgram prepare(Program program) {
    return new PreparedProgram(program, limits);
  }

  /** {@link PreparedProgram#run} of the program. */
  public Outcome run(Program program, List<? extends Value> arguments) {
    return prepare(program).run(arguments);
  }

  /** {@link PreparedProgram#trace} of the program. */
  public Trace trace(Program program, List<? extends Value> arguments) {
    return prepare(program).trace(arguments);
  }
}
