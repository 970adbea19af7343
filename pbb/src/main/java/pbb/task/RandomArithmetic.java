package pbb.task;

import static pbb.lang.Ast.assign;
import static pbb.lang.Ast.binary;
import static pbb.lang.Ast.integer;
import static pbb.lang.Ast.name;
import static pbb.lang.Ast.returns;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import pbb.engine.random.RandomStream;
import pbb.lang.Ast;
import pbb.lang.BinaryOperator;
import pbb.lang.Function;
import pbb.lang.Interpreter;
import pbb.lang.Outcome;
import pbb.lang.PreparedProgram;
import pbb.lang.Program;
import pbb.lang.Statement;
import pbb.lang.Trace;
import pbb.lang.Value;

/**
 * The task <i>random arithmetic</i>: programs of k operations, one a line, {@code a = (x ∘ c) % m},
 * {@code b = (a ∘ c) % m} and so on, with ∘ one of + − × and a constant c; each named by an
 * invented word, its inputs the integers 0 to m − 1. Every line assigns a variable of its own, so
 * that a state says which line it belongs to.
 *
 * <p>The split is kept honest here. Over the whole domain, and across settings:
 *
 * <ul>
 *   <li>programs of the groups without executions differ as functions from every program with
 *       executions and from one another, so that no answer can be looked up under another name;
 *   <li>programs with few values, with one value for many inputs, or that leave many inputs as they
 *       are, are refused: guessing would pay;
 *   <li>programs of several operations that amount to a single one are refused: they would be
 *       easier than their setting says;
 *   <li>programs with executions are evaluated on inputs that no training document has for them;
 *       the others, of which no execution is trained, on any.
 * </ul>
 */
public final class RandomArithmetic {

  /** The task's name. */
  public static final String NAME = "random-arithmetic";

  /** Changes when the same seed and dials give other programs. */
  public static final int VERSION = 1;

  private static final int ATTEMPTS_PER_PROGRAM = 2_000;

  /** What the lines assign; no more lines than that. */
  private static final List<String> VARIABLES = List.of("a", "b", "c", "d", "e");

  private static final List<BinaryOperator> OPERATORS =
      List.of(BinaryOperator.ADD, BinaryOperator.SUBTRACT, BinaryOperator.MULTIPLY);

  /**
   * Programs of one length.
   *
   * @param operations how many operations each has, at least 1
   * @param withIo programs with source and executions
   * @param withoutIo programs with source only
   * @param noSource programs with neither
   * @param wrongSource programs with each other's source, not 1
   */
  public record Setting(int operations, int withIo, int withoutIo, int noSource, int wrongSource) {

    /** Checks the numbers. */
    public Setting {
      if (operations < 1 || operations > VARIABLES.size()) {
        throw new IllegalArgumentException(
            "operations must be from 1 to " + VARIABLES.size() + ", not " + operations);
      }
      if (withIo < 0 || withoutIo < 0 || noSource < 0 || wrongSource < 0) {
        throw new IllegalArgumentException(
            "the numbers of programs must not be negative: "
                + withIo
                + ", "
                + withoutIo
                + ", "
                + noSource
                + ", "
                + wrongSource);
      }
      if (wrongSource == 1) {
        throw new IllegalArgumentException(
            "wrongSource must be 0 or at least 2: each such program is shown the source of"
                + " another");
      }
    }

    private int count(Group group) {
      return switch (group) {
        case WITH_IO -> withIo;
        case WITHOUT_IO -> withoutIo;
        case NO_SOURCE -> noSource;
        case WRONG_SOURCE -> wrongSource;
      };
    }
  }

  /**
   * The dials of the task.
   *
   * @param modulus m, at least 2
   * @param maxConstant the largest constant, at least 2
   * @param settings one for each number of operations
   * @param evaluationInputs how many inputs of a program with executions are kept for evaluation;
   *     below m; of other programs all are
   */
  public record Dials(int modulus, int maxConstant, List<Setting> settings, int evaluationInputs) {

    /** Checks the numbers. */
    public Dials {
      settings = List.copyOf(settings);
      if (modulus < 2 || maxConstant < 2 || maxConstant >= modulus) {
        throw new IllegalArgumentException(
            "random-arithmetic needs 2 ≤ maxConstant < modulus, not maxConstant "
                + maxConstant
                + " and modulus "
                + modulus);
      }
      if (evaluationInputs < 1 || evaluationInputs >= modulus) {
        throw new IllegalArgumentException(
            "evaluationInputs must be at least 1 and below the modulus "
                + modulus
                + ", not "
                + evaluationInputs);
      }
      Set<Integer> lengths = new HashSet<>();
      for (Setting setting : settings) {
        if (!lengths.add(setting.operations())) {
          throw new IllegalArgumentException(
              "two settings have " + setting.operations() + " operations");
        }
      }
    }
  }

