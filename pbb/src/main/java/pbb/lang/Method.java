package pbb.lang;

import java.util.Optional;

/** The methods that a value can be asked for; all belong to lists. */
public enum Method {
  APPEND("append"),
  POP("pop");

  private final String identifier;

  Method(String identifier) {
    this.identifier = identifier;
  }

  /** As Python writes it. */
  public String identifier() {
    return identifier;
  }

  /** The method of that name, if there is one. */
  public static Optional<Method> of(String identifier) {
    for (Method method : values()) {
      if (method.identifier.equals(identifier)) {
        return Optional.of(method);
      }
    }
    return Optional.empty();
  }
}
