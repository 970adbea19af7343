package pbb.lang;

import java.util.ArrayList;
import java.util.List;

/** An execution that keeps the states it goes through. */
final class TracedRun extends ProgramRun {

  private final List<State> states = new ArrayList<>();

  TracedRun(Limits limits) {
    super(limits);
  }

  @Override
  void changed(Frame frame, long step, int atLine, int[] slots) {
    List<State.Binding> bindings = new ArrayList<>(slots.length);
    for (int slot : slots) {
      Value value = frame.slots[slot];
      if (value != null) {
        Value then = value instanceof ListValue list ? list.deepCopy() : value;
        bindings.add(new State.Binding(frame.function.variable(slot), then));
      }
    }
    if (!bindings.isEmpty()) {
      states.add(new State(step, atLine, frame.function.name(), depth(), bindings));
    }
  }

  List<State> states() {
    return states;
  }
}
