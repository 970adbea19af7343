package pbb.run;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntConsumer;
import pbb.document.Mode;
import pbb.engine.backend.Backend;
import pbb.engine.checkpoint.Model;
import pbb.engine.generate.Completion;
import pbb.engine.generate.GenerationConfig;
import pbb.engine.generate.Generator;
import pbb.engine.io.AtomicFiles;
import pbb.engine.io.JsonText;
import pbb.engine.tokenizer.Tokenizer;
import pbb.eval.Query;
import pbb.eval.Scoring.Answered;

/** Asks a model queries, greedily, and keeps every answer. */
public final class Evaluator {

  /** How many tokens an answer may be longer than the longest right one of its mode. */
  private static final int SPARE_TOKENS = 8;

  private Evaluator() {}

  /**
   * Asks all queries.
   *
   * @param batchSize how many answers are generated at a time; changes no answer
   * @param done told how many queries have their answers; may throw to give up
   * @return the answers in the order of the queries
   */
  public static List<Answered> answer(
      Backend backend, Model model, List<Query> queries, int batchSize, IntConsumer done) {
    Tokenizer tokenizer = model.tokenizer();
    Map<Mode, List<Integer>> byMode = new EnumMap<>(Mode.class);
    for (int i = 0; i < queries.size(); i++) {
      byMode.computeIfAbsent(queries.get(i).mode(), _ -> new ArrayList<>()).add(i);
    }
    Answered[] answers = new Answered[queries.size()];
    int[] count = {0};
    try (Generator generator = new Generator(backend, model.weights(), batchSize)) {
      byMode.forEach(
          (mode, indices) -> {
            List<Query> own = indices.stream().map(queries::get).toList();
            List<Completion> completions =
                generator.generate(
                    own.stream().map(query -> tokenizer.encode(query.prompt())).toList(),
                    GenerationConfig.greedy(maxNewTokens(tokenizer, own), tokenizer.endOfText()),
                    _ -> done.accept(++count[0]));
            for (int i = 0; i < own.size(); i++) {
              answers[indices.get(i)] =
                  new Answered(own.get(i), tokenizer.decode(completions.get(i).tokens()));
            }
          });
    }
    return Arrays.stream(answers).map(Objects::requireNonNull).toList();
  }

  /** The longest sequence that asking the queries takes, in tokens. */
  public static int longestSequence(Tokenizer tokenizer, List<Query> queries) {
    int prompt =
        queries.stream().mapToInt(query -> tokenizer.encode(query.prompt()).length).max().orElse(1);
    return prompt + maxNewTokens(tokenizer, queries);
  }

  private static int maxNewTokens(Tokenizer tokenizer, List<Query> queries) {
    return SPARE_TOKENS
        + queries.stream()
            .mapToInt(query -> tokenizer.encode(query.target()).length)
            .max()
            .orElse(0);
  }

  /** Writes {@code samples.jsonl}: a line for every query, in their order. */
  public static void writeSamples(Path file, List<Answered> answers) throws IOException {
    AtomicFiles.writeFile(
        file,
        path -> {
          try (BufferedWriter writer = Files.newBufferedWriter(path)) {
            for (Answered answer : answers) {
              writer.write(JsonText.compact(json(answer)));
              writer.write('\n');
            }
          }
        });
  }

  private static Map<String, Object> json(Answered answer) {
    Query query = answer.query();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("program", query.program());
    json.put("group", query.group().label());
    json.put("setting", Map.of("operations", query.operations()));
    json.put("query", query.kind().label());
    json.put("mode", query.mode().label());
    json.put("input", Collections.singletonList(query.input().toJson()));
    json.put("prompt", query.prompt());
    json.put("target", query.target());
    json.put("output", answer.output());
    json.put("answer", query.answer());
    query.original().ifPresent(original -> json.put("original", original));
    Map<String, Object> verdict = new LinkedHashMap<>();
    verdict.put("correct", answer.verdict().correct());
    if (query.original().isPresent()) {
      verdict.put("original", answer.verdict().original());
    }
    if (query.mode() == Mode.RECITE) {
      verdict.put("recited", answer.verdict().recited());
    }
    verdict.put("wellFormed", answer.verdict().wellFormed());
    json.put("verdict", verdict);
    return json;
  }
}
