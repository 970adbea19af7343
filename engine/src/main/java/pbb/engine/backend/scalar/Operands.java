package pbb.engine.backend.scalar;

import java.lang.foreign.MemorySegment;
import java.util.function.Function;
import pbb.engine.graph.Destination;
import pbb.engine.graph.Operand;

/**
 * An op's operands as its kernel sees them.
 *
 * @param memory the bytes of an operand
 * @param doubles whether a stored float takes eight bytes, rather than four
 */
record Operands(Function<Operand, MemorySegment> memory, boolean doubles) {

  Floats floats(Operand operand) {
    MemorySegment bytes = memory.apply(operand);
    return doubles ? new Floats.Doubles(bytes) : new Floats.Singles(bytes);
  }

  Target target(Destination destination) {
    return new Target(floats(destination.operand()), destination.accumulate());
  }

  Integers integers(Operand operand) {
    return new Integers(operand.tensor().name(), memory.apply(operand));
  }
}
