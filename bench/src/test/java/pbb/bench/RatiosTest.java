package pbb.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class RatiosTest {

  private final Ratios ratios = new Ratios();

  private void add(String json) throws Exception {
    ratios.add(Line.parse(json.replace('\'', '"')));
  }

  private static Line only(List<Line> lines, String field, String value) {
    List<Line> found =
        lines.stream().filter(line -> line.get(field).asText().equals(value)).toList();
    assertEquals(1, found.size(), found + " of " + lines);
    return found.getFirst();
  }

  @Test
  void theEngineOverEachPeerAndOverTheBest() throws Exception {
    String product = "'what':'matmul','threads':1,'m':8,'n':4,'k':2,'transpose':'NN',";
    add("{" + product + "'backend':'vector','gflops':300,'peak_share':0.6}");
    add("{" + product + "'peer':'libtorch','setup':'installed','gflops':100,'peak_share':0.25}");
    add("{" + product + "'peer':'libtorch','setup':'strongest','gflops':200}");
    // Neither of these has a counterpart.
    add(
        "{'what':'train','peer':'libtorch','setup':'strongest','threads':2,'shape':'S',"
            + "'tokens_per_s':999}");
    add("{'what':'train','backend':'tornado','device':'opencl:0','shape':'S','tokens_per_s':9}");

    List<Line> lines =
        ratios.lines().stream().filter(line -> !line.has("products")).toList(); // but for means
    assertEquals(3, lines.size());
    Line installed = only(lines, "setup", "installed");
    assertEquals("ratio", installed.get("what").asText());
    assertEquals("matmul", installed.get("of").asText());
    assertEquals("8 × 4 × 2 NN", installed.get("subject").asText());
    assertEquals(3, installed.get("ratio").asDouble());
    assertEquals(2.4, installed.get("ratio_of_shares").asDouble());
    assertEquals(1.5, only(lines, "setup", "strongest").get("ratio").asDouble());
    Line best = only(lines, "peer", "best");
    assertEquals(1.5, best.get("ratio").asDouble());
    assertEquals("libtorch strongest", best.get("is").asText());
  }

  /** The machine was twice as fast when the first peer was measured, and so were both. */
  @Test
  void whereRepeatsTookTurnsTheRatioIsTheMiddleOneOfTheirs() throws Exception {
    add(
        "{'what':'train','backend':'vector','threads':1,'shape':'S','tokens_per_s':300,"
            + "'peak_share':0.6}");
    add(
        "{'what':'train','peer':'a','threads':1,'shape':'S','tokens_per_s':400,'peak_share':0.4,"
            + "'seconds':[1.5,1.6,1.2,1.4,1.3],'engine_seconds':[1,1,1,1,1]}");
    add(
        "{'what':'train','peer':'b','threads':1,'shape':'S','tokens_per_s':200,'peak_share':0.5,"
            + "'seconds':[2.2,2.2,2.2,2.2,2.2],'engine_seconds':[2,2,2,2,2]}");
    List<Line> lines = ratios.lines();
    Line a = only(lines, "peer", "a");
    assertEquals(1.4, a.get("ratio").asDouble());
    assertEquals(1.3, a.get("low").asDouble());
    assertEquals(1.5, a.get("high").asDouble());
    assertFalse(a.has("ratio_of_shares"), a.json());
    Line best = only(lines, "peer", "best");
    assertEquals("b", best.get("is").asText());
    assertEquals(1.1, best.get("ratio").asDouble());
    assertEquals(1.1, best.get("high").asDouble());
  }

  @Test
  void ofMemoryTheLeastIsTheBest() throws Exception {
    add("{'what':'memory','backend':'vector','threads':1,'shape':'M','peak_mb':80}");
    add("{'what':'memory','peer':'a','threads':1,'shape':'M','peak_mb':100}");
    add("{'what':'memory','peer':'b','threads':1,'shape':'M','peak_mb':160}");
    assertEquals(0.8, only(ratios.lines(), "peer", "best").get("ratio").asDouble());
  }

  @Test
  void matrixProductsHaveGeometricMeansOverEachPeerAndOverTheBetterOfEach() throws Exception {
    String product = "'what':'matmul','threads':1,'m':8,'n':4,'k':2,";
    add("{" + product + "'transpose':'NN','backend':'vector','gflops':100}");
    add("{" + product + "'transpose':'NN','peer':'a','gflops':50}");
    add("{" + product + "'transpose':'NN','peer':'b','gflops':100}");
    add("{" + product + "'transpose':'TN','backend':'vector','gflops':100}");
    add("{" + product + "'transpose':'TN','peer':'a','gflops':25}");
    add("{" + product + "'transpose':'TN','peer':'b','gflops':10}");
    List<Line> means =
        ratios.lines().stream()
            .filter(line -> line.get("subject").asText().equals("geometric mean"))
            .toList();
    assertEquals(2.828, only(means, "peer", "a").get("ratio").asDouble());
    assertEquals(3.162, only(means, "peer", "b").get("ratio").asDouble());
    assertEquals(2, only(means, "peer", "best").get("ratio").asDouble());
    assertEquals(2, only(means, "peer", "best").get("products").asInt());

    List<String> table =
        Ratios.tables(ratios.lines()).lines().map(row -> row.replaceAll(" +", " ")).toList();
    assertEquals("matmul, vector: gflops over each peer's", table.get(1));
    assertTrue(table.contains("8 × 4 × 2 TN 4.00"), table.toString());
    assertTrue(table.contains("geometric mean, the best 2.00"), table.toString());
  }

  /** The second shape has a peer more, and still the best come last. */
  @Test
  void aTableHasAColumnForEachShape() throws Exception {
    add("{'what':'start','backend':'vector','threads':1,'shape':'S','first_step_s':1}");
    add("{'what':'start','peer':'a','threads':1,'shape':'S','first_step_s':2,'caches':'empty'}");
    add("{'what':'start','backend':'vector','threads':1,'shape':'M','first_step_s':1}");
    add("{'what':'start','peer':'a','threads':1,'shape':'M','first_step_s':4,'caches':'empty'}");
    add("{'what':'start','peer':'b','threads':1,'shape':'M','first_step_s':8}");
    assertEquals(
        List.of(
            "",
            "start, vector: first_step_s over each peer's (less is better)",
            "                   S 1 t     M 1 t",
            "a empty caches      0.50      0.25",
            "b                             0.13",
            "the best            0.50      0.25"),
        Ratios.tables(ratios.lines()).lines().toList());
  }

  @Test
  void withoutPeersThereIsNothingToSay() throws Exception {
    add("{'what':'train','backend':'vector','threads':1,'shape':'S','tokens_per_s':300}");
    assertEquals(List.of(), ratios.lines());
    assertEquals("", Ratios.tables(ratios.lines()));
  }
}
