package pbb.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ModelShapeTest {

  @Test
  void namesAndNumbersMix() {
    ModelShape x = new ModelShape("X", 192, 5, 6, 500, 1000, 24, 96);
    assertEquals(
        List.of(ModelShape.named("S"), x, ModelShape.named("L")),
        ModelShape.parse("S,X=192,5,6,500,1000,24,96,L"));
    assertEquals("X=192,5,6,500,1000,24,96", x.argument());
    assertEquals("S", ModelShape.named("S").argument());
  }

  /** The numbers of the weights as the peers count them. */
  @Test
  void knownShapesHaveTheirSizes() {
    assertEquals(984_192, ModelShape.named("S").config(32).parameters());
    assertEquals(5_377_280, ModelShape.named("M").config(128).parameters());
    assertEquals(34_087_424, ModelShape.named("L").config(256).parameters());
  }

  /** By hand: a layer, a width of 2, heads of 2, 3 hidden units, 5 tokens; 3 positions are read. */
  @Test
  void generationCountsTheOutputLayerForNewTokensOnly() {
    ModelShape shape = new ModelShape("X", 2, 1, 1, 3, 5, 1, 8);
    int layer = 4 * 2 * 2 + 3 * 2 * 3;
    int attention = (1 + 2 + 3) * 4 * 2;
    assertEquals(2 * layer * 3 + 2 * 2 * 5 * 2 + attention, shape.generationFlops(2, 2));
  }

  @Test
  void aSingleSequenceReadsWeightsAndHalfTheCache() {
    ModelShape shape = ModelShape.named("M");
    long read = shape.config(96).parameters() - 511 * 256 + 2 * 6 * 256 * 48;
    assertEquals(4 * read, SingleSequence.bytesPerToken(shape));
  }

  @Test
  void whatIsWrongIsSaid() {
    for (String wrong :
        List.of("Q", "", "S,", "X=1,2,3", "=1,2,3,4,5,6,7", "X=1,2,3,4,5,6,0", "X=1,2,3,4,5,6,y")) {
      IllegalArgumentException thrown =
          assertThrows(IllegalArgumentException.class, () -> ModelShape.parse(wrong));
      assertTrue(thrown.toString().contains("shape"), wrong + " gave: " + thrown);
    }
  }
}
