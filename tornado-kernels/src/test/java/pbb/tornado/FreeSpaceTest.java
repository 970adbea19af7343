package pbb.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class FreeSpaceTest {

  @Test
  void takesTheFirstPartThatFits() {
    FreeSpace space = new FreeSpace(12, 112);
    assertEquals(OptionalInt.of(12), space.take(40));
    assertEquals(OptionalInt.of(52), space.take(20));
    assertEquals(OptionalInt.of(72), space.take(40));
    assertEquals(OptionalInt.empty(), space.take(1));
    space.giveBack(52, 20);
    assertEquals(OptionalInt.empty(), space.take(21));
    assertEquals(OptionalInt.of(52), space.take(5));
    assertEquals(OptionalInt.of(57), space.take(15));
  }

  @Test
  void whatIsGivenBackGrowsTogether() {
    FreeSpace space = new FreeSpace(0, 90);
    for (int i = 0; i < 3; i++) {
      assertEquals(OptionalInt.of(30 * i), space.take(30));
    }
    assertFalse(space.isWhole());
    space.giveBack(0, 30);
    space.giveBack(60, 30);
    assertFalse(space.isWhole());
    space.giveBack(30, 30);
    assertTrue(space.isWhole());
    assertEquals(OptionalInt.of(0), space.take(90));
  }

  @Test
  void nothingTakesNothing() {
    FreeSpace space = new FreeSpace(0, 10);
    assertEquals(OptionalInt.of(0), space.take(0));
    space.giveBack(0, 0);
    assertTrue(space.isWhole());
  }
}
