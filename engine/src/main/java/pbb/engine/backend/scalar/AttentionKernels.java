package pbb.engine.backend.scalar;

import java.util.Arrays;
import pbb.engine.backend.host.Kernel;
import pbb.engine.graph.Attention;
import pbb.engine.graph.AttentionGradient;
import pbb.engine.graph.CacheWrite;
import pbb.engine.graph.CachedAttention;

/** Causal attention with grouped queries: over packed rows, its gradient, and over a cache. */
final class AttentionKernels {

  private AttentionKernels() {}

  static Kernel forward(Attention op, Operands operands) {
    Floats out = operands.floats(op.out()); // (B, T, Hq, D)
    Floats logSumExp = operands.floats(op.logSumExp()); // (B, T, Hq)
    Floats q = operands.floats(op.q()); // (B, T, Hq, D)
    Floats k = operands.floats(op.k()); // (B, T, Hkv, D)
    Floats v = operands.floats(op.v()); // (B, T, Hkv, D)
    Integers documentStart = operands.integers(op.documentStart()); // (B, T)
    int length = op.length(); // T
    int heads = op.numHeads(); // Hq
    int kvHeads = op.numKeyValueHeads(); // Hkv
    int dim = op.headDim(); // D
    Query query = new Query(q, k, v, out, dim, length);
    return () -> {
      for (long b = 0; b < op.batch(); b++) {
        for (int t = 0; t < length; t++) {
          int first = documentStart.get(b * length + t, t + 1);
          for (int h = 0; h < heads; h++) {
            int kvHead = h / (heads / kvHeads);
            long queryAt = ((b * length + t) * heads + h) * dim;
            long keysAt = (b * length * kvHeads + kvHead) * dim;
            double normalizer = query.attend(queryAt, keysAt, (long) kvHeads * dim, first, t);
            logSumExp.set((b * length + t) * heads + h, normalizer);
          }
        }
      }
    };
  }

  static Kernel cached(CachedAttention op, Operands operands) {
    Floats out = operands.floats(op.out()); // (B, T, Hq, D)
    Floats q = operands.floats(op.q()); // (B, T, Hq, D)
    Floats keys = operands.floats(op.keys()); // (B, S, Hkv, D)
    Floats values = operands.floats(op.values()); // (B, S, Hkv, D)
    Integers positions = operands.integers(op.positions()); // (B, T)
    int length = op.length(); // T
    int capacity = op.capacity(); // S
    int heads = op.numHeads(); // Hq
    int kvHeads = op.numKeyValueHeads(); // Hkv
    int dim = op.headDim(); // D
    Query query = new Query(q, keys, values, out, dim, capacity);
    return () -> {
      for (long b = 0; b < op.batch(); b++) {
        for (int t = 0; t < length; t++) {
          int last = positions.get(b * length + t, capacity);
          for (int h = 0; h < heads; h++) {
            int kvHead = h / (heads / kvHeads);
            long queryAt = ((b * length + t) * heads + h) * dim;
            long keysAt = (b * capacity * kvHeads + kvHead) * dim;
            query.attend(queryAt, keysAt, (long) kvHeads * dim, 0, last);
          }
        }
      }
    };
  }

  static Kernel cacheWrite(CacheWrite op, Operands operands) {
    Floats cache = operands.floats(op.cache()); // (B, S, W)
    Floats x = operands.floats(op.x()); // (B, T, W)
    Integers positions = operands.integers(op.positions()); // (B, T)
    long batch = op.cache().shape().get(0); // B
    int capacity = op.cache().shape().get(1); // S
    long width = op.cache().shape().get(2); // W
    long length = op.positions().shape().get(1); // T
    return () -> {
      for (long b = 0; b < batch; b++) {
        for (long t = 0; t < length; t++) {
          long position = positions.get(b * length + t, capacity);
          for (long w = 0; w < width; w++) {
            cache.set((b * capacity + position) * width + w, x.get((b * length + t) * width + w));
          }
        }
      }
    };
  }

