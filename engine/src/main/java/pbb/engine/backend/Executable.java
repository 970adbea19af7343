package pbb.engine.backend;

import java.lang.foreign.MemorySegment;
import java.util.List;
import pbb.engine.graph.Program;
import pbb.engine.graph.Tensor;

/**
 * A compiled program with its storage. Its persistent tensors stay where the backend put them, on
 * the device if it has memory of its own; {@link #write} and {@link #read} are the only ways in and
 * out, and {@link #run} moves nothing but what was written since the last run, and what {@link
 * #placements} say.
 */
public interface Executable extends AutoCloseable {

  /** What was compiled. */
  Program program();

  /**
   * Copies host values into a persistent tensor; later runs see them.
   *
   * @param tensor a persistent tensor of the program, all slices
   * @param source its elements, four bytes each in native order, row-major
   */
  void write(Tensor tensor, MemorySegment source);

  /**
   * Copies a persistent tensor to the host.
   *
   * @param tensor a persistent tensor of the program, all slices
   * @param target room for its elements, four bytes each in native order, row-major
   */
  void read(Tensor tensor, MemorySegment target);

  /** Runs a graph of the program and returns when it is done. */
  void run(String graph);

  /**
   * Runs a graph as {@link #run} does, with the same results, and measures its kernels on the way,
   * which takes longer.
   */
  Profile profile(String graph);

  /** What was moved between host and device so far: nothing where the device is the host. */
  default Transfers transfers() {
    return Transfers.NONE;
  }

  /**
   * The ops that the device refused and that run on the host instead, one for each graph and op.
   */
  default List<Placement> placements() {
    return List.of();
  }

  /** Bytes of memory that the executable holds, on the device and for it on the host. */
  long bytes();

  @Override
  void close();
}