  private final Dials dials;
  private final long seed;
  private final Set<FunctionTable> singleOperations;

  /** The task with these dials; everything it draws is a function of the seed. */
  public RandomArithmetic(Dials dials, long seed) {
    this.dials = dials;
    this.seed = seed;
    this.singleOperations = singleOperations(dials);
  }

  private static Set<FunctionTable> singleOperations(Dials dials) {
    Set<FunctionTable> functions = new HashSet<>();
    for (BinaryOperator operator : OPERATORS) {
      for (int constant = leastConstant(operator); constant <= dials.maxConstant(); constant++) {
        Program single = program(dials, List.of(new Operation(operator, constant)));
        functions.add(FunctionTable.of(single, dials.modulus()));
      }
    }
    return functions;
  }

  /** The dials. */
  public Dials dials() {
    return dials;
  }

  /**
   * Draws the programs of all groups and settings, and their executions.
   *
   * @param reserved words that must not become names, since the documents use them
   * @throws IllegalArgumentException if the dials leave too few distinct functions; the message
   *     says in which setting
   */
  public TaskData generate(Set<String> reserved) {
    List<Draft> drafts = new ArrayList<>();
    Set<FunctionTable> held = new HashSet<>();
    // Shorter programs first: they have fewer functions to choose from. Groups without executions
    // first, since theirs
    // must be unique.
    List<Setting> settings =
        dials.settings().stream().sorted(Comparator.comparingInt(Setting::operations)).toList();
    for (Setting setting : settings) {
      for (Group group : List.of(Group.WITHOUT_IO, Group.NO_SOURCE, Group.WRONG_SOURCE)) {
        RandomStream random =
            RandomStream.of(seed, "programs." + group.label(), setting.operations());
        for (int i = 0; i < setting.count(group); i++) {
          Draft draft = draw(random, setting.operations(), group, held);
          held.add(draft.table);
          drafts.add(draft);
        }
      }
    }
    for (Setting setting : settings) {
      RandomStream random = RandomStream.of(seed, "programs.with_io", setting.operations());
      for (int i = 0; i < setting.withIo(); i++) {
        drafts.add(draw(random, setting.operations(), Group.WITH_IO, held));
      }
    }
    return data(drafts, reserved);
  }

  private TaskData data(List<Draft> drafts, Set<String> reserved) {
    List<String> names =
        InventedNames.draw(RandomStream.of(seed, "names", 0), drafts.size(), reserved);
    List<String> ids = new ArrayList<>();
    Map<String, Integer> counts = new HashMap<>();
    for (Draft draft : drafts) {
      String prefix = draft.operations + "-" + draft.group.label();
      ids.add(prefix + "-" + (counts.merge(prefix, 1, Integer::sum) - 1));
    }
    List<TaskProgram> programs = new ArrayList<>();
    List<Execution> executions = new ArrayList<>();
    for (int i = 0; i < drafts.size(); i++) {
      Draft draft = drafts.get(i);
      Program program = Renaming.rename(draft.program, names.get(i));
      programs.add(
          new TaskProgram(
              ids.get(i), NAME, draft.group, program, shown(drafts, ids, i), draft.operations));
      executions.addAll(executions(ids.get(i), draft.group, program, i));
    }
    return new TaskData(programs, executions);
  }

  /**
   * The program's own id; none; or that of the next one of its group and setting, the last one's
   * being the first.
   */
  private static Optional<String> shown(List<Draft> drafts, List<String> ids, int i) {
    Draft draft = drafts.get(i);
    return switch (draft.group) {
      case WITH_IO, WITHOUT_IO -> Optional.of(ids.get(i));
      case NO_SOURCE -> Optional.empty();
      case WRONG_SOURCE -> {
        int next = i + 1;
        if (next == drafts.size() || !drafts.get(next).sameKind(draft)) {
          next = i;
          while (next > 0 && drafts.get(next - 1).sameKind(draft)) {
            next--;
          }
        }
        yield Optional.of(ids.get(next));
      }
    };
  }

