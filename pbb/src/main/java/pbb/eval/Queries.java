package pbb.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import pbb.document.Formats;
import pbb.document.Mode;
import pbb.document.Template;
import pbb.engine.random.RandomStream;
import pbb.lang.Interpreter;
import pbb.lang.PreparedProgram;
import pbb.lang.Program;
import pbb.lang.Value;
import pbb.task.Execution;
import pbb.task.Group;
import pbb.task.RandomArithmetic;
import pbb.task.Renaming;
import pbb.task.Split;
import pbb.task.TaskData;
import pbb.task.TaskProgram;

/** Draws the queries of an evaluation from a task's data. */
public final class Queries {

  private final TaskData data;
  private final Map<String, TaskProgram> byId;
  private final Map<String, List<Execution>> evaluation;
  private final long seed;
  private final int inputsPerProgram;
  private final List<String> freshNames;

  /**
   * Queries from {@code data}.
   *
   * @param seed decides which pointer context a query has
   * @param inputsPerProgram the most inputs that a program is asked about, in each mode and kind; a
   *     program without executions is asked directly about all of its evaluation inputs, since
   *     direct answers cost least and are the hardest to tell from chance
   */
  public Queries(TaskData data, long seed, int inputsPerProgram) {
    this.data = data;
    this.byId = data.byId();
    this.evaluation = data.executions(Split.EVAL);
    this.seed = seed;
    this.inputsPerProgram = inputsPerProgram;
    this.freshNames = Formats.freshNames(data);
  }

  /**
   * All queries, in a fixed order: every group plainly; programs with and without executions on
   * held-out pointer contexts and with the source in the prompt; programs without executions under
   * another's name. Where two programs are told apart, inputs on which they agree are left out.
   */
  public List<Query> all() {
    List<Query> queries = new ArrayList<>();
    for (TaskProgram program : data.programs()) {
      for (QueryKind kind : QueryKind.values()) {
        if (applies(kind, program.group())) {
          for (Mode mode : Mode.values()) {
            add(queries, program, kind, mode);
          }
        }
      }
    }
    return queries;
  }

  private static boolean applies(QueryKind kind, Group group) {
    return switch (kind) {
      case PLAIN -> true;
      case HELD_OUT_TEMPLATE, IN_CONTEXT -> group == Group.WITH_IO || group == Group.WITHOUT_IO;
      case WRONG_NAME -> group == Group.WITHOUT_IO;
    };
  }

  private void add(List<Query> queries, TaskProgram own, QueryKind kind, Mode mode) {
    // The program whose function is right, under the name that the prompt has.
    TaskProgram named = kind == QueryKind.WRONG_NAME ? next(own) : own;
    Program shown = data.shownProgram(named).orElse(named.program());
    Program asked =
        kind == QueryKind.IN_CONTEXT ? Renaming.rename(shown, freshName(own.id(), mode)) : shown;
    boolean swapped = kind == QueryKind.WRONG_NAME || own.group() == Group.WRONG_SOURCE;
    PreparedProgram right = new Interpreter().prepare(asked);
    PreparedProgram original = new Interpreter().prepare(own.program());
    List<Execution> executions = Objects.requireNonNullElse(evaluation.get(own.id()), List.of());
    boolean all = mode == Mode.DIRECT && !own.group().executed();
    int most = all ? executions.size() : inputsPerProgram;
    int taken = 0;
    for (Execution execution : executions) {
      Value input = execution.input().getFirst();
      Execution expected = RandomArithmetic.execution(named.id(), right, input, Split.EVAL);
      Optional<String> originalAnswer =
          swapped
              ? Optional.of(
                  RandomArithmetic.execution(own.id(), original, input, Split.EVAL).output())
              : Optional.empty();
      if (originalAnswer.isPresent() && originalAnswer.get().equals(expected.output())) {
        continue;
      }
      if (taken == most) {
        break;
      }
      Template template = template(kind, own.id(), mode, taken);
      taken++;
      String prompt =
          kind == QueryKind.IN_CONTEXT
              ? Formats.inContextPrompt(template, asked, mode, input)
              : Formats.prompt(template, named.name(), mode, input);
      queries.add(
          new Query(
              own.id(),
              own.group(),
              own.operations(),
              kind,
              mode,
              input,
              prompt,
              Formats.solution(mode, expected, asked),
              expected.output(),
              originalAnswer,
              asked));
    }
  }

  private String freshName(String id, Mode mode) {
    RandomStream random = RandomStream.of(seed, "query.name." + mode.label() + "." + id, 0);
    return freshNames.get(random.nextInt(freshNames.size()));
  }

  private Template template(QueryKind kind, String id, Mode mode, int index) {
    List<Template> templates =
        kind == QueryKind.HELD_OUT_TEMPLATE ? Template.HELD_OUT : Template.TRAINING;
    String stream = "query." + kind.label() + "." + mode.label() + "." + id;
    return templates.get(RandomStream.of(seed, stream, index).nextInt(templates.size()));
  }

  /** The next program of the same group and length; after the last one the first. */
  private TaskProgram next(TaskProgram program) {
    List<TaskProgram> peers =
        byId.values().stream()
            .filter(p -> p.group() == program.group() && p.operations() == program.operations())
            .toList();
    return peers.get((peers.indexOf(program) + 1) % peers.size());
  }
}
