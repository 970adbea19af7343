package pbb.engine.generate;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import pbb.engine.backend.Backend;
import pbb.engine.backend.Executable;
import pbb.engine.graph.MemoryPlan;
import pbb.engine.graph.Program;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;

/**
 * Generates with static shapes: B slots, each of which holds a sequence, room in the cache for S
 * positions of each, and two passes, one that reads up to P tokens of every slot and one that reads
 * one.
 *
 * <p>A slot whose sequence has ended takes the next prompt at once, whatever the others are at.
 * Each pass feeds every slot what it has: a new prompt goes in by chunks of P tokens if enough
 * slots have that much to read, and token by token while the others generate if not. What a slot
 * has no token for is padding: it goes to later positions, which real tokens overwrite before any
 * reads them, or to the last one, which real tokens never reach.
 */
final class Decoder implements AutoCloseable {

  /** The shapes. */
  record Shape(int batch, int chunk, int capacity) {}

  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT;
  private static final int IDLE = -1;

  private final Shape shape;
  private final Executable executable;
  private final Pass chunkPass;
  private final Pass tokenPass;
  private final MemorySegment logits; // (B, V)

  // For each slot: the prompt it works on, its tokens, how many they are, and how many are in the
  // cache.
  private final int[] prompt;
  private final int[][] tokens; // (B, S)
  private final int[] known;
  private final int[] fed;

  /** A pass and the host's side of its inputs. */
  private record Pass(
      Transformer.Generation pass,
      int length,
      MemorySegment tokens,
      MemorySegment positions,
      MemorySegment lastRows) {

    static Pass of(Transformer.Generation pass, int batch, int length, Arena arena) {
      long bytes = (long) batch * length * Integer.BYTES;
      return new Pass(
          pass,
          length,
          arena.allocate(bytes, MemoryPlan.ALIGNMENT),
          arena.allocate(bytes, MemoryPlan.ALIGNMENT),
          arena.allocate((long) batch * Integer.BYTES, MemoryPlan.ALIGNMENT));
    }
  }

  Decoder(Backend backend, Weights weights, Shape shape) {
    this.shape = shape;
    Transformer model = weights.model();
    Arena arena = Arena.ofAuto();
    int batch = shape.batch();
    chunkPass =
        Pass.of(
            model.generation("prompt", batch, shape.chunk(), shape.capacity()),
            batch,
            shape.chunk(),
            arena);
    tokenPass = Pass.of(model.generation("decode", batch, 1, shape.capacity()), batch, 1, arena);
    logits =
        arena.allocate(
            (long) batch * model.config().vocabularySize() * Float.BYTES, MemoryPlan.ALIGNMENT);
    prompt = new int[batch];
    tokens = new int[batch][shape.capacity()];
    known = new int[batch];
    fed = new int[batch];
    executable = backend.compile(Program.of(chunkPass.pass().graph(), tokenPass.pass().graph()));
    load(weights);
  }

  void load(Weights weights) {
    weights.writeTo(executable);
  }

  /**
   * Completes prompts.
   *
   * @param completions one for each prompt, put in when it is done
   * @param progress told of each prompt that is done
   */
  void generate(
      List<int[]> prompts,
      GenerationConfig config,
      Sampler sampler,
      Completion[] completions,
      Consumer<Completion> progress) {
    int[] stopTokens = config.stopTokens().stream().mapToInt(Integer::intValue).toArray();
    Arrays.fill(prompt, IDLE);
    int nextPrompt = 0;
    int done = 0;
    while (done < prompts.size()) {
      for (int slot = 0; slot < shape.batch() && nextPrompt < prompts.size(); slot++) {
        if (prompt[slot] == IDLE) {
          int[] start = prompts.get(nextPrompt);
          prompt[slot] = nextPrompt++;
          System.arraycopy(start, 0, tokens[slot], 0, start.length);
          known[slot] = start.length;
          fed[slot] = 0;
        }
      }
      Pass pass = choosePass();
      run(pass);
      for (int slot = 0; slot < shape.batch(); slot++) {
        if (prompt[slot] == IDLE) {
          continue;
        }
        fed[slot] += Math.min(known[slot] - fed[slot], pass.length());
        if (fed[slot] < known[slot]) {
          continue; // more of the prompt is to be read
        }
        int token = sampler.next(logits, slot, prompt[slot], known[slot]);
        int promptLength = prompts.get(prompt[slot]).length;
        boolean stopped = contains(stopTokens, token);
        if (!stopped) {
          tokens[slot][known[slot]++] = token;
        }
        if (stopped || known[slot] - promptLength == config.maxNewTokens()) {
          Completion completion =
              new Completion(Arrays.copyOfRange(tokens[slot], promptLength, known[slot]), stopped);
          completions[prompt[slot]] = completion;
          prompt[slot] = IDLE;
          done++;
          progress.accept(completion);
        }
      }
    }
  }

  /**
   * The pass that brings the sequences on faster, if a chunk costs half as much per token as single
   * tokens: in large batches a token costs less in a chunk since weights are read and work is
   * shared out fewer times, but padding costs as much as tokens.
   */
  private Pass choosePass() {
    int active = 0;
    long inChunk = 0;
    for (int slot = 0; slot < shape.batch(); slot++) {
      if (prompt[slot] != IDLE) {
        active++;
        inChunk += Math.min(known[slot] - fed[slot], shape.chunk());
      }
    }
    return 2 * inChunk > (long) active * shape.chunk() ? chunkPass : tokenPass;
  }

  /** Feeds every slot what it has for this pass, and reads the logits that follow. */
  private void run(Pass pass) {
    int length = pass.length();
    for (int slot = 0; slot < shape.batch(); slot++) {
      int from = prompt[slot] == IDLE ? 0 : fed[slot];
      int count = prompt[slot] == IDLE ? 0 : Math.min(known[slot] - from, length);
      long row = (long) slot * length;
      for (int i = 0; i < length; i++) {
        pass.tokens().setAtIndex(I32, row + i, i < count ? tokens[slot][from + i] : 0);
        pass.positions().setAtIndex(I32, row + i, Math.min(from + i, shape.capacity() - 1));
      }
      pass.lastRows().setAtIndex(I32, slot, slot * length + Math.max(0, count - 1));
    }
    executable.write(pass.pass().tokens(), pass.tokens());
    executable.write(pass.pass().positions(), pass.positions());
    executable.write(pass.pass().lastRows(), pass.lastRows());
    executable.run(pass.pass().graph().name());
    executable.read(pass.pass().logits(), logits);
  }

  private static boolean contains(int[] ids, int id) {
    for (int each : ids) {
      if (each == id) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void close() {
    executable.close();
  }
}
