package pbb.engine.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pbb.engine.io.InvalidFileException;
import pbb.engine.nn.ModelConfig;
import pbb.engine.nn.Parameter;
import pbb.engine.nn.Transformer;
import pbb.engine.nn.Weights;
import pbb.engine.tokenizer.ByteTokenizer;

class ModelTest {

  @TempDir Path folder;

  @Test
  void whatIsWrittenIsLoaded() throws IOException {
    ByteTokenizer tokenizer = new ByteTokenizer();
    for (boolean tied : new boolean[] {false, true}) {
      ModelConfig config = ModelConfig.llama(tokenizer.vocabularySize(), 16, 24, 3, 2, 32, tied);
      Model model = new Model(tokenizer, Weights.initial(new Transformer(config), 3));
      Path path = folder.resolve("tied-" + tied);
      Checkpoint.write(path, model.contents());
      Model loaded = Model.load(path);
      assertEquals(config, loaded.config());
      assertEquals(tokenizer.vocabularySize(), loaded.tokenizer().vocabularySize());
      assertFalse(Checkpoint.open(path).isResumable());
      for (int i = 0; i < model.weights().model().parameters().size(); i++) {
        Parameter parameter = model.weights().model().parameters().get(i);
        Parameter same = loaded.weights().model().parameters().get(i);
        assertEquals(
            -1,
            model.weights().segment(parameter).mismatch(loaded.weights().segment(same)),
            "first byte that differs in " + parameter.tensor().name());
      }
    }
  }

  @Test
  void aFolderThatIsNoneIsNamed() {
    Path none = folder.resolve("none");
    InvalidFileException e = assertThrows(InvalidFileException.class, () -> Model.load(none));
    assertTrue(String.valueOf(e.getMessage()).startsWith(none + " "), e.getMessage());
  }
}
