package pbb.lang;

import org.jspecify.annotations.Nullable;

/**
 * Where a piece of syntax stands in the source text it was parsed from.
 *
 * <p>A position says where, never what, so <b>all positions are equal</b>: a parsed program equals
 * the same program that was built in code. Compare {@link #line} and {@link #column} to tell two
 * positions apart.
 *
 * @param line from 1; 0 for syntax that was built rather than parsed
 * @param column from 1, in code points; 0 for syntax that was built
 */
public record Position(int line, int column) {

  /** The position of syntax that was built in code and stands in no text. */
  public static final Position NONE = new Position(0, 0);

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Position;
  }

  @Override
  public int hashCode() {
    return 0;
  }

  @Override
  public String toString() {
    return line == 0 ? "" : "line " + line + ", column " + column;
  }
}
