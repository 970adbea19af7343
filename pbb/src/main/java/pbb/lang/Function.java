package pbb.lang;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A function definition.
 *
 * @param parameters distinct names
 * @param body not empty
 * @param position of the {@code def}; no part of equality
 */
public record Function(
    String name, List<String> parameters, List<Statement> body, Position position) {

  public Function {
    Identifiers.check(name, position);
    parameters = List.copyOf(parameters);
    body = Bodies.notEmpty("def", body);
    Set<String> seen = new HashSet<>();
    for (String parameter : parameters) {
      Identifiers.check(parameter, position);
      if (!seen.add(parameter)) {
        throw new SyntaxException(
            position, "function '" + name + "' has two parameters named '" + parameter + "'");
      }
    }
  }

  public Function(String name, List<String> parameters, List<Statement> body) {
    this(name, parameters, body, Position.NONE);
  }
}
