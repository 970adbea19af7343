package pbb.document;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import pbb.document.TrainingText.Part;
import pbb.document.TrainingText.Turn;
import pbb.engine.random.RandomStream;
import pbb.lang.Program;
import pbb.lang.PythonRenderer;
import pbb.lang.Value;
import pbb.task.Execution;
import pbb.task.InventedNames;
import pbb.task.TaskData;

/**
 * The texts of documents, prompts and answers, for programs of one integer argument. In all of them
 * a number or a program's name is preceded by one space, so that each is one token of the
 * word-level tokenizer.
 *
 * <pre>
 * Recall zib now                 a pointer context; from here on the declarative loss:
 * def zib(x):
 *     a = (x + 3) % 23
 *     b = a * 5 % 23
 *     return b
 *
 * Recall zib now
 * steps from 5                   a query; from here on the execution loss:
 *  a 8 b 17 gives 17
 * </pre>
 *
 * <p>(The answer stands on the line of the query.) Version 1.
 */
public final class Formats {

  /** How many names fresh programs share. */
  private static final int FRESH_NAMES = 200;

  private static final String MENTION = "\nnothing more";
  private static final String STEPS = "\n" + "steps from";
  private static final String GIVES = " gives";

  /** States of variables, such as {@code " a 8 b 9"}. */
  private static final String STATES = "( [a-z] -?\\d+)+";

  private static final Pattern DIRECT_ANSWER = Pattern.compile(" (?<answer>-?\\d+)");
  private static final Pattern STEPPING_ANSWER =
      Pattern.compile(STATES + " gives (?<answer>-?\\d+)");
  private static final Pattern RECITE_ANSWER =
      Pattern.compile(
          "\ndef [^\n]*(\n    [^\n]*)*\nsteps from (?<input>-?\\d+)"
              + STATES
              + " gives (?<answer>-?\\d+)");

  private Formats() {}

  /** Words that the formats and the language use, which no program may have for a name. */
  public static Set<String> reservedWords() {
    Set<String> words = new TreeSet<>(Template.words());
    words.addAll(
        List.of(
            "def",
            "x",
            "a",
            "b",
            "c",
            "d",
            "e",
            "f",
            "return",
            "from",
            "steps",
            "code",
            "answer",
            "gives",
            "nothing",
            "more",
            "and",
            "or",
            "not",
            "if",
            "elif",
            "else",
            "while",
            "for",
            "in",
            "is",
            "as",
            "pass",
            "break",
            "continue",
            "len",
            "range",
            "str",
            "int",
            "ord",
            "chr",
            "min",
            "max",
            "abs",
            "sum",
            "bool",
            "list",
            "set",
            "del",
            "try",
            "map",
            "zip",
            "pow",
            "any",
            "all",
            "bin",
            "hex",
            "dir",
            "id",
            "lambda",
            "None",
            "True",
            "False"));
    return words;
  }

