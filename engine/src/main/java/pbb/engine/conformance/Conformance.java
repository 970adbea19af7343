package pbb.engine.conformance;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import pbb.engine.backend.Backend;
import pbb.engine.backend.BackendOptions;
import pbb.engine.backend.BackendProvider;
import pbb.engine.backend.Executable;
import pbb.engine.backend.scalar.ScalarBackend;
import pbb.engine.graph.Gradients;
import pbb.engine.graph.Program;
import pbb.engine.graph.Role;
import pbb.engine.graph.Tensor;
import pbb.engine.nn.Parameter;
import pbb.engine.nn.Transformer;
import pbb.engine.random.RandomStream;

/**
 * All that is asked of a backend, as a list of checks: the op table and whole models against the
 * definition, and what {@link Backend} and {@link Executable} promise. Any backend can be handed to
 * it, from any test framework or none.
 */
public final class Conformance {

  /** Inputs of the op table. */
  public static final long SEED = 1;

  // Root mean square errors of single precision in a whole model, relative to what is expected:
  // gradients of these tiny
  // models are off by 1e-7 to 1e-6.
  private static final double MODEL_ERROR = 1e-5;

  private final Function<Integer, Backend> opener;

  /**
   * Checks of what {@code opener} opens.
   *
   * @param opener opens the backend with a number of threads; called for each check anew
   */
  public Conformance(Function<Integer, Backend> opener) {
    this.opener = opener;
  }

  /** Checks of one device of a provider. */
  public static Conformance of(BackendProvider provider, String device) {
    return new Conformance(threads -> provider.open(new BackendOptions(device, threads)));
  }

  /**
   * Something that a backend must do.
   *
   * @param name what
   * @param body what finds out
   */
  public record Check(String name, Body body) {

    /** What is wrong; empty if nothing is. */
    public Optional<String> failure() {
      return body.failure();
    }
  }

  /** Finds out whether a backend does what it must. */
  @FunctionalInterface
  public interface Body {

    /** What is wrong; empty if nothing is. */
    Optional<String> failure();
  }

  /** All checks. */
  public List<Check> checks() {
    List<Check> checks = new ArrayList<>(opChecks());
    for (ModelCase model : ModelCase.all()) {
      String suffix = ": model " + model.name();
      checks.add(new Check("loss, logits and gradients" + suffix, () -> gradients(model)));
      checks.add(new Check("ten steps of AdamW" + suffix, () -> training(model)));
      checks.add(
          new Check("gradients add up over micro-batches" + suffix, () -> accumulation(model)));
      checks.add(new Check("graphs share weights" + suffix, () -> sharing(model)));
      checks.add(new Check("any number of threads, the same bits" + suffix, () -> threads(model)));
      checks.add(new Check("run again, the same bits" + suffix, () -> repetition(model)));
      checks.add(new Check("packed rows equal separate rows" + suffix, () -> packing(model)));
      checks.add(
          new Check("generation equals the full forward pass" + suffix, () -> generation(model)));
    }
    checks.add(new Check("tensors start as zeros, and are read as written", this::storage));
    checks.add(new Check("unknown names and wrong sizes are refused", this::refusals));
    checks.add(new Check("closing twice does nothing", this::closing));
    return checks;
  }

  /** The checks of the op table alone: one a row, and whether threads change bits. */
  public List<Check> opChecks() {
    List<Check> checks = new ArrayList<>();
    for (OpCase row : OpTable.rows()) {
      checks.add(new Check(row.name(), () -> against(row)));
    }
    for (OpCase row : OpTable.rows()) {
      checks.add(new Check("threads: " + row.name(), () -> threads(row)));
    }
    return checks;
  }

  private Optional<String> against(OpCase row) {
    try (Backend backend = opener.apply(2)) {
      return row.failure(backend, SEED);
    }
  }

  private Optional<String> threads(OpCase row) {
    Map<Tensor, double[]> inputs = row.inputs(SEED);
    return sameForAnyThreads(backend -> row.outputs(backend, inputs, 1));
  }

  private Optional<String> threads(ModelCase model) {
    return sameForAnyThreads(
        backend -> {
          try (Session session = started(backend, model)) {
            for (int t = 1; t <= 3; t++) {
              step(session, model, t);
            }
            return everything(session, model);
          }
        });
  }

