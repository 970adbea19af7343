package pbb.engine.graph;

import java.util.List;

/** A run of ops within a graph. */
public sealed interface Section {

  /** The ops, in the order in which they run. */
  List<Op> ops();

  /** How often the ops are run. */
  int layers();

  /** The layer of the {@code iteration}-th pass over the ops. */
  int layer(int iteration);

  /** Ops that are run once. */
  record Plain(List<Op> ops) implements Section {

    /** Copies the list. */
    public Plain {
      ops = List.copyOf(ops);
    }

    @Override
    public int layers() {
      return 1;
    }

    @Override
    public int layer(int iteration) {
      return 0;
    }
  }

  /**
   * The same ops for each layer of a model, on the layer's slices: a device compiles them once.
   *
   * @param layers how many layers there are
   * @param reversed whether the last layer comes first, as in a backward pass
   * @param ops the ops of one layer
   */
  record Repeated(int layers, boolean reversed, List<Op> ops) implements Section {

    /** Copies the list. */
    public Repeated {
      ops = List.copyOf(ops);
    }

    @Override
    public int layer(int iteration) {
      return reversed ? layers - 1 - iteration : iteration;
    }
  }
}
