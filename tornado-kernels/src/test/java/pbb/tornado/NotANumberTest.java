package pbb.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import pbb.engine.conformance.OpCase;
import pbb.engine.conformance.OpTable;
import pbb.engine.graph.DataType;
import pbb.engine.graph.Tensor;
import pbb.engine.selection.Backends;
import pbb.engine.selection.Selection;

/**
 * A value that is no number must get wherever plain loops take it, lest it go unnoticed. It may get
 * further, as it does on the vector backend: to what it is multiplied with 0 for, where attention
 * is masked.
 */
class NotANumberTest {

  private static final long SEED = 5;

  @Test
  void isNotLost() {
    List<String> lost = new ArrayList<>();
    int spread = 0;
    try (Selection scalar = Backends.discover().select("scalar", Optional.empty(), 1)) {
      for (OpCase row : OpTable.ofModel(TrainingData.model(1), 2, 11)) {
        Map<Tensor, double[]> inputs = row.inputs(SEED);
        for (Tensor tensor : inputs.keySet()) {
          if (tensor.type() != DataType.F32) {
            continue;
          }
          double[] values = inputs.getOrDefault(tensor, new double[0]);
          double before = values[values.length / 2];
          values[values.length / 2] = Double.NaN;
          Map<Tensor, double[]> expected = row.outputs(scalar.backend(), inputs, 1);
          Map<Tensor, double[]> actual = row.outputs(TestDevice.shared(), inputs, 1);
          values[values.length / 2] = before;
          for (Tensor output : expected.keySet()) {
            double[] want = expected.getOrDefault(output, new double[0]);
            double[] got = actual.getOrDefault(output, new double[0]);
            for (int i = 0; i < want.length; i++) {
              if (Double.isNaN(want[i])) {
                spread++;
                if (!Double.isNaN(got[i])) {
                  lost.add(row.name() + ", NaN in " + tensor + ", element " + i + " of " + output);
                }
              }
            }
          }
        }
      }
    }
    assertEquals(List.of(), lost);
    assertTrue(spread > 1000, spread + " results are NaN");
  }
}
