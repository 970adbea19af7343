package pbb.engine.conformance;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import pbb.engine.backend.Backend;
import pbb.engine.backend.Executable;
import pbb.engine.backend.scalar.ScalarBackend;
import pbb.engine.graph.DataType;
import pbb.engine.graph.Program;
import pbb.engine.graph.Tensor;

/** A compiled program whose tensors are written and read as arrays of doubles, integers too. */
public final class Session implements AutoCloseable {

  private final Executable executable;
  private final int floatBytes;

  /** Compiles {@code program}. */
  public Session(Backend backend, Program program) {
    this.executable = backend.compile(program);
    this.floatBytes = backend instanceof ScalarBackend scalar ? scalar.floatBytes() : Float.BYTES;
  }

  /** Replaces all slices of {@code tensor}. */
  public void write(Tensor tensor, double[] values) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = allocate(arena, tensor);
      for (int i = 0; i < values.length; i++) {
        if (tensor.type() == DataType.I32) {
          segment.setAtIndex(ValueLayout.JAVA_INT, i, (int) values[i]);
        } else if (floatBytes == Float.BYTES) {
          segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) values[i]);
        } else {
          segment.setAtIndex(ValueLayout.JAVA_DOUBLE, i, values[i]);
        }
      }
      executable.write(tensor, segment);
    }
  }

  /** Writes each tensor that the program has. */
  public void write(Map<Tensor, double[]> values) {
    values.forEach(
        (tensor, array) -> {
          if (executable.program().persistentTensors().contains(tensor)) {
            write(tensor, array);
          }
        });
  }

  /** All slices of {@code tensor}. */
  public double[] read(Tensor tensor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = allocate(arena, tensor);
      executable.read(tensor, segment);
      double[] values = new double[Math.toIntExact(tensor.size())];
      for (int i = 0; i < values.length; i++) {
        values[i] =
            tensor.type() == DataType.I32
                ? segment.getAtIndex(ValueLayout.JAVA_INT, i)
                : floatBytes == Float.BYTES
                    ? segment.getAtIndex(ValueLayout.JAVA_FLOAT, i)
                    : segment.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
      }
      return values;
    }
  }

  /** Runs a graph of the program. */
  public void run(String graph) {
    executable.run(graph);
  }

  private MemorySegment allocate(Arena arena, Tensor tensor) {
    return arena.allocate(
        tensor.size() * (tensor.type() == DataType.I32 ? Integer.BYTES : floatBytes), 64);
  }

  @Override
  public void close() {
    executable.close();
  }
}