  private Optional<String> sameForAnyThreads(Function<Backend, Map<Tensor, double[]>> run) {
    Map<Tensor, double[]> one = Map.of();
    for (int threads = 1; threads <= 3; threads++) {
      try (Backend backend = opener.apply(threads)) {
        Map<Tensor, double[]> values = run.apply(backend);
        if (threads == 1) {
          one = values;
        } else {
          Optional<String> difference = difference(threads + " threads instead of 1", one, values);
          if (difference.isPresent()) {
            return difference;
          }
        }
      }
    }
    return Optional.empty();
  }

  /** The first element of which bits differ. */
  private static Optional<String> difference(
      String what, Map<Tensor, double[]> expected, Map<Tensor, double[]> actual) {
    for (Map.Entry<Tensor, double[]> entry : expected.entrySet()) {
      double[] other = actual.getOrDefault(entry.getKey(), new double[0]);
      int at = Arrays.mismatch(entry.getValue(), other);
      if (at >= 0) {
        return Optional.of(
            what
                + ": element "
                + at
                + " of "
                + entry.getKey()
                + " is "
                + other[at]
                + ", not "
                + entry.getValue()[at]);
      }
    }
    return Optional.empty();
  }

  private static Map<Tensor, double[]> everything(Session session, ModelCase model) {
    Map<Tensor, double[]> values = new LinkedHashMap<>();
    model.program().persistentTensors().forEach(tensor -> values.put(tensor, session.read(tensor)));
    return values;
  }

  private static Session started(Backend backend, ModelCase model) {
    Session session = new Session(backend, model.program());
    session.write(model.weights());
    return session;
  }

  /** One step of training, of two micro-batches. */
  private static void step(Session session, ModelCase model, int t) {
    session.write(model.batch(2L * t));
    session.run(ModelCase.FIRST);
    session.write(model.batch(2L * t + 1));
    session.run(ModelCase.MORE);
    session.write(model.schedule(t));
    session.run(ModelCase.UPDATE);
  }

  /**
   * Runs the same on the definition, in double precision, and on the backend, and compares what
   * they return.
   */
  private static Optional<String> againstScalar(
      ModelCase model,
      Backend backend,
      Function<Session, Map<String, double[]>> run,
      double bound) {
    Map<String, double[]> expected;
    try (Backend scalar = ScalarBackend.withDoubles();
        Session session = started(scalar, model)) {
      expected = run.apply(session);
    }
    try (Session session = started(backend, model)) {
      Map<String, double[]> actual = run.apply(session);
      return expected.entrySet().stream()
          .flatMap(
              entry ->
                  Comparison.distance(
                      entry.getKey(),
                      actual.getOrDefault(entry.getKey(), new double[0]),
                      entry.getValue(),
                      bound)
                      .stream())
          .findFirst();
    }
  }

  private Optional<String> gradients(ModelCase model) {
    try (Backend backend = opener.apply(2)) {
      return gradients(model, backend);
    }
  }

  /** Holds the loss, the logits and each layer's gradients against the definition. */
  static Optional<String> gradients(ModelCase model, Backend backend) {
    Transformer.Training training = model.training();
    return againstScalar(
        model,
        backend,
        session -> {
          session.write(model.batch(0));
          session.run(ModelCase.FIRST);
          Map<String, double[]> values = new LinkedHashMap<>();
          values.put("loss", session.read(training.loss()));
          values.put("logits", session.read(training.logits()));
          for (Parameter parameter : model.model().parameters()) {
            Tensor tensor = parameter.tensor();
            double[] all = session.read(Gradients.of(tensor));
            int slice = all.length / tensor.slices();
            for (int i = 0; i < tensor.slices(); i++) {
              values.put(
                  "gradient of " + parameter.checkpointName(i),
                  Arrays.copyOfRange(all, i * slice, (i + 1) * slice));
            }
          }
          return values;
        },
        MODEL_ERROR);
  }

  private Optional<String> training(ModelCase model) {
    try (Backend backend = opener.apply(2)) {
      return training(model, backend);
    }
  }

