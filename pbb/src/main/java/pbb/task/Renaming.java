package pbb.task;

import java.util.ArrayList;
import java.util.List;
import pbb.lang.Function;
import pbb.lang.Program;

/**
 * Gives a program another name, as when its source stands under another program's, or under none.
 */
public final class Renaming {

  private Renaming() {}

  /**
   * The same program under {@code name}.
   *
   * @throws IllegalArgumentException if the program has helper functions, whose calls would have to
   *     be followed
   */
  public static Program rename(Program program, String name) {
    if (program.functions().size() > 1) {
      throw new IllegalArgumentException(
          "program " + program.name() + " has helper functions and cannot be renamed");
    }
    Function main = program.main();
    List<Function> functions = new ArrayList<>();
    functions.add(new Function(name, main.parameters(), main.body()));
    return new Program(functions);
  }
}
