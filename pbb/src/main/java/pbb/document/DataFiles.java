package pbb.document;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import pbb.lang.Parser;
import pbb.lang.Program;
import pbb.lang.SyntaxException;
import pbb.lang.Value;
import pbb.task.Execution;
import pbb.task.Group;
import pbb.task.Split;
import pbb.task.TaskData;
import pbb.task.TaskProgram;

/**
 * A task's data as files of one JSON object a line: {@code programs.jsonl} and {@code io.jsonl}.
 */
public final class DataFiles {

  /** The file of programs. */
  public static final String PROGRAMS = "programs.jsonl";

  /** The file of executions. */
  public static final String EXECUTIONS = "io.jsonl";

  /** The file of training documents. */
  public static final String DOCUMENTS = "documents.jsonl";

  private static final ObjectMapper JSON = new ObjectMapper();

  private DataFiles() {}

  /** Writes both files into {@code folder}, which must exist. */
  public static void write(Path folder, TaskData data) throws IOException {
    writeLines(folder.resolve(PROGRAMS), data.programs().stream().map(p -> json(p)));
    writeLines(folder.resolve(EXECUTIONS), data.executions().stream().map(e -> json(e)));
  }

  /** Writes training documents, in the order in which training reads them. */
  public static void writeDocuments(Path folder, Stream<TrainingText> documents)
      throws IOException {
    writeLines(folder.resolve(DOCUMENTS), documents.map(document -> json(document)));
  }

  /**
   * Reads both files.
   *
   * @throws IllegalArgumentException if a line is not as it should be; the message names file, line
   *     and field
   */
  public static TaskData read(Path folder) throws IOException {
    Path programs = folder.resolve(PROGRAMS);
    Path executions = folder.resolve(EXECUTIONS);
    return new TaskData(
        readLines(programs, DataFiles::program), readLines(executions, DataFiles::execution));
  }

  /**
   * Reads training documents, in their order, one at a time.
   *
   * @throws IllegalArgumentException if a line is not as it should be; the message names file, line
   *     and field
   */
  public static void readDocuments(Path folder, Consumer<TrainingText> consumer)
      throws IOException {
    forEachLine(folder.resolve(DOCUMENTS), line -> consumer.accept(document(line)));
  }

  private static ObjectNode json(TaskProgram program) {
    String source = Formats.source(program.program());
    ObjectNode node =
        JSON.createObjectNode()
            .put("id", program.id())
            .put("name", program.name())
            .put("task", program.task())
            .put("group", program.group().label())
            .put("source", source)
            .put("shown", program.shown().orElse(null));
    node.putObject("renderings").put("python", source);
    return node.put("operations", program.operations());
  }

  private static ObjectNode json(Execution execution) {
    ObjectNode node = JSON.createObjectNode().put("program", execution.program());
    ArrayNode input = node.putArray("input");
    execution.input().forEach(value -> input.add(JSON.valueToTree(value.toJson())));
    node.put("output", execution.output());
    ArrayNode steps = node.putArray("steps");
    execution.steps().forEach(steps::add);
    return node.put("split", execution.split() == Split.TRAIN ? "train" : "eval");
  }

  private static ObjectNode json(TrainingText document) {
    ObjectNode node =
        JSON.createObjectNode()
            .put("kind", document.kind().label())
            .put("program", document.program().orElse(null));
    ArrayNode turns = node.putArray("turns");
    document
        .turns()
        .forEach(t -> turns.addObject().put("mode", t.mode().label()).put("input", t.input()));
    ArrayNode parts = node.putArray("parts");
    document
        .parts()
        .forEach(p -> parts.addObject().put(p.learned() ? "learned" : "given", p.text()));
    return node;
  }

  private static TaskProgram program(Line line) {
    String source = line.text("source");
    Program program;
    try {
      program = Parser.parse(source);
    } catch (SyntaxException e) {
      throw line.error("source", "is no program of the language: " + e.getMessage());
    }
    if (!program.name().equals(line.text("name"))) {
      throw line.error("name", "is not that of the function in source, " + program.name());
    }
    String label = line.text("group");
    Group group =
        Stream.of(Group.values())
            .filter(candidate -> candidate.label().equals(label))
            .findFirst()
            .orElseThrow(() -> line.error("group", "must be one of the four groups, not " + label));
    return new TaskProgram(
        line.text("id"),
        line.text("task"),
        group,
        program,
        line.optional("shown"),
        line.require("operations", JsonNode::isInt, "an integer").asInt());
  }