  private static Optional<String> training(ModelCase model, Backend backend) {
    Transformer.Training training = model.training();
    return againstScalar(
        model,
        backend,
        session -> {
          Map<String, double[]> values = new LinkedHashMap<>();
          for (int t = 1; t <= 10; t++) {
            step(session, model, t);
            values.put("loss of step " + t, session.read(training.loss()));
            values.put("norm and clip factor of step " + t, session.read(ModelCase.CLIP));
          }
          return values;
        },
        // AdamW divides by a root of the gradient's square, so where gradients are small their
        // errors count in full.
        10 * MODEL_ERROR);
  }

  private Optional<String> accumulation(ModelCase model) {
    List<Tensor> gradients =
        model.model().parameters().stream()
            .map(parameter -> Gradients.of(parameter.tensor()))
            .toList();
    try (Backend backend = opener.apply(2);
        Session session = started(backend, model)) {
      Map<Tensor, double[]> sum = new LinkedHashMap<>();
      for (long micro = 0; micro < 2; micro++) {
        session.write(model.batch(micro));
        session.run(ModelCase.FIRST);
        for (Tensor gradient : gradients) {
          double[] values = session.read(gradient);
          double[] before = sum.getOrDefault(gradient, new double[values.length]);
          Arrays.setAll(values, i -> values[i] + before[i]);
          sum.put(gradient, values);
        }
      }
      session.write(model.batch(0));
      session.run(ModelCase.FIRST);
      session.write(model.batch(1));
      session.run(ModelCase.MORE);
      return gradients.stream()
          .flatMap(
              gradient ->
                  Comparison.distance(
                      gradient.name(),
                      session.read(gradient),
                      sum.getOrDefault(gradient, new double[0]),
                      1e-6)
                      .stream())
          .findFirst();
    }
  }

  private Optional<String> sharing(ModelCase model) {
    Transformer.Training training = model.training();
    try (Backend backend = opener.apply(2);
        Session session = started(backend, model)) {
      session.write(model.batch(0));
      session.run(ModelCase.FORWARD);
      double before = session.read(training.loss())[0];
      session.run(ModelCase.FIRST);
      double same = session.read(training.loss())[0];
      for (Map.Entry<Tensor, double[]> entry : model.weights().entrySet()) {
        if (!Arrays.equals(entry.getValue(), session.read(entry.getKey()))) {
          return Optional.of("a run without an update changed " + entry.getKey());
        }
      }
      for (int t = 1; t <= 5; t++) {
        session.run(ModelCase.FIRST);
        session.write(model.schedule(t));
        session.run(ModelCase.UPDATE);
      }
      session.run(ModelCase.FORWARD);
      double after = session.read(training.loss())[0];
      if (!(Math.abs(before - same) <= 1e-6 * Math.abs(before))) {
        return Optional.of("the loss is " + before + " in one graph and " + same + " in another");
      }
      // The same batch five times over, with a learning rate that halves no loss but lowers every
      // one.
      return after < before
          ? Optional.empty()
          : Optional.of("five updates on one batch took the loss from " + before + " to " + after);
    }
  }

  private Optional<String> repetition(ModelCase model) {
    Map<Tensor, double[]> first = Map.of();
    for (int run = 0; run < 2; run++) {
      try (Backend backend = opener.apply(2);
          Session session = started(backend, model)) {
        step(session, model, 1);
        Map<Tensor, double[]> once = everything(session, model);
        if (run == 0) {
          first = once;
        } else {
          Optional<String> difference = difference("a second executable", first, once);
          if (difference.isPresent()) {
            return difference;
          }
        }
        // The same executable, its weights and moments put back.
        session.write(model.weights());
        once.forEach(
            (tensor, values) -> {
              if (tensor.role() == Role.STATE) {
                session.write(tensor, new double[values.length]);
              }
            });
        step(session, model, 1);
        Optional<String> difference = difference("a second run", once, everything(session, model));
        if (difference.isPresent()) {
          return difference;
        }
      }
    }
    return Optional.empty();
  }

