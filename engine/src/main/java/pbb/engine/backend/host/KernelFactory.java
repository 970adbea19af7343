package pbb.engine.backend.host;

import java.lang.foreign.MemorySegment;
import java.util.function.Function;
import pbb.engine.graph.Op;
import pbb.engine.graph.Operand;

/** Makes the kernels of a host backend. */
@FunctionalInterface
public interface KernelFactory {

  /**
   * A kernel that computes {@code op}.
   *
   * @param op the op
   * @param memory the bytes of each of its operands: exactly those that the operand names,
   *     row-major
   */
  Kernel kernel(Op op, Function<Operand, MemorySegment> memory);
}