  private List<Execution> executions(String id, Group group, Program program, int index) {
    List<Integer> inputs = new ArrayList<>();
    for (int x = 0; x < dials.modulus(); x++) {
      inputs.add(x);
    }
    RandomStream.of(seed, "inputs", index).shuffle(inputs);
    List<Execution> executions = new ArrayList<>();
    PreparedProgram prepared = new Interpreter().prepare(program);
    for (int i = 0; i < inputs.size(); i++) {
      boolean trained = group.executed() && i >= dials.evaluationInputs();
      executions.add(
          execution(id, prepared, Value.of(inputs.get(i)), trained ? Split.TRAIN : Split.EVAL));
    }
    return executions;
  }

  /**
   * Runs a program of this task on one input.
   *
   * @param id the program's id, for the record
   */
  public static Execution execution(String id, PreparedProgram program, Value input, Split split) {
    Trace trace = program.trace(List.of(input));
    if (!(trace.outcome() instanceof Outcome.Returned returned)) {
      throw new IllegalStateException(
          "program " + id + " fails on " + input + ": " + trace.outcome());
    }
    List<String> steps =
        trace.states().stream()
            .map(state -> state.bindings().getLast())
            .map(binding -> binding.variable() + " " + binding.value())
            .toList();
    return new Execution(id, List.of(input), returned.value().toString(), steps, split);
  }

  /**
   * A fresh program for a query that carries its source: drawn anew for each document, never equal
   * as a function to one of {@code held}.
   *
   * @param name the placeholder that it gets for a name
   * @param held the functions of all programs without executions
   */
  public Program fresh(RandomStream random, int operations, String name, Set<FunctionTable> held) {
    return Renaming.rename(draw(random, operations, Group.WITH_IO, held).program, name);
  }

  /** The functions of the programs without executions, which no fresh program may have. */
  public Set<FunctionTable> heldFunctions(Collection<TaskProgram> programs) {
    Set<FunctionTable> held = new HashSet<>();
    for (TaskProgram program : programs) {
      if (!program.group().executed()) {
        held.add(FunctionTable.of(program.program(), dials.modulus()));
      }
    }
    return held;
  }

  /** Why {@code table} is refused, if it is: guessing its outputs would pay. */
  static Optional<String> refusal(FunctionTable table) {
    int domain = table.outputs().size();
    if (2 * table.distinctOutputs() < domain) {
      return Optional.of(
          "it has only " + table.distinctOutputs() + " values for " + domain + " inputs");
    }
    if (4 * table.mostFrequent() > domain) {
      return Optional.of(
          "it has one value for " + table.mostFrequent() + " of " + domain + " inputs");
    }
    if (4 * table.fixedPoints() > domain) {
      return Optional.of(
          "it leaves " + table.fixedPoints() + " of " + domain + " inputs as they are");
    }
    return Optional.empty();
  }

  private record Draft(Program program, FunctionTable table, Group group, int operations) {
    boolean sameKind(Draft other) {
      return group == other.group && operations == other.operations;
    }
  }

  private Draft draw(RandomStream random, int operations, Group group, Set<FunctionTable> held) {
    for (int attempt = 0; attempt < ATTEMPTS_PER_PROGRAM; attempt++) {
      Program program = candidate(random, operations);
      FunctionTable table = FunctionTable.of(program, dials.modulus());
      boolean disguised = operations > 1 && singleOperations.contains(table);
      if (!disguised && refusal(table).isEmpty() && !held.contains(table)) {
        return new Draft(program, table, group, operations);
      }
    }
    throw new IllegalArgumentException(
        "random-arithmetic finds no further program of "
            + operations
            + " operations for group "
            + group.label()
            + " that is a function of its own: ask for fewer programs, or raise modulus or"
            + " maxConstant");
  }

  /** One line of a program. */
  private record Operation(BinaryOperator operator, int constant) {}

  private static int leastConstant(BinaryOperator operator) {
    return operator == BinaryOperator.MULTIPLY ? 2 : 1;
  }

  private Program candidate(RandomStream random, int length) {
    List<Operation> operations = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      BinaryOperator operator = OPERATORS.get(random.nextInt(OPERATORS.size()));
      int least = leastConstant(operator);
      operations.add(
          new Operation(operator, least + random.nextInt(dials.maxConstant() - least + 1)));
    }
    return program(dials, operations);
  }

  private static Program program(Dials dials, List<Operation> operations) {
    List<Statement> body = new ArrayList<>();
    String previous = "x";
    for (Operation operation : operations) {
      String variable = VARIABLES.get(body.size());
      body.add(
          assign(
              variable,
              binary(
                  binary(name(previous), operation.operator, integer(operation.constant)),
                  BinaryOperator.MODULO,
                  integer(dials.modulus()))));
      previous = variable;
    }
    body.add(returns(name(previous)));
    return Ast.program(new Function("f", List.of("x"), body));
  }
}
