package pbb.engine.graph;

import java.util.List;

/**
 * One coarse operation on tensors of static shape. A record for each kind holds its operands,
 * checks their shapes when it is made, and, where training needs it, states its gradient rule.
 * Backends decide how it is computed; what it computes is defined by the scalar backend.
 */
public sealed interface Op
    permits Op.Differentiable,
        AdamW,
        AttentionGradient,
        CacheWrite,
        CachedAttention,
        ClipFactor,
        CrossEntropyGradient,
        EmbeddingGradient,
        RmsNormGradient,
        SquaredNorm,
        SwiGluGradient,
        TakeRows {

  /**
   * What is read, in the order of the record's components; what is added to counts as written only.
   */
  List<Operand> inputs();

  /** What is written, in the order of the record's components. */
  List<Destination> outputs();

  /**
   * Where an output may lie in the place of an input that nothing reads afterwards: of the output,
   * an element depends on the input's element at its place and, at most, on others of the same row,
   * which a kernel reads before it writes there. Both have one shape, so rows share memory with the
   * same rows only. Backends may make use of it.
   */
  default List<InPlace> inPlace() {
    return List.of();
  }

  /**
   * An output that may be written over an input.
   *
   * @param input what is read
   * @param output what is written, of the same shape, overwriting
   */
  record InPlace(Operand input, Operand output) {}

  /**
   * Floating-point operations of one run, counting a fused multiply-add as two; 0 where they do not
   * matter.
   */
  default long flops() {
    return 0;
  }

  /** The op's name, as it stands in logs and in the op table. */
  default String name() {
    return getClass().getSimpleName();
  }

  /** An op of the forward pass that training passes gradients through. */
  sealed interface Differentiable extends Op
      permits Add, Attention, CrossEntropy, Embedding, MatMul, RmsNorm, Rope, SwiGlu {

    /** Emits the ops that turn the gradients of the outputs into those of the inputs. */
    void differentiate(Tape tape);
  }

  /** What a gradient rule sees of the backward pass that is being built. */
  interface Tape {

    /**
     * The gradient of the loss by {@code output}, complete: every op that reads the output has
     * contributed.
     */
    Operand gradient(Operand output);

    /** Where the op's contribution to the gradient by {@code input} goes. */
    Destination contribution(Operand input);

    /**
     * Says that the gradient by {@code input} is just that by {@code output}, as for the terms of a
     * sum, so that no op need copy it.
     */
    void pass(Operand output, Operand input);

    /** Appends an op to the backward pass. */
    void emit(Op op);
  }

  /** Throws unless the operands have the shapes and types that {@code op} needs. */
  static void require(boolean condition, String op, String rule, Object... operands) {
    if (!condition) {
      throw new IllegalArgumentException(op + " needs " + rule + ", not " + List.of(operands));
    }
  }
}
