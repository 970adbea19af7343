package pbb.document;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import pbb.document.TrainingText.Kind;
import pbb.document.TrainingText.Part;
import pbb.engine.data.Document;
import pbb.engine.tokenizer.WordTokenizer;

/** Which tokens of a document have loss. */
class TrainingTextTest {

  @Test
  void lossIsOnLearntPartsAndTheEndOfTextAfterEach() {
    TrainingText text =
        new TrainingText(
            Kind.IN_CONTEXT,
            Optional.empty(),
            List.of(),
            List.of(
                new Part("Recall f now\nsteps from 5", false),
                new Part(" a 8 gives 8", true),
                new Part("\nanswer from 6", false),
                new Part(" 9", true)));
    WordTokenizer tokenizer = WordTokenizer.ofTexts(List.of(text.text()));
    Document document = text.encode(tokenizer);
    List<String> marked = new ArrayList<>();
    for (int i = 0; i < document.length(); i++) {
      String token = tokenizer.decode(document.token(i)).replace("\n", "⏎");
      marked.add((document.targetWeight(i) > 0 ? "*" : "") + token);
    }
    assertEquals(
        List.of(
            "Recall",
            " f",
            " now",
            "⏎",
            "steps",
            " from",
            " 5",
            "* a",
            "* 8",
            "* gives",
            "* 8",
            "*<|endoftext|>",
            "⏎",
            "answer",
            " from",
            " 6",
            "* 9",
            "*<|endoftext|>"),
        marked);
  }
}
