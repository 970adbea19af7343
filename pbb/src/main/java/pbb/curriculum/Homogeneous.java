package pbb.curriculum;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import pbb.document.Formats;
import pbb.document.Mode;
import pbb.document.Template;
import pbb.document.TrainingText;
import pbb.document.TrainingText.Kind;
import pbb.engine.random.RandomStream;
import pbb.lang.Interpreter;
import pbb.lang.PreparedProgram;
import pbb.lang.Program;
import pbb.lang.Value;
import pbb.task.Execution;
import pbb.task.FunctionTable;
import pbb.task.Group;
import pbb.task.RandomArithmetic;
import pbb.task.Split;
import pbb.task.TaskData;
import pbb.task.TaskProgram;

/**
 * The curriculum of one stage with everything mixed: each document is drawn by itself, as a pure
 * function of the seed and of its number.
 */
public final class Homogeneous {

  /** In the order of the shares; the three executions in the order of {@link #MODES}. */
  private static final List<Kind> KINDS =
      List.of(
          Kind.SOURCE,
          Kind.MENTION,
          Kind.EXECUTION,
          Kind.EXECUTION,
          Kind.EXECUTION,
          Kind.IN_CONTEXT);

  private static final List<Mode> MODES = List.of(Mode.DIRECT, Mode.STEPPING, Mode.RECITE);

  private final RandomArithmetic task;
  private final Shares shares;
  private final long seed;

  private final Set<FunctionTable> held;
  private final List<Named> sources = new ArrayList<>();
  private final double[] sourceWeights;
  private final List<TaskProgram> mentioned;
  private final List<String> freshNames;
  private final List<Integer> settings = new ArrayList<>();
  private final double[] settingWeights;
  private final Map<Integer, List<Named>> executed = new LinkedHashMap<>();

  /** A program as training shows it. */
  private record Named(String id, Program shown, List<Execution> executions) {}

  /**
   * The stream of documents.
   *
   * @param task where fresh programs come from
   * @param data the programs and executions
   * @param seed decides what is drawn
   * @throws IllegalArgumentException if a share is above 0 and there is nothing to draw for it
   */
  public Homogeneous(RandomArithmetic task, TaskData data, Shares shares, long seed) {
    this.task = task;
    this.shares = shares;
    this.seed = seed;
    this.held = task.heldFunctions(data.programs());
    Map<String, List<Execution>> training = data.executions(Split.TRAIN);
    List<Double> weights = new ArrayList<>();
    for (TaskProgram program : data.programs()) {
      data.shownProgram(program)
          .ifPresent(
              shown -> {
                List<Execution> own = training.getOrDefault(program.id(), List.of());
                Named named = new Named(program.id(), shown, own);
                sources.add(named);
                weights.add(program.group().executed() ? 1 : shares.sourceWeightWithoutIo());
                if (!own.isEmpty()) {
                  executed.computeIfAbsent(program.operations(), _ -> new ArrayList<>()).add(named);
                }
              });
    }
    sourceWeights = weights.stream().mapToDouble(Double::doubleValue).toArray();
    freshNames = Formats.freshNames(data);
    mentioned = data.programs().stream().filter(p -> p.group() == Group.NO_SOURCE).toList();
    shares.settings().forEach((operations, _) -> settings.add(operations));
    settingWeights = shares.settings().values().stream().mapToDouble(Double::doubleValue).toArray();
    requireSomething(data);
  }

  private void requireSomething(TaskData data) {
    if (shares.source() > 0 && sources.isEmpty()) {
      throw new IllegalArgumentException(
          "there are shares of source documents, but no program has a source");
    }
    if (shares.mention() > 0 && mentioned.isEmpty()) {
      throw new IllegalArgumentException(
          "there are shares of mentions, but no program is of group " + Group.NO_SOURCE.label());
    }
    boolean executions = shares.direct() + shares.stepping() + shares.recite() > 0;
    for (int i = 0; i < settingWeights.length; i++) {
      if (executions && settingWeights[i] > 0 && !executed.containsKey(settings.get(i))) {
        throw new IllegalArgumentException(
            "there are shares of executions with "
                + settings.get(i)
                + " operations, but none of the "
                + data.programs().size()
                + " programs has training executions with so many");
      }
    }
  }

  /** The document with this number, from 0. */
  public TrainingText text(long index) {
    RandomStream random = RandomStream.of(seed, "documents", index);
    int choice =
        choose(
            random,
            shares.source(),
            shares.mention(),
            shares.direct(),
            shares.stepping(),
            shares.recite(),
            shares.inContext());
    Template template = pick(random, Template.TRAINING);
    return switch (KINDS.get(choice)) {
      case SOURCE -> {
        Named program = sources.get(choose(random, sourceWeights));
        yield Formats.sourceDocument(template, program.id, program.shown);
      }
      case MENTION -> {
        TaskProgram program = pick(random, mentioned);
        yield Formats.mention(template, program.id(), program.name());
      }
      case EXECUTION -> {
        Mode mode = MODES.get(choice - KINDS.indexOf(Kind.EXECUTION));
        Named program = pick(random, Objects.requireNonNull(executed.get(setting(random))));
        yield Formats.executionDocument(
            template, mode, pick(random, program.executions), program.shown);
      }
      case IN_CONTEXT -> inContext(random, template);
    };
  }

  private TrainingText inContext(RandomStream random, Template template) {
    Program program = task.fresh(random, setting(random), pick(random, freshNames), held);
    Shares.Modes weights = shares.inContextModes();
    int choice =
        choose(random, weights.direct(), weights.stepping(), weights.recite(), weights.recited());
    boolean given = choice == MODES.size();
    Mode mode = given ? Mode.RECITE : MODES.get(choice);
    List<Mode> modes = new ArrayList<>();
    int turns = mode == Mode.RECITE ? 1 + shares.turns() / 2 : shares.turns();
    for (int i = 0; i < turns; i++) {
      // A recitation is long: what follows it only steps.
      modes.add(mode == Mode.RECITE && i > 0 ? Mode.STEPPING : mode);
    }
    PreparedProgram prepared = new Interpreter().prepare(program);
    List<Execution> executions = new ArrayList<>();
    for (int i = 0; i < turns; i++) {
      Value input = Value.of(random.nextInt(task.dials().modulus()));
      executions.add(RandomArithmetic.execution(program.name(), prepared, input, Split.TRAIN));
    }
    return given
        ? Formats.recitedDocument(template, executions, program)
        : Formats.inContextDocument(template, modes, executions, program);
  }

  private int setting(RandomStream random) {
    return settings.get(choose(random, settingWeights));
  }

  private static <T> T pick(RandomStream random, List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  /** An index, drawn in proportion to its weight. */
  private static int choose(RandomStream random, double... weights) {
    double sum = 0;
    for (double weight : weights) {
      sum += weight;
    }
    double left = random.nextDouble() * sum;
    int last = 0;
    for (int i = 0; i < weights.length; i++) {
      if (weights[i] > 0) {
        last = i;
        left -= weights[i];
        if (left < 0) {
          break;
        }
      }
    }
    return last;
  }
}
