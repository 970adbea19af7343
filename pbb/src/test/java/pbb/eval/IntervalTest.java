package pbb.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import pbb.eval.Interval.Cluster;

/** Wilson's interval against SciPy's, and what clustering does to it. */
final class IntervalTest {

  @Test
  void agreesWithSciPy() throws IOException {
    try (InputStream in = IntervalTest.class.getResourceAsStream("wilson.json")) {
      JsonNode cases = new ObjectMapper().readTree(in).get("intervals");
      assertTrue(cases.size() > 20, "the fixture should have many cases, not " + cases.size());
      for (JsonNode one : cases) {
        double trials = one.get("trials").asDouble();
        Interval interval = Interval.wilson(one.get("successes").asDouble() / trials, trials);
        assertEquals(one.get("low").asDouble(), interval.low(), 1e-12, one::toString);
        assertEquals(one.get("high").asDouble(), interval.high(), 1e-12, one::toString);
      }
    }
  }

  @Test
  void programsThatAreAllRightOrAllWrongCountOnce() {
    List<Cluster> clusters =
        List.of(new Cluster(10, 10), new Cluster(10, 10), new Cluster(0, 10), new Cluster(0, 10));
    assertEquals(Interval.wilson(0.5, 4), Interval.clustered(clusters));
  }

  @Test
  void evenlySpreadSuccessesCountFully() {
    List<Cluster> clusters = Collections.nCopies(20, new Cluster(5, 10));
    assertEquals(Interval.wilson(0.5, 200), Interval.clustered(clusters));
  }

  @Test
  void widthIsNeverZeroNorMoreThanThatOfOneTrialAProgram() {
    Interval all = Interval.clustered(Collections.nCopies(5, new Cluster(8, 8)));
    assertEquals(Interval.wilson(1, 5), all);
    assertTrue(all.low() < all.high(), all.toString());
  }

  @Test
  void nothingHasNoInterval() {
    assertThrows(IllegalArgumentException.class, () -> Interval.clustered(List.of()));
  }
}
