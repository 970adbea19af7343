package pbb.task;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import pbb.lang.Program;

/**
 * A task's programs and their executions: what {@code generate} writes, what training documents are
 * made from, and what queries are drawn from.
 *
 * @param programs in the order in which they were drawn
 * @param executions of {@link Split#TRAIN} for programs with executions only; of {@link Split#EVAL}
 *     for all
 */
public record TaskData(List<TaskProgram> programs, List<Execution> executions) {

  /**
   * Copies the lists and checks that ids are unique and known.
   *
   * @throws IllegalArgumentException if they are not
   */
  public TaskData {
    programs = List.copyOf(programs);
    executions = List.copyOf(executions);
    Map<String, TaskProgram> byId = byId(programs);
    for (TaskProgram program : programs) {
      program
          .shown()
          .filter(shown -> !byId.containsKey(shown))
          .ifPresent(
              shown -> {
                throw new IllegalArgumentException(
                    "program "
                        + program.id()
                        + " is shown as "
                        + shown
                        + ", which is no program's id");
              });
    }
    for (Execution execution : executions) {
      TaskProgram program = byId.get(execution.program());
      if (program == null) {
        throw new IllegalArgumentException(
            "an execution names program " + execution.program() + ", which does not exist");
      }
      if (execution.split() == Split.TRAIN && !program.group().executed()) {
        throw new IllegalArgumentException(
            "program "
                + program.id()
                + " of group "
                + program.group().label()
                + " must have no training execution");
      }
    }
  }

  /** The programs by id, in their order. */
  public Map<String, TaskProgram> byId() {
    return byId(programs);
  }

  /**
   * The program whose source training gives under {@code program}'s name, under that name; empty if
   * none is.
   */
  public Optional<Program> shownProgram(TaskProgram program) {
    Map<String, TaskProgram> byId = byId();
    return program
        .shown()
        .map(id -> Objects.requireNonNull(byId.get(id)).program())
        .map(shown -> Renaming.rename(shown, program.name()));
  }

  /** The executions of each program on one side of the split, by the program's id. */
  public Map<String, List<Execution>> executions(Split split) {
    Map<String, List<Execution>> byProgram = new LinkedHashMap<>();
    for (Execution execution : executions) {
      if (execution.split() == split) {
        byProgram.computeIfAbsent(execution.program(), _ -> new ArrayList<>()).add(execution);
      }
    }
    return byProgram;
  }

  private static Map<String, TaskProgram> byId(List<TaskProgram> programs) {
    Map<String, TaskProgram> byId = LinkedHashMap.newLinkedHashMap(programs.size());
    for (TaskProgram program : programs) {
      if (byId.put(program.id(), program) != null) {
        throw new IllegalArgumentException("two programs have the id " + program.id());
      }
    }
    return byId;
  }
}
