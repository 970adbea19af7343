package pbb.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Param;
import pbb.engine.conformance.OpTable;

class OpBenchmarkTest {

  /** JMH wants the names as constants; a new op must be added to them. */
  @Test
  void everyOpOfTheTableIsMeasured() throws NoSuchFieldException {
    String[] listed = OpBenchmark.class.getField("op").getAnnotation(Param.class).value();
    TreeSet<String> ofTable =
        OpTable.rows().stream()
            .map(row -> row.op().name())
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(ofTable, new TreeSet<>(Arrays.asList(listed)));
    for (String op : listed) {
      assertFalse(OpBenchmark.rows(op, ModelShape.named("S")).isEmpty(), op);
    }
  }
}