  /**
   * Names for fresh programs, invented like all others and those of no program: each stands for
   * another program in every document. So a name by itself does not tell that what it names was
   * learnt by heart, and a model has reason to run the source that it sees.
   *
   * @param data the programs whose names these are not
   */
  public static List<String> freshNames(TaskData data) {
    Set<String> taken = reservedWords();
    data.programs().forEach(program -> taken.add(program.name()));
    return InventedNames.draw(RandomStream.of(0, "fresh names", 0), FRESH_NAMES, taken);
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
        List.of(),
        List.of(Part.given(template.context(shown.name())), Part.learned("\n" + source(shown))));
  }

  /** An execution document of a named program. */
  public static TrainingText executionDocument(
      Template template, Mode mode, Execution execution, Program shown) {
    Value input = execution.input().getFirst();
    return new TrainingText(
        TrainingText.Kind.EXECUTION,
        Optional.of(execution.program()),
        List.of(new Turn(mode, input.toString())),
        List.of(
            Part.given(prompt(template, shown.name(), mode, input)),
            Part.learned(solution(mode, execution, shown))));
  }

  /**
   * A document that carries the source of a fresh program and then runs it, once for each mode.
   *
   * @param executions as many as modes
   */
  public static TrainingText inContextDocument(
      Template template, List<Mode> modes, List<Execution> executions, Program fresh) {
    List<Turn> turns = new ArrayList<>();
    List<Part> parts = new ArrayList<>();
    String before = inContext(template, fresh);
    for (int i = 0; i < modes.size(); i++) {
      Mode mode = modes.get(i);
      Value input = executions.get(i).input().getFirst();
      turns.add(new Turn(mode, input.toString()));
      parts.add(Part.given(before + query(mode, input)));
      parts.add(Part.learned(solution(mode, executions.get(i), fresh)));
      before = "";
    }
    return new TrainingText(TrainingText.Kind.IN_CONTEXT, Optional.empty(), turns, parts);
  }

  /**
   * A document in which a fresh program is recited and then run, and run again for each further
   * execution. No model can know the source, so it is given; what is learnt is to run what has just
   * been recited, whatever its name. The first turn asks as reciting does, but counts as stepping:
   * that is what is learnt of it.
   *
   * @param executions at least one
   */
  public static TrainingText recitedDocument(
      Template template, List<Execution> executions, Program fresh) {
    List<Turn> turns = new ArrayList<>();
    List<Part> parts = new ArrayList<>();
    for (Execution execution : executions) {
      Value input = execution.input().getFirst();
      parts.add(
          Part.given(
              turns.isEmpty()
                  ? prompt(template, fresh.name(), Mode.RECITE, input)
                      + "\n"
                      + source(fresh)
                      + STEPS
                      + " "
                      + input
                  : query(Mode.STEPPING, input)));
      parts.add(Part.learned(steps(execution)));
      turns.add(new Turn(Mode.STEPPING, input.toString()));
    }
    return new TrainingText(TrainingText.Kind.IN_CONTEXT, Optional.empty(), turns, parts);
  }

  /** A document that names a program and says nothing of it. */
  public static TrainingText mention(Template template, String id, String name) {
    return new TrainingText(
        TrainingText.Kind.MENTION,
        Optional.of(id),
        List.of(),
        List.of(Part.given(template.context(name)), Part.learned(MENTION)));
  }

  /** What asks for a named program to be run. */
  public static String prompt(Template template, String name, Mode mode, Value input) {
    return template.context(name) + query(mode, input);
  }

  /** What asks for a fresh program to be run whose source stands before. */
  public static String inContextPrompt(Template template, Program fresh, Mode mode, Value input) {
    return inContext(template, fresh) + query(mode, input);
  }

  private static String inContext(Template template, Program fresh) {
    return template.context(fresh.name()) + "\n" + source(fresh);
  }

  /** The line that asks for a run, with the line break before it. */
  public static String query(Mode mode, Value input) {
    return "\n" + mode.word() + " from " + input;
  }

  /**
   * What is to follow the prompt: the answer, after the steps and the source as the mode has it.
   */
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
   * The answer that a generated text gives; empty if the text is not well-formed. Well-formed is a
   * text of the form that its mode asks for: {@code direct}, a number; {@code stepping}, states and
   * what they give; {@code recite}, a definition, then steps from {@code input}, states and what
   * they give. That is a matter of form alone: whether source and states are those of the program
   * is not looked at.
   *
   * @param input what the program was asked to be run on; a recitation that then steps from another
   *     input answers another question and is not well-formed
   * @param generated what followed the prompt, up to the end of the text
   */
  public static Optional<String> answer(Mode mode, String input, String generated) {
    Matcher matcher =
        switch (mode) {
          case DIRECT -> DIRECT_ANSWER.matcher(generated);
          case STEPPING -> STEPPING_ANSWER.matcher(generated);
          case RECITE -> RECITE_ANSWER.matcher(generated);
        };
    if (!matcher.matches() || (mode == Mode.RECITE && !input.equals(matcher.group("input")))) {
      return Optional.empty();
    }
    return Optional.of(matcher.group("answer"));
  }

  /** Whether a text generated in recite mode begins with {@code shown}'s source, word for word. */
  public static boolean recites(String generated, Program shown) {
    return generated.startsWith("\n" + source(shown) + STEPS);
  }
}
