package pbb.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class RatesTest {

  @Test
  void medianIsTheMiddleOrTheMeanOfTheTwoInTheMiddle() {
    assertEquals(new Rates(3, 1, 9), Rates.of(9, 1, 3));
    assertEquals(new Rates(2.5, 1, 4), Rates.of(4, 2, 1, 3));
  }
}
