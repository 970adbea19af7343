package pbb.lang;

import java.util.List;

/**
 * A program: helper functions, and last the function that is the program itself.
 *
 * @param functions at least one, with distinct names
 */
public record Program(List<Function> functions) {

  /**
   * @throws SyntaxException if the functions do not make a program, such as one whose {@code break}
   *     is in no loop or that assigns to a function's name
   */
  public Program {
    functions = List.copyOf(functions);
    ProgramCheck.check(functions);
  }

  /** The function that is the program: the last one. */
  public Function main() {
    return functions.getLast();
  }

  /** The name of {@link #main}. */
  public String name() {
    return main().name();
  }
}
