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
