package pbb.eval;

import java.util.Optional;
import pbb.document.Formats;
import pbb.document.Mode;
import pbb.lang.Program;
import pbb.lang.Value;
import pbb.task.Group;

/**
 * A question to a model, with what is right.
 *
 * @param program the id of the program that the query belongs to; queries of one program are not
 *     independent
 * @param group the program's group
 * @param operations the program's number of operations
 * @param kind what the query asks with
 * @param mode how the answer is to be given
 * @param input the input
 * @param prompt the text that the model continues
 * @param target a right continuation
 * @param answer the answer of the program that the model was shown, or asked for, under the name in
 *     the prompt
 * @param original the answer of the program that was swapped out; only for a wrong name or a wrong
 *     source
 * @param recited the program whose source a recitation must give
 */
public record Query(
    String program,
    Group group,
    int operations,
    QueryKind kind,
    Mode mode,
    Value input,
    String prompt,
    String target,
    String answer,
    Optional<String> original,
    Program recited) {

  /**
   * What is right in a generated text.
   *
   * @param wellFormed whether it has the form that the mode asks for, as {@link Formats#answer}
   *     defines it: whether the states in it are right is not part of it
   * @param correct whether its answer is {@code answer}; only a well-formed text has an answer, and
   *     states need not be right
   * @param original whether its answer is {@code original}
   * @param recited whether it begins with the source, word for word
   */
  public record Verdict(boolean wellFormed, boolean correct, boolean original, boolean recited) {}

  /** Judges what a model generated after the prompt, up to the end of the text. */
  public Verdict judge(String generated) {
    Optional<String> given = Formats.answer(mode, input.toString(), generated);
    return new Verdict(
        given.isPresent(),
        given.filter(answer::equals).isPresent(),
        given.isPresent() && given.equals(original),
        mode == Mode.RECITE && Formats.recites(generated, recited));
  }
}
