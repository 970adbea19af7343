package pbb.engine.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class WeightsTest {

  private static final ModelConfig CONFIG = ModelConfig.llama(97, 32, 48, 2, 4, 64, false);

  @Test
  void normsBeginAsOnesAndTheRestNormal() {
    Transformer model = new Transformer(CONFIG);
    Weights weights = Weights.initial(model, 5);
    for (Parameter parameter : model.parameters()) {
      float[] values = weights.segment(parameter).toArray(ValueLayout.JAVA_FLOAT);
      double mean = 0;
      double square = 0;
      for (float value : values) {
        mean += value / values.length;
        square += (double) value * value / values.length;
      }
      String name = parameter.tensor().name();
      if (parameter.kind() == Parameter.Kind.NORM) {
        assertEquals(1, mean, 0, name);
        assertEquals(1, square, 0, name);
      } else {
        double expected = CONFIG.initializerRange();
        // Five standard errors.
        assertEquals(0, mean, 5 * expected / Math.sqrt(values.length), name);
        assertEquals(
            expected, Math.sqrt(square), 5 * expected / Math.sqrt(2.0 * values.length), name);
      }
    }
  }

  @Test
  void weightsAreAFunctionOfSeedAndName() {
    Transformer model = new Transformer(CONFIG);
    Transformer deeper = new Transformer(ModelConfig.llama(97, 32, 48, 3, 4, 64, false));
    Weights weights = Weights.initial(model, 5);
    Weights more = Weights.initial(deeper, 5);
    Weights other = Weights.initial(model, 6);
    for (int i = 0; i < model.parameters().size(); i++) {
      Parameter parameter = model.parameters().get(i);
      Parameter same = deeper.parameters().get(i);
      for (int layer = 0; layer < parameter.tensor().slices(); layer++) {
        String name = parameter.checkpointName(layer);
        assertEquals(
            -1, weights.segment(parameter, layer).mismatch(more.segment(same, layer)), name);
        if (parameter.kind() != Parameter.Kind.NORM) {
          assertNotEquals(
              -1,
              weights.segment(parameter, layer).mismatch(other.segment(parameter, layer)),
              name);
        }
      }
      if (parameter.kind() != Parameter.Kind.NORM && parameter.tensor().slices() > 1) {
        assertTrue(
            weights.segment(parameter, 0).mismatch(weights.segment(parameter, 1)) >= 0,
            "layers of " + parameter.tensor().name() + " differ");
      }
    }
  }
}
