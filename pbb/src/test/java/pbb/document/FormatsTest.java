package pbb.document;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import pbb.engine.tokenizer.WordTokenizer;
import pbb.lang.Parser;
import pbb.lang.Program;
import pbb.lang.Value;
import pbb.task.Execution;
import pbb.task.Split;

/** A golden document for each kind and mode, piece by piece: what is learnt is in brackets. */
final class FormatsTest {

  private static final Program ZIB =
      Parser.parse("def zib(x):\n    a = (x + 3) % 23\n    b = a * 5 % 23\n    return b\n");
  private static final Execution ON_5 =
      new Execution("id", List.of(Value.of(5)), "17", List.of("a 8", "b 17"), Split.TRAIN);
  private static final Template NOW = new Template("Recall", "now");

  private static final String SOURCE =
      "[\\n"
          + "][def][ zib][(][x][)][:][\\n"
          + "    ][a][ =][ (][x][ +][ 3][)][ %][ 23][\\n"
          + "    ][b][ =][ a][ *][ 5][ %][ 23][\\n"
          + "    ][return][ b]";

  /**
   * The pieces that the word tokenizer makes of a document, those with loss in brackets, and the
   * ends of text.
   */
  private static String pieces(TrainingText document) {
    StringBuilder text = new StringBuilder();
    for (TrainingText.Part part : document.parts()) {
      for (String piece : WordTokenizer.pieces(part.text())) {
        String shown = piece.replace("\n", "\\n");
        text.append(part.learned() ? "[" + shown + "]" : shown + "|");
      }
      text.append(part.learned() ? "[end]" : "");
    }
    return text.toString();
  }

  @Test
  void source() {
    assertEquals(
        "Recall| zib| now|" + SOURCE + "[end]", pieces(Formats.sourceDocument(NOW, "id", ZIB)));
  }

  @Test
  void direct() {
    assertEquals(
        "Recall| zib| now|\\n|answer| from| 5|[ 17][end]",
        pieces(Formats.executionDocument(NOW, Mode.DIRECT, ON_5, ZIB)));
  }

  @Test
  void stepping() {
    assertEquals(
        "Recall| zib| now|\\n|steps| from| 5|[ a][ 8][ b][ 17][ gives][ 17][end]",
        pieces(Formats.executionDocument(NOW, Mode.STEPPING, ON_5, ZIB)));
  }

  @Test
  void recite() {
    assertEquals(
        "Recall| zib| now|\\n|code| from| 5|"
            + SOURCE
            + "[\\n][steps][ from][ 5][ a][ 8][ b][ 17][ gives][ 17][end]",
        pieces(Formats.executionDocument(NOW, Mode.RECITE, ON_5, ZIB)));
  }

  @Test
  void inContext() {
    assertEquals(
        "Recall| zib| now|"
            + SOURCE.replace("[", "").replace("]", "|")
            + "\\n|steps| from| 5|[ a][ 8][ b][ 17][ gives][ 17][end]"
            + "\\n|answer| from| 5|[ 17][end]",
        pieces(
            Formats.inContextDocument(
                NOW, List.of(Mode.STEPPING, Mode.DIRECT), List.of(ON_5, ON_5), ZIB)));
  }

  @Test
  void recited() {
    assertEquals(
        "Recall| zib| now|\\n|code| from| 5|"
            + SOURCE.replace("[", "").replace("]", "|")
            + "\\n|steps| from| 5|[ a][ 8][ b][ 17][ gives][ 17][end]"
            + "\\n|steps| from| 5|[ a][ 8][ b][ 17][ gives][ 17][end]",
        pieces(Formats.recitedDocument(NOW, List.of(ON_5, ON_5), ZIB)));
  }

  @Test
  void mention() {
    assertEquals(
        "Recall| zib| now|[\\n][nothing][ more][end]", pieces(Formats.mention(NOW, "id", "zib")));
  }

  private static void assertAnswer(Optional<String> expected, Mode mode, String generated) {
    assertEquals(expected, Formats.answer(mode, "5", generated), mode + ": " + generated);
  }

  @Test
  void answersAreReadOnlyFromTheirForm() {
    Optional<String> right = Optional.of("17");
    Optional<String> none = Optional.empty();
    assertAnswer(right, Mode.DIRECT, " 17");
    assertAnswer(none, Mode.DIRECT, " 17 17");
    assertAnswer(right, Mode.STEPPING, " a 8 b 17 gives 17");
    assertAnswer(none, Mode.STEPPING, " gives 17");
    assertAnswer(none, Mode.STEPPING, " a 8 b 17 gives 17 gives 17");
    String recited = Formats.solution(Mode.RECITE, ON_5, ZIB);
    assertAnswer(right, Mode.RECITE, recited);
    assertTrue(Formats.recites(recited, ZIB), recited);
    assertTrue(!Formats.recites(recited.replace("+ 3", "+ 4"), ZIB), "another source recites");
    assertAnswer(none, Mode.RECITE, "\n\nsteps from 5 a 8 b 17 gives 17");
    assertAnswer(none, Mode.RECITE, recited + "\nsteps from 5 a 8 b 17 gives 17");
    assertAnswer(none, Mode.RECITE, recited.replace(" gives 17", ""));
  }

  @Test
  void aRecitationThatStepsFromAnotherInputGivesNoAnswer() {
    String recited = Formats.solution(Mode.RECITE, ON_5, ZIB);
    assertAnswer(Optional.empty(), Mode.RECITE, recited.replace("from 5", "from 6"));
    assertAnswer(Optional.empty(), Mode.RECITE, recited.replace("from 5", "from 15"));
    assertEquals(Optional.empty(), Formats.answer(Mode.RECITE, "15", recited));
  }

  @Test
  void statesNeedNotBeRightForAnAnswerToBeWellFormed() {
    assertAnswer(Optional.of("17"), Mode.STEPPING, " a 9 b 2 gives 17");
    String recited = Formats.solution(Mode.RECITE, ON_5, ZIB);
    assertAnswer(Optional.of("17"), Mode.RECITE, recited.replace("a 8", "a 9"));
  }

  @Test
  void heldOutContextsAreNewOnlyAsAWhole() {
    assertTrue(Template.TRAINING.size() >= 20, "at least 20 contexts in training");
    assertEquals(4, Template.HELD_OUT.size());
    Set<Template> training = new HashSet<>(Template.TRAINING);
    List<String> before = new ArrayList<>();
    List<String> after = new ArrayList<>();
    training.forEach(
        template -> {
          before.add(template.before());
          after.add(template.after());
        });
    for (Template held : Template.HELD_OUT) {
      assertTrue(!training.contains(held), held::toString);
      assertTrue(before.contains(held.before()) && after.contains(held.after()), held::toString);
    }
  }
}
