package pbb.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import pbb.engine.backend.Backend;
import pbb.engine.backend.BackendOptions;
import pbb.engine.backend.vector.VectorProvider;
import pbb.engine.conformance.OpCase;
import pbb.engine.conformance.OpTable;
import pbb.engine.graph.DataType;
import pbb.engine.graph.Tensor;

/**
 * A value that is no number must get wherever it gets on the vector backend, lest it go unnoticed.
 * It may get further: to what it is multiplied with 0 for, where attention is masked.
 */
class NotANumberTest {

  private static final long SEED = 5;

  @Test
  void isNotLost() {
    List<String> lost = new ArrayList<>();
    int spread = 0;
    try (Backend vector = new VectorProvider().open(new BackendOptions("cpu", 1))) {
      for (OpCase row : OpTable.ofModel(TrainingData.model(1), 2, 11)) {
        Map<Tensor, double[]> inputs = row.inputs(SEED);
        for (Tensor tensor : inputs.keySet()) {
          if (tensor.type() != DataType.F32) {
            continue;
          }
          double[] values = inputs.getOrDefault(tensor, new double[0]);
          double before = values[values.length / 2];
          values[values.length / 2] = Double.NaN;
          Map<Tensor, double[]> expected = row.outputs(vector, inputs, 1);
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