  private Optional<String> packing(ModelCase model) {
    Transformer.Training packed = model.training();
    int length = model.length();
    int vocabulary = model.config().vocabularySize();
    Map<Tensor, double[]> batch = model.batch(3);
    double[] tokens = batch.getOrDefault(packed.tokens(), new double[0]);
    double[] starts = batch.getOrDefault(packed.documentStart(), new double[0]);
    Transformer.Training separate = model.model().training(ModelCase.FORWARD, 1, length, true);
    try (Backend backend = opener.apply(2);
        Session together = new Session(backend, Program.of(packed.graph()));
        Session alone = new Session(backend, Program.of(separate.graph()))) {
      together.write(model.weights());
      together.write(batch);
      together.run(ModelCase.FORWARD);
      double[] logits = together.read(packed.logits());
      alone.write(model.weights());
      double[] range = new double[length];
      Arrays.setAll(range, t -> t);
      alone.write(separate.positions(), range);
      for (int row = 0; row < model.batch(); row++) {
        for (int end = length; end > 0; ) {
          int start = (int) starts[row * length + end - 1];
          // The document at the start of a row of its own; what follows it is causally out of
          // sight.
          double[] document = new double[length];
          System.arraycopy(tokens, row * length + start, document, 0, end - start);
          alone.write(separate.tokens(), document);
          alone.run(ModelCase.FORWARD);
          double[] expected =
              Arrays.copyOf(alone.read(separate.logits()), (end - start) * vocabulary);
          int from = (row * length + start) * vocabulary;
          Optional<String> distance =
              Comparison.distance(
                  "logits of the document at " + start + " of row " + row,
                  Arrays.copyOfRange(logits, from, from + expected.length),
                  expected,
                  1e-6);
          if (distance.isPresent()) {
            return distance;
          }
          end = start;
        }
      }
      return Optional.empty();
    }
  }

  /**
   * Prompts of 1, 2, 3, … tokens in one batch, then one token at a time, against all tokens at
   * once.
   */
  private Optional<String> generation(ModelCase model) {
    int batch = model.batch();
    int length = model.length();
    int vocabulary = model.config().vocabularySize();
    int longestPrompt = Math.min(batch + 1, length - 2);
    Transformer.Training full = model.training();
    Transformer.Generation prefill =
        model.model().generation("prefill", batch, longestPrompt, length);
    Transformer.Generation decode = model.model().generation("decode", batch, 1, length);
    double[] tokens =
        Filling.integers(vocabulary)
            .values(batch * length, RandomStream.of(ModelCase.SEED, "generation", 0));
    int[] known = new int[batch];
    Arrays.setAll(known, b -> 1 + (b + 1) % longestPrompt);
    try (Backend backend = opener.apply(2);
        Session session =
            new Session(backend, Program.of(full.graph(), prefill.graph(), decode.graph()))) {
      session.write(model.weights());
      session.write(full.tokens(), tokens);
      double[] positions = new double[batch * length];
      Arrays.setAll(positions, i -> i % length);
      session.write(full.positions(), positions);
      session.run(ModelCase.FORWARD);
      double[] expected = session.read(full.logits()); // (B·T, V)

      double[] prompts = new double[batch * longestPrompt];
      double[] promptPositions = new double[batch * longestPrompt];
      double[] lastRows = new double[batch];
      for (int b = 0; b < batch; b++) {
        for (int t = 0; t < longestPrompt; t++) {
          prompts[b * longestPrompt + t] = t < known[b] ? tokens[b * length + t] : vocabulary - 1;
          promptPositions[b * longestPrompt + t] = t;
        }
        lastRows[b] = b * longestPrompt + known[b] - 1;
      }
      session.write(prefill.tokens(), prompts);
      session.write(prefill.positions(), promptPositions);
      session.write(prefill.lastRows(), lastRows);
      session.run("prefill");
      double[] own = new double[batch];
      Arrays.setAll(own, b -> b);
      session.write(decode.lastRows(), own);
      for (int step = 0; ; step++) {
        double[] logits = session.read(decode.logits()); // (B, V)
        for (int b = 0; b < batch; b++) {
          int row = b * length + known[b] - 1;
          Optional<String> distance =
              Comparison.distance(
                  "logits of sequence "
                      + b
                      + " after "
                      + known[b]
                      + " tokens, "
                      + step
                      + " of them decoded",
                  Arrays.copyOfRange(logits, b * vocabulary, (b + 1) * vocabulary),
                  Arrays.copyOfRange(expected, row * vocabulary, (row + 1) * vocabulary),
                  MODEL_ERROR);
          if (distance.isPresent()) {
            return distance;
          }
        }
        if (Arrays.stream(known).anyMatch(count -> count == length)) {
          return Optional.empty();
        }
        double[] next = new double[batch];
        double[] nextPositions = new double[batch];
        for (int b = 0; b < batch; b++) {
          next[b] = tokens[b * length + known[b]];
          nextPositions[b] = known[b]++;
        }
        session.write(decode.tokens(), next);
        session.write(decode.positions(), nextPositions);
        session.run("decode");
      }
    }
  }