  static Kernel backward(AttentionGradient op, Operands operands) {
    Floats gradient = operands.floats(op.gradient()); // (B, T, Hq, D)
    Floats q = operands.floats(op.q()); // (B, T, Hq, D)
    Floats k = operands.floats(op.k()); // (B, T, Hkv, D)
    Floats v = operands.floats(op.v()); // (B, T, Hkv, D)
    Floats out = operands.floats(op.out()); // (B, T, Hq, D)
    Floats logSumExp = operands.floats(op.logSumExp()); // (B, T, Hq)
    Integers documentStart = operands.integers(op.documentStart()); // (B, T)
    Target dqTarget = operands.target(op.dq()); // (B, T, Hq, D)
    Target dkTarget = operands.target(op.dk()); // (B, T, Hkv, D)
    Target dvTarget = operands.target(op.dv()); // (B, T, Hkv, D)
    int length = op.length(); // T
    int heads = op.numHeads(); // Hq
    int kvHeads = op.numKeyValueHeads(); // Hkv
    int dim = op.headDim(); // D
    double scale = 1 / Math.sqrt(dim);
    double[] dq = new double[Math.toIntExact(op.q().size())];
    double[] dk = new double[Math.toIntExact(op.k().size())];
    double[] dv = new double[Math.toIntExact(op.v().size())];
    return () -> {
      Arrays.fill(dq, 0);
      Arrays.fill(dk, 0);
      Arrays.fill(dv, 0);
      for (int b = 0; b < op.batch(); b++) {
        for (int t = 0; t < length; t++) {
          int first = documentStart.get((long) b * length + t, t + 1);
          for (int h = 0; h < heads; h++) {
            int kvHead = h / (heads / kvHeads);
            int row = (b * length + t) * heads + h;
            int atQ = row * dim;
            double outGradient = 0; // rowsum(dO ∘ O)
            for (int d = 0; d < dim; d++) {
              outGradient += gradient.get(atQ + d) * out.get(atQ + d);
            }
            for (int u = first; u <= t; u++) {
              int atK = ((b * length + u) * kvHeads + kvHead) * dim;
              double score = 0;
              double dProbability = 0; // dO·Vᵀ
              for (int d = 0; d < dim; d++) {
                score += scale * q.get(atQ + d) * k.get(atK + d);
                dProbability += gradient.get(atQ + d) * v.get(atK + d);
              }
              double probability = StrictMath.exp(score - logSumExp.get(row));
              double dScore = probability * (dProbability - outGradient);
              for (int d = 0; d < dim; d++) {
                dv[atK + d] += probability * gradient.get(atQ + d);
                dq[atQ + d] += scale * dScore * k.get(atK + d);
                dk[atK + d] += scale * dScore * q.get(atQ + d);
              }
            }
          }
        }
      }
      put(dqTarget, dq);
      put(dkTarget, dk);
      put(dvTarget, dv);
    };
  }

  private static void put(Target target, double[] values) {
    for (int i = 0; i < values.length; i++) {
      target.put(i, values[i]);
    }
  }

  /** What one query does, in training and in generation. */
  private static final class Query {
    final Floats q;
    final Floats k;
    final Floats v;
    final Floats out;
    final int dim;
    final double[] scores; // one for each key, as the next
    final double[] probabilities;

    Query(Floats q, Floats k, Floats v, Floats out, int dim, int keys) {
      this.q = q;
      this.k = k;
      this.v = v;
      this.out = out;
      this.dim = dim;
      this.scores = new double[keys];
      this.probabilities = new double[keys];
    }

    /**
     * Attends to the keys {@code first} to {@code last}.
     *
     * @param at where the query starts, and its output
     * @param keysAt where key 0 starts, and value 0
     * @param keyStride from one key to the next
     * @return log Σ exp(score)
     */
    double attend(long at, long keysAt, long keyStride, int first, int last) {
      double scale = 1 / Math.sqrt(dim);
      double max = Double.NEGATIVE_INFINITY;
      for (int u = first; u <= last; u++) {
        double score = 0;
        for (int d = 0; d < dim; d++) {
          score += scale * q.get(at + d) * k.get(keysAt + u * keyStride + d);
        }
        scores[u] = score;
        max = Math.max(max, score);
      }
      double sum = 0;
      for (int u = first; u <= last; u++) {
        sum += StrictMath.exp(scores[u] - max);
      }
      double normalizer = max + StrictMath.log(sum);
      for (int u = first; u <= last; u++) {
        probabilities[u] = StrictMath.exp(scores[u] - normalizer);
      }
      for (int d = 0; d < dim; d++) {
        double weighted = 0;
        for (int u = first; u <= last; u++) {
          weighted += probabilities[u] * v.get(keysAt + u * keyStride + d);
        }
        out.set(at + d, weighted);
      }
      return normalizer;
    }
  }
}