  private static Execution execution(Line line) {
    List<Value> input = new ArrayList<>();
    for (JsonNode value : line.require("input", JsonNode::isArray, "a list")) {
      input.add(value(line, value));
    }
    List<String> steps = new ArrayList<>();
    line.require("steps", JsonNode::isArray, "a list").forEach(step -> steps.add(step.asText()));
    String split = line.text("split");
    if (!split.equals("train") && !split.equals("eval")) {
      throw line.error("split", "must be train or eval, not " + split);
    }
    return new Execution(
        line.text("program"),
        input,
        line.text("output"),
        steps,
        split.equals("train") ? Split.TRAIN : Split.EVAL);
  }

  private static TrainingText document(Line line) {
    String kind = line.text("kind");
    List<TrainingText.Turn> turns = new ArrayList<>();
    for (JsonNode turn : line.require("turns", JsonNode::isArray, "a list")) {
      String label = turn.path("mode").asText();
      turns.add(
          new TrainingText.Turn(
              Stream.of(Mode.values())
                  .filter(mode -> mode.label().equals(label))
                  .findFirst()
                  .orElseThrow(() -> line.error("turns", "has an unknown mode: " + turn)),
              turn.path("input").asText()));
    }
    List<TrainingText.Part> parts = new ArrayList<>();
    for (JsonNode part : line.require("parts", JsonNode::isArray, "a list")) {
      boolean learned = part.has("learned");
      JsonNode text = part.path(learned ? "learned" : "given");
      if (part.size() != 1 || !text.isTextual()) {
        throw line.error("parts", "must hold objects of one string, given or learned, not " + part);
      }
      parts.add(new TrainingText.Part(text.asText(), learned));
    }
    TrainingText.Kind known =
        Stream.of(TrainingText.Kind.values())
            .filter(candidate -> candidate.label().equals(kind))
            .findFirst()
            .orElseThrow(() -> line.error("kind", "is unknown: " + kind));
    try {
      return new TrainingText(known, line.optional("program"), turns, parts);
    } catch (IllegalArgumentException e) {
      throw line.error("parts", "make no document: " + e.getMessage());
    }
  }

  private static Value value(Line line, JsonNode node) {
    try {
      @Nullable Object plain = JSON.treeToValue(node, Object.class);
      return Value.fromJson(plain);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw line.error("input", "holds what is no value: " + e.getMessage());
    }
  }

  private record Line(Path file, int number, JsonNode node) {

    String text(String field) {
      return require(field, JsonNode::isTextual, "a string").asText();
    }

    Optional<String> optional(String field) {
      return Optional.ofNullable(node.get(field))
          .filter(value -> !value.isNull())
          .map(JsonNode::asText);
    }

    JsonNode require(String field, Predicate<JsonNode> rule, String what) {
      JsonNode value = node.get(field);
      if (value == null || !rule.test(value)) {
        throw error(
            field, "must be " + what + (value == null ? " and is missing" : ", not " + value));
      }
      return value;
    }

    IllegalArgumentException error(String field, String problem) {
      return new IllegalArgumentException(
          file + ", line " + number + ": field " + field + " " + problem);
    }
  }

  private static void writeLines(Path file, Stream<ObjectNode> lines) throws IOException {
    try (BufferedWriter writer = Files.newBufferedWriter(file)) {
      lines.forEach(
          line -> {
            try {
              writer.write(JSON.writeValueAsString(line));
              writer.write('\n');
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static <T> List<T> readLines(Path file, Function<Line, T> parse) throws IOException {
    List<T> values = new ArrayList<>();
    forEachLine(file, line -> values.add(parse.apply(line)));
    return values;
  }

  private static void forEachLine(Path file, Consumer<Line> consumer) throws IOException {
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      int number = 0;
      for (String text = reader.readLine(); text != null; text = reader.readLine()) {
        number++;
        try {
          consumer.accept(new Line(file, number, JSON.readTree(text)));
        } catch (JsonProcessingException e) {
          throw new IllegalArgumentException(
              file + ", line " + number + " is no JSON object: " + e.getOriginalMessage(), e);
        }
      }
    }
  }
}