  private Optional<String> storage() {
    ModelCase model = ModelCase.all().getLast();
    Program program = model.program();
    try (Backend backend = opener.apply(2);
        Session session = new Session(backend, program)) {
      for (Tensor tensor : program.persistentTensors()) {
        if (Arrays.stream(session.read(tensor)).anyMatch(value -> value != 0)) {
          return Optional.of(tensor + " does not start as zeros");
        }
      }
      Map<Tensor, double[]> written = new LinkedHashMap<>();
      for (Tensor tensor : program.persistentTensors()) {
        Filling filling =
            switch (tensor.type()) {
              case F32 -> Filling.normal(1);
              case I32 -> Filling.integers(Integer.MAX_VALUE);
            };
        double[] values =
            filling.values(Math.toIntExact(tensor.size()), RandomStream.of(SEED, tensor.name(), 0));
        if (tensor.role() == Role.PARAMETER || tensor.role() == Role.STATE) {
          values[0] = -0.0;
        }
        Arrays.setAll(
            values,
            i ->
                switch (tensor.type()) {
                  case F32 -> (float) values[i];
                  case I32 -> (int) values[i];
                });
        written.put(tensor, values);
        session.write(tensor, values);
      }
      Map<Tensor, double[]> read = new LinkedHashMap<>();
      written.keySet().forEach(tensor -> read.put(tensor, session.read(tensor)));
      return difference("after writing all tensors", written, read);
    }
  }

  private Optional<String> refusals() {
    ModelCase model = ModelCase.all().getFirst();
    try (Backend backend = opener.apply(1);
        Executable executable = backend.compile(model.program());
        Arena arena = Arena.ofConfined()) {
      Tensor known = model.training().loss();
      Tensor unknown = Tensor.of("unknown", Role.PARAMETER, 1);
      Tensor activation =
          model.program().graph(ModelCase.FIRST).tensors().stream()
              .filter(tensor -> tensor.role() == Role.ACTIVATION)
              .findFirst()
              .orElseThrow();
      MemorySegment four = arena.allocate(4, 4);
      MemorySegment eight = arena.allocate(8, 4);
      MemorySegment enough = arena.allocate(activation.size() * Float.BYTES, 4);
      List<Optional<String>> outcomes =
          List.of(
              refuses(
                  "a graph that the program has not", "nowhere", () -> executable.run("nowhere")),
              refuses(
                  "to write a tensor that the program has not",
                  "unknown",
                  () -> executable.write(unknown, four)),
              refuses(
                  "to read a tensor that the program has not",
                  "unknown",
                  () -> executable.read(unknown, four)),
              refuses(
                  "to write an activation",
                  activation.name(),
                  () -> executable.write(activation, enough)),
              refuses(
                  "to read an activation",
                  activation.name(),
                  () -> executable.read(activation, enough)),
              refuses("to write too many bytes", "loss", () -> executable.write(known, eight)),
              refuses("to read into too much room", "loss", () -> executable.read(known, eight)),
              refuses(
                  "to read into too little room",
                  "loss",
                  () -> executable.read(known, four.asSlice(0, 2))));
      return outcomes.stream().flatMap(Optional::stream).findFirst();
    }
  }

  private static Optional<String> refuses(String what, String named, Runnable action) {
    try {
      action.run();
      return Optional.of("it does not refuse " + what);
    } catch (IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage());
      return message.contains(named)
          ? Optional.empty()
          : Optional.of(
              "it refuses " + what + ", but its message does not name " + named + ": " + message);
    }
  }

  private Optional<String> closing() {
    Backend backend = opener.apply(2);
    Executable executable = backend.compile(ModelCase.all().getFirst().program());
    if (executable.bytes() <= 0) {
      return Optional.of("an executable says that it holds " + executable.bytes() + " bytes");
    }
    executable.close();
    executable.close();
    backend.close();
    backend.close();
    return Optional.empty();
  }
}
