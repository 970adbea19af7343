package pbb.lang;

import java.util.Optional;

/**
 * The built-in functions; {@code range} is part of the {@code for} loop ({@link
 * Statement.ForRange}) instead.
 */
public enum Builtin {
  LEN("len"),
  STR("str"),
  INT("int"),
  ORD("ord"),
  CHR("chr"),
  MIN("min"),
  MAX("max"),
  ABS("abs");

  private final String identifier;

  Builtin(String identifier) {
    this.identifier = identifier;
  }

  /** As Python writes it. */
  public String identifier() {
    return identifier;
  }

  /** The built-in function of that name, if there is one. */
  public static Optional<Builtin> of(String identifier) {
    for (Builtin builtin : values()) {
      if (builtin.identifier.equals(identifier)) {
        return Optional.of(builtin);
      }
    }
    return Optional.empty();
  }
}
