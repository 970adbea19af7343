package pbb.curriculum;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import pbb.document.Formats;
import pbb.document.TrainingText;
import pbb.document.TrainingText.Kind;
import pbb.task.RandomArithmetic;
import pbb.task.TaskData;

/** Documents come in their shares, and each is a function of its number. */
final class HomogeneousTest {

  private static final RandomArithmetic TASK =
      new RandomArithmetic(
          new RandomArithmetic.Dials(
              23, 7, List.of(new RandomArithmetic.Setting(2, 8, 4, 2, 2)), 6),
          1);
  private static final TaskData DATA = TASK.generate(Formats.reservedWords());

  private static Shares shares(Map<Integer, Double> settings) {
    return new Shares(0.2, 0.1, 0.1, 0.2, 0.1, 0.3, new Shares.Modes(1, 1, 1, 1), 4, settings, 2);
  }

  @Test
  void kindsComeInTheirShares() {
    Homogeneous curriculum = new Homogeneous(TASK, DATA, shares(Map.of(2, 1.0)), 7);
    Map<Kind, Integer> counts = new EnumMap<>(Kind.class);
    int documents = 4_000;
    for (int i = 0; i < documents; i++) {
      counts.merge(curriculum.text(i).kind(), 1, Integer::sum);
    }
    // Four standard deviations of a share of 0.4 are 0.031.
    assertEquals(0.2, counts.getOrDefault(Kind.SOURCE, 0) / (double) documents, 0.031);
    assertEquals(0.1, counts.getOrDefault(Kind.MENTION, 0) / (double) documents, 0.031);
    assertEquals(0.4, counts.getOrDefault(Kind.EXECUTION, 0) / (double) documents, 0.031);
    assertEquals(0.3, counts.getOrDefault(Kind.IN_CONTEXT, 0) / (double) documents, 0.031);
  }

  @Test
  void aDocumentIsAFunctionOfItsNumber() {
    Homogeneous one = new Homogeneous(TASK, DATA, shares(Map.of(2, 1.0)), 7);
    Homogeneous other = new Homogeneous(TASK, DATA, shares(Map.of(2, 1.0)), 7);
    for (int i = 99; i >= 0; i--) {
      assertEquals(one.text(i), other.text(i), "document " + i);
    }
  }

  @Test
  void freshProgramsShareNamesThatAreThoseOfNoProgram() {
    Homogeneous curriculum = new Homogeneous(TASK, DATA, shares(Map.of(2, 1.0)), 7);
    List<String> freshNames = Formats.freshNames(DATA);
    assertEquals(200, Set.copyOf(freshNames).size());
    DATA.programs().forEach(p -> assertFalse(freshNames.contains(p.name()), p.name()));
    Map<String, Set<String>> sources = new HashMap<>();
    for (int i = 0; i < 4_000; i++) {
      TrainingText text = curriculum.text(i);
      if (text.kind() == Kind.IN_CONTEXT) {
        String name = text.text().split("def |\\(")[1];
        assertTrue(freshNames.contains(name), text.text());
        sources.computeIfAbsent(name, _ -> new HashSet<>()).add(text.text());
      }
    }
    assertTrue(sources.size() > 190, "names in use: " + sources.size());
    assertTrue(
        sources.values().stream().anyMatch(texts -> texts.size() > 3), "each name is used again");
  }

  @Test
  void freshProgramsAreRunInTheirShares() {
    Homogeneous curriculum = new Homogeneous(TASK, DATA, shares(Map.of(2, 1.0)), 7);
    int recited = 0;
    int all = 0;
    for (int i = 0; i < 8_000; i++) {
      TrainingText text = curriculum.text(i);
      if (text.kind() == Kind.IN_CONTEXT) {
        all++;
        recited += text.parts().getFirst().text().contains("code from") ? 1 : 0;
        // A source that is asked for with itself in the prompt is the other one.
        recited -= text.text().split("def ", -1).length == 3 ? 1 : 0;
      }
    }
    // A quarter of them; four standard deviations are 0.035.
    assertEquals(0.25, recited / (double) all, 0.035);
  }

  @Test
  void aSettingWithoutProgramsIsRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new Homogeneous(TASK, DATA, shares(Map.of(2, 1.0, 3, 1.0)), 7));
  }
}
