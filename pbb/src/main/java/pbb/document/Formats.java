package pbb.document;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import pbb.lang.Program;
import pbb.lang.PythonRenderer;
import pbb.lang.Value;
import pbb.task.Execution;

/**
 * The texts of documents, prompts and answers, for programs of one integer argument. In all of them a number or a program's
 * name is preceded by one space, so that each is one token of the word-level tokenizer.
 *
 * <pre>
 * Recall zib now                 a pointer context; from here on the declarative loss:
 * def zib(x):
 *     x = (x + 3) % 31
 *     return x
 *
 * Recall zib now
 * steps from 5                   a query; from here on the execution loss:
 *  8 gives 8
 * </pre>
 *
 * <p>(The answer stands on the line of the query.) Version 1.
 */
public final class Formats {

  /** What stands for the name of a program that has none. */
  public static final String PLACEHOLDER = "f";

  private static final String MENTION = "\nnothing more";
  private static final String STEPS = "\n" + "steps from";
  private static final String GIVES = " gives";

  private static final Pattern DIRECT_ANSWER = Pattern.compile(" (-?\\d+)");
  private static final Pattern STEPPING_ANSWER = Pattern.compile("( -?\\d+)+ gives (?<answer>-?\\d+)");
  private static final Pattern RECITE_ANSWER =
      Pattern.compile("\n(?<source>.*)\nsteps from -?\\d+( -?\\d+)+ gives (?<answer>-?\\d+)", Pattern.DOTALL);

  private Formats() {}

  /** Words that the formats and the language use, which no program may have for a name. */
  public static Set<String> reservedWords() {
    Set<String> words = new TreeSet<>(Template.words());
    words.addAll(
        List.of(
            "def", "x", PLACEHOLDER, "return", "from", "steps", "code", "answer", "gives", "nothing", "more", "and", "or",
            "not", "if", "elif", "else", "while", "for", "in", "is", "as", "pass", "break", "continue", "len", "range",
            "str", "int", "ord", "chr", "min", "max", "abs", "sum", "bool", "list", "set", "del", "try", "map", "zip",
            "pow", "any", "all", "bin", "hex", "dir", "id", "lambda", "None", "True", "False"));
    return words;
  }

  /** The source as it stands in documents: plain Python, without a line break at its end. */
  public static String source(Program program) {
    return PythonRenderer.render(program).stripTrailing();
  }

  /** A source document of a named program. */
  public static TrainingText sourceDocument(Template template, String id, Program shown) {
    return new TrainingText(
        TrainingText.Kind.SOURCE,
        Optional.of(id),
        Optional.empty(),
        Optional.empty(),
        template.context(shown.name()),
        "\n" + source(shown));
  }

  /** An execution document of a named program. */
  public static TrainingText executionDocument(
      Template template, Mode mode, Execution execution, Program shown) {
    Value input = execution.input().getFirst();
    return new TrainingText(
        TrainingText.Kind.EXECUTION,
        Optional.of(execution.program()),
        Optional.of(mode),
        Optional.of(input.toString()),
        prompt(template, shown.name(), mode, input),
        solution(mode, execution, shown));
  }

  /** An execution document that carries the source of an anonymous program. */
  public static TrainingText inContextDocument(
      Template template, Mode mode, Execution execution, Program anonymous) {
    Value input = execution.input().getFirst();
    return new TrainingText(
        TrainingText.Kind.IN_CONTEXT,
        Optional.empty(),
        Optional.of(mode),
        Optional.of(input.toString()),
        inContextPrompt(template, anonymous, mode, input),
        solution(mode, execution, anonymous));
  }

  /** A document that names a program and says nothing of it. */
  public static TrainingText mention(Template template, String id, String name) {
    return new TrainingText(
        TrainingText.Kind.MENTION,
        Optional.of(id),
        Optional.empty(),
        Optional.empty(),
        template.context(name),
        MENTION);
  }

  /** What asks for a named program to be run. */
  public static String prompt(Template template, String name, Mode mode, Value input) {
    return template.context(name) + query(mode, input);
  }

  /** What asks for an anonymous program to be run whose source stands before. */
  public static String inContextPrompt(Template template, Program anonymous, Mode mode, Value input) {
    return template.context(anonymous.name()) + "\n" + source(anonymous) + query(mode, input);
  }

  private static String query(Mode mode, Value input) {
    return "\n" + mode.word() + " from " + input;
  }

  /** What is to follow the prompt: the answer, after the steps and the source as the mode has it. */
  public static String solution(Mode mode, Execution execution, Program shown) {
    return switch (mode) {
      case DIRECT -> " " + execution.output();
      case STEPPING -> steps(execution);
      case RECITE ->
          "\n" + source(shown) + STEPS + " " + execution.input().getFirst() + steps(execution);
    };
  }

  private static String steps(Execution execution) {
    StringBuilder text = new StringBuilder();
    execution.steps().forEach(step -> text.append(' ').append(step));
    return text.append(GIVES).append(' ').append(execution.output()).toString();
  }

  /**
   * The answer that a generated text gives; empty if the text has not the form that its mode asks for.
   *
   * @param generated what followed the prompt, up to the end of the text
   */
  public static Optional<String> answer(Mode mode, String generated) {
    Matcher matcher =
        switch (mode) {
          case DIRECT -> DIRECT_ANSWER.matcher(generated);
          case STEPPING -> STEPPING_ANSWER.matcher(generated);
          case RECITE -> RECITE_ANSWER.matcher(generated);
        };
    if (!matcher.matches()) {
      return Optional.empty();
    }
    return Optional.of(mode == Mode.DIRECT ? matcher.group(1) : matcher.group("answer"));
  }

  /** Whether a text generated in recite mode begins with {@code shown}'s source, word for word. */
  public static boolean recites(String generated, Program shown) {
    return generated.startsWith("\n" + source(shown) + STEPS);
  }
}
