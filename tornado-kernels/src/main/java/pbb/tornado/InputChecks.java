package pbb.tornado;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pbb.engine.graph.Attention;
import pbb.engine.graph.AttentionGradient;
import pbb.engine.graph.CacheWrite;
import pbb.engine.graph.CachedAttention;
import pbb.engine.graph.CrossEntropy;
import pbb.engine.graph.CrossEntropyGradient;
import pbb.engine.graph.Embedding;
import pbb.engine.graph.EmbeddingGradient;
import pbb.engine.graph.Graph;
import pbb.engine.graph.Op;
import pbb.engine.graph.Operand;
import pbb.engine.graph.Program;
import pbb.engine.graph.Role;
import pbb.engine.graph.Rope;
import pbb.engine.graph.TakeRows;
import pbb.engine.graph.Tensor;

/**
 * Looks at the integers that the host has written before a graph uses them: a kernel that reads or
 * writes at a wrong place of the device's memory says nothing and may take the process down.
 */
final class InputChecks {

  /** The host's copies of inputs. */
  interface Values {

    /** An integer of an input. */
    int integer(Tensor tensor, int index);

    /** A float of an input. */
    float number(Tensor tensor, int index);
  }

  private sealed interface Check {

    Tensor tensor();

    /** Each in [0, bound); where there are weights, only where they are not 0. */
    record Below(Tensor tensor, int bound, Optional<Tensor> weights) implements Check {}

    /** Starts of documents, in rows of {@code length}: never later than here, never decreasing. */
    record Starts(Tensor tensor, int length) implements Check {}
  }

  private final Map<String, List<Check>> checks = new HashMap<>();

  /** How often each input was written. */
  private final Map<Tensor, Long> versions = new HashMap<>();

  /** For each graph, the versions that it has looked at. */
  private final Map<String, Map<Tensor, Long>> seen = new HashMap<>();

  InputChecks(Program program) {
    for (Graph graph : program.graphs()) {
      Map<Check, Boolean> unique = new LinkedHashMap<>();
      graph.sections().forEach(section -> section.ops().forEach(op -> collect(op, unique)));
      checks.put(graph.name(), new ArrayList<>(unique.keySet()));
      seen.put(graph.name(), new HashMap<>());
    }
  }

  private static void collect(Op op, Map<Check, Boolean> into) {
    switch (op) {
      case Embedding e -> below(e.tokens(), e.table().shape().get(0), into);
      case EmbeddingGradient e -> below(e.tokens(), e.table().shape().get(0), into);
      case TakeRows t -> below(t.rows(), t.x().shape().get(0), into);
      case Rope r -> below(r.positions(), r.positionLimit(), into);
      case CacheWrite c -> below(c.positions(), c.cache().shape().get(1), into);
      case CachedAttention c -> below(c.positions(), c.capacity(), into);
      case CrossEntropy c -> targets(c.targets(), c.weights(), c.logits(), into);
      case CrossEntropyGradient c -> targets(c.targets(), c.weights(), c.logits(), into);
      case Attention a -> starts(a.documentStart(), a.length(), into);
      case AttentionGradient a -> starts(a.documentStart(), a.length(), into);
      default -> {}
    }
  }

  private static boolean isWhole(Operand operand) {
    return operand.tensor().role() == Role.INPUT && operand.size() == operand.tensor().size();
  }

  private static void below(Operand operand, int bound, Map<Check, Boolean> into) {
    if (isWhole(operand)) {
      into.put(new Check.Below(operand.tensor(), bound, Optional.empty()), true);
    }
  }

  private static void targets(
      Operand targets, Operand weights, Operand logits, Map<Check, Boolean> into) {
    if (isWhole(targets) && isWhole(weights)) {
      into.put(
          new Check.Below(targets.tensor(), logits.shape().get(1), Optional.of(weights.tensor())),
          true);
    }
  }

  private static void starts(Operand operand, int length, Map<Check, Boolean> into) {
    if (isWhole(operand)) {
      into.put(new Check.Starts(operand.tensor(), length), true);
    }
  }

  /** Says that an input has new values. */
  void written(Tensor tensor) {
    versions.merge(tensor, 1L, Long::sum);
  }

  /**
   * Looks at what was written since the graph was last run.
   *
   * @throws IllegalArgumentException if an integer is not one that the graph's ops may be given;
   *     the message names it
   */
  void check(String graph, Values values) {
    Map<Tensor, Long> known = seen.getOrDefault(graph, new HashMap<>());
    for (Check check : checks.getOrDefault(graph, List.of())) {
      if (isNew(check.tensor(), known)
          || (check instanceof Check.Below(_, _, Optional<Tensor> weights)
              && weights.isPresent()
              && isNew(weights.get(), known))) {
        look(check, values);
      }
    }
    known.putAll(versions);
  }

  private boolean isNew(Tensor tensor, Map<Tensor, Long> known) {
    return !versions.getOrDefault(tensor, 0L).equals(known.getOrDefault(tensor, 0L));
  }

  private static void look(Check check, Values values) {
    int size = Math.toIntExact(check.tensor().size());
    switch (check) {
      case Check.Below(Tensor tensor, int bound, Optional<Tensor> weights) -> {
        for (int i = 0; i < size; i++) {
          int value = values.integer(tensor, i);
          if ((value < 0 || value >= bound)
              && (weights.isEmpty() || values.number(weights.get(), i) != 0)) {
            throw new IllegalArgumentException(
                "element "
                    + i
                    + " of "
                    + tensor.name()
                    + " must be in [0, "
                    + bound
                    + "), not "
                    + value);
          }
        }
      }
      case Check.Starts(Tensor tensor, int length) -> {
        for (int i = 0; i < size; i++) {
          int value = values.integer(tensor, i);
          int least = i % length == 0 ? 0 : values.integer(tensor, i - 1);
          if (value < least || value > i % length) {
            throw new IllegalArgumentException(
                "element "
                    + i
                    + " of "
                    + tensor.name()
                    + " must be in ["
                    + least
                    + ", "
                    + i % length
                    + "], where documents follow each other, not "
                    + value);
          }
        }
      }
    }
  }
}
