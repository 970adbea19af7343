package pbb.task;

import java.util.Optional;
import pbb.lang.Program;

/**
 * A program of a task.
 *
 * @param id unique within the task's data
 * @param task the task's name
 * @param group what training gives of it
 * @param program the program itself: the one that its name stands for
 * @param shown the id of the program whose source training gives under this name: its own,
 *     another's, or none
 * @param operations the setting: how many operations it has
 */
public record TaskProgram(
    String id, String task, Group group, Program program, Optional<String> shown, int operations) {

  /** The invented word that names it. */
  public String name() {
    return program.name();
  }
}
