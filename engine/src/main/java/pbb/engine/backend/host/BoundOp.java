package pbb.engine.backend.host;

import java.lang.foreign.MemorySegment;
import java.util.List;
import pbb.engine.graph.Op;

/**
 * An op on the operands of one layer.
 *
 * @param op the op
 * @param kernel computes it
 * @param reads the memory of its inputs, and of the outputs that it adds to
 * @param writes the memory of its outputs
 */
public record BoundOp(
    Op op, Kernel kernel, List<MemorySegment> reads, List<MemorySegment> writes) {}
