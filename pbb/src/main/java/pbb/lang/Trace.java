package pbb.lang;

import java.util.List;

/**
 * How a run ended, and the states that it went through, in their order; those before a failure
 * included.
 */
public record Trace(Outcome outcome, List<State> states) {

  public Trace {
    states = List.copyOf(states);
  }
}
