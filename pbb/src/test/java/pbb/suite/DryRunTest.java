package pbb.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import pbb.engine.nn.ModelConfig;
import pbb.engine.selection.Selection;
import pbb.run.Profile;

/** The sizes that a dry run counts; its times are only known to be there. */
class DryRunTest {

  @Test
  void countsWhatARunTakes() {
    Profile profile = TinyRun.profile();
    try (Selection selection = TinyRun.backend(1)) {
      DryRun one = DryRun.of(TinyRun.config(0), selection.backend());
      DryRun three = DryRun.of(TinyRun.config(0, 1, 2), selection.backend());
      assertEquals(1, one.cells());
      assertEquals(3, three.cells());
      assertEquals(profile.training().steps() * 4 * 112, one.tokens());
      assertEquals(3 * one.tokens(), three.tokens());
      assertEquals(3 * one.queries(), three.queries());
      ModelConfig model = profile.model().config(one.vocabulary(), 112);
      assertEquals(model.parameters(), one.parameters());
      assertEquals(
          one.tokens() * model.trainingFlopsPerToken(112) * 1e-12, one.trainingTeraflop(), 1e-12);
      assertTrue(one.generationTeraflop() > 0, one.toString());
      assertTrue(one.tokensPerSecond() > 0 && one.seconds() > 0, one.toString());
      assertEquals(three.seconds(), 3 * three.secondsPerCell(), 1e-9);
    }
  }
}
