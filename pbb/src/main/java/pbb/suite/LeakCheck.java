package pbb.suite;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import pbb.document.DataFiles;
import pbb.document.Formats;
import pbb.document.Mode;
import pbb.document.Template;
import pbb.document.TrainingText;
import pbb.lang.Interpreter;
import pbb.lang.Parser;
import pbb.lang.PreparedProgram;
import pbb.lang.Program;
import pbb.lang.SyntaxException;
import pbb.lang.Value;
import pbb.task.Execution;
import pbb.task.FunctionTable;
import pbb.task.Group;
import pbb.task.RandomArithmetic;
import pbb.task.Split;
import pbb.task.TaskData;
import pbb.task.TaskProgram;

/**
 * Searches a written corpus for what would make its evaluation dishonest. It reads the texts
 * themselves and trusts neither the fields beside them nor the code that chose them. Each text is
 * read whole, as a pointer context and what may follow one, and must be what the program in {@code
 * programs.jsonl}, or the fresh one in the text itself, makes of it: states and answers are
 * computed again, and anything more than that is a finding. Names, inputs, definitions and held-out
 * contexts are found wherever they stand.
 */
public final class LeakCheck {

  /** What must not be. */
  public enum Rule {
    /** A document runs a program that training must not run, under its name. */
    EXECUTION_WITHOUT_IO,
    /** A document runs a program on an input on which it is evaluated. */
    EVALUATION_INPUT,
    /** A document says something of a program that it may only mention. */
    NO_SOURCE,
    /** A source stands under a name that is to have another one. */
    OTHER_SOURCE,
    /** A document uses a pointer context that is held out. */
    HELD_OUT_TEMPLATE,
    /** {@code programs.jsonl} shows another source for a program than its group is to have. */
    SHOWN,
    /** An executed program is the same function as one whose executions are held out. */
    COINCIDENCE,
    /** A document names two programs. */
    TWO_NAMES,
    /** The executions of {@code io.jsonl} are not split as they should be. */
    SPLIT,
    /**
     * What stands after a query is not what the program does, but other states, another answer or
     * more than these; or its input is none.
     */
    WRONG_EXECUTION,
    /** A document, or a line of it, is none of the known forms. */
    UNREADABLE
  }

  /**
   * A finding.
   *
   * @param rule what is violated
   * @param sentence where and how
   */
  public record Leak(Rule rule, String sentence) {}

  private static final Pattern WORD = Pattern.compile("[A-Za-z_]+");

  /** A definition and the indented lines below it. */
  private static final Pattern DEFINITION =
      Pattern.compile("def ([A-Za-z_]+)\\([^\n]*(?:\n    [^\n]*)*");

  private static final Pattern INPUT = Pattern.compile("\\bfrom\\s+(-?\\d+)");

  private static final Pattern QUERY =
      Pattern.compile(
          "\n("
              + Stream.of(Mode.values()).map(Mode::word).collect(Collectors.joining("|"))
              + ") from (-?\\d+)");

  /** The held-out pointer contexts of any name, whatever parts their words. */
  private static final List<Pattern> HELD_OUT =
      Template.HELD_OUT.stream()
          .map(template -> template.context("\\S+").replace(" ", "\\s+"))
          .map(Pattern::compile)
          .toList();

  private static final String MENTION = "\nnothing more";

  private final TaskData data;
  private final int domain;
  private final Map<String, TaskProgram> byName;
  private final Set<String> freshNames;
  private final Map<String, Set<String>> evaluationInputs = new HashMap<>();
  private final Map<String, String> shownSource = new HashMap<>();
  private final Map<FunctionTable, TaskProgram> held = new HashMap<>();
  private final Map<String, Optional<Source>> sources = new HashMap<>();
  private final Map<String, Value> inputs = new HashMap<>();
  private final List<Leak> leaks = new ArrayList<>();
  private long number;

  /** A source that runs on every input. */
  private record Source(Program program, PreparedProgram prepared, FunctionTable table) {}

  private LeakCheck(TaskData data, int domain) {
    this.data = data;
    this.domain = domain;
    this.byName =
        data.programs().stream().collect(Collectors.toMap(TaskProgram::name, Function.identity()));
    this.freshNames = Set.copyOf(Formats.freshNames(data));
    for (TaskProgram program : data.programs()) {
      data.shownProgram(program)
          .ifPresent(shown -> shownSource.put(program.name(), Formats.source(shown)));
    }
    for (int x = 0; x < domain; x++) {
      inputs.put(Integer.toString(x), Value.of(x));
    }
  }

  /**
   * Searches the corpus in {@code folder}.
   *
   * @param domain programs are functions of the integers 0 to {@code domain − 1}
   * @return what was found, in the order of the files; empty if the split is honest
   * @throws IOException if a file cannot be read
   */
  public static List<Leak> check(Path folder, int domain) throws IOException {
    TaskData data;
    try {
      data = DataFiles.read(folder);
    } catch (IllegalArgumentException e) {
      return List.of(new Leak(Rule.SPLIT, String.valueOf(e.getMessage())));
    }
    Set<String> names = new HashSet<>();
    for (TaskProgram program : data.programs()) {
      if (!names.add(program.name())) {
        return List.of(
            new Leak(
                Rule.TWO_NAMES,
                DataFiles.PROGRAMS + " gives the name " + program.name() + " to two programs"));
      }
    }
    LeakCheck check = new LeakCheck(data, domain);
    check.programs();
    check.executions();
    DataFiles.readDocuments(folder, check::document);
    return List.copyOf(check.leaks);
  }

  private void programs() {
    Map<String, TaskProgram> byId = data.byId();
    for (TaskProgram program : data.programs()) {
      Optional<TaskProgram> shown = program.shown().map(byId::get);
      boolean right =
          switch (program.group()) {
            case WITH_IO, WITHOUT_IO -> shown.equals(Optional.of(program));
            case NO_SOURCE -> shown.isEmpty();
            // So what is shown is among the programs that differ from all that are executed.
            case WRONG_SOURCE ->
                shown
                    .filter(other -> !other.equals(program) && other.group() == program.group())
                    .isPresent();
          };
      if (!right) {
        leaks.add(
            new Leak(
                Rule.SHOWN,
                DataFiles.PROGRAMS
                    + ": "
                    + program.id()
                    + " of group "
                    + program.group().label()
                    + " is shown "
                    + shown.map(other -> "with the source of " + other.id()).orElse("no source")));
      }
    }
    for (TaskProgram program : data.programs()) {
      if (program.group().executed()) {
        continue;
      }
      FunctionTable table = FunctionTable.of(program.program(), domain);
      TaskProgram twin = held.putIfAbsent(table, program);
      if (twin != null) {
        leaks.add(
            new Leak(
                Rule.COINCIDENCE,
                DataFiles.PROGRAMS
                    + ": "
                    + program.id()
                    + " is the same function as "
                    + twin.id()));
      }
    }
    for (TaskProgram program : data.programs()) {
      if (program.group().executed()) {
        coincidence(
            DataFiles.PROGRAMS + ": " + program.id(), FunctionTable.of(program.program(), domain));
      }
    }
  }

  private void coincidence(String where, FunctionTable table) {
    TaskProgram twin = held.get(table);
    if (twin != null) {
      leaks.add(
          new Leak(
              Rule.COINCIDENCE,
              where + " is the same function as " + twin.id() + ", which is held out"));
    }
  }

  private void executions() {
    Map<String, Set<String>> training = new HashMap<>();
    Map<String, TaskProgram> byId = data.byId();
    for (Execution execution : data.executions()) {
      String name = Objects.requireNonNull(byId.get(execution.program())).name();
      Map<String, Set<String>> own = execution.split() == Split.TRAIN ? training : evaluationInputs;
      own.computeIfAbsent(name, _ -> new HashSet<>()).add(execution.input().getFirst().toString());
    }
    training.forEach(
        (name, inputs) ->
            inputs.stream()
                .filter(input -> evaluationInputs.getOrDefault(name, Set.of()).contains(input))
                .forEach(
                    input ->
                        leaks.add(
                            new Leak(
                                Rule.SPLIT,
                                DataFiles.EXECUTIONS
                                    + ": input "
                                    + input
                                    + " of program "
                                    + name
                                    + " is on both sides of the split"))));
  }

  private void document(TrainingText document) {
    number++;
    String text = document.text();
    for (Pattern context : HELD_OUT) {
      Matcher held = context.matcher(text);
      while (held.find()) {
        add(Rule.HELD_OUT_TEMPLATE, "uses the held-out pointer context " + quoted(held.group()));
      }
    }
    Set<String> names = new TreeSet<>();
    Matcher words = WORD.matcher(text);
    while (words.find()) {
      if (byName.containsKey(words.group()) || freshNames.contains(words.group())) {
        names.add(words.group());
      }
    }
    if (names.size() > 1) {
      add(Rule.TWO_NAMES, "names " + String.join(" and ", names));
      return;
    }
    if (names.isEmpty()) {
      add(Rule.UNREADABLE, "names no program");
      return;
    }
    String subject = names.iterator().next();
    Optional<TaskProgram> program = Optional.ofNullable(byName.get(subject));
    definitions(program, subject, text);
    program.ifPresent(named -> inputs(named, text));
    form(program, subject, text);
  }

  /** Looks for definitions, wherever they stand. */
  private void definitions(Optional<TaskProgram> program, String subject, String text) {
    Matcher definition = DEFINITION.matcher(text);
    while (definition.find()) {
      source(program, definition.group(1), subject, definition.group());
    }
  }

  private void source(
      Optional<TaskProgram> program, String defined, String subject, String source) {
    if (!defined.equals(subject)) {
      add(Rule.OTHER_SOURCE, "defines " + defined + " where it points to " + subject);
      return;
    }
    Optional<Source> runs = sources.computeIfAbsent(source, this::parse);
    if (runs.isEmpty()) {
      add(
          Rule.UNREADABLE,
          "holds a source that does not run: " + quoted(source.lines().findFirst().orElse("")));
      return;
    }
    if (program.isPresent() && !source.equals(shownSource.get(subject))) {
      add(
          Rule.OTHER_SOURCE,
          "gives "
              + subject
              + " of group "
              + program.get().group().label()
              + " another source than "
              + DataFiles.PROGRAMS
              + " says is shown");
    }
    if (program.isEmpty() || program.get().group().executed()) {
      coincidence(DataFiles.DOCUMENTS + ", line " + number + ": " + subject, runs.get().table);
    }
  }

  private Optional<Source> parse(String source) {
    try {
      Program program = Parser.parse(source + "\n");
      return Optional.of(
          new Source(
              program, new Interpreter().prepare(program), FunctionTable.of(program, domain)));
    } catch (SyntaxException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Looks for inputs that a named program is run on, wherever they stand. */
  private void inputs(TaskProgram named, String text) {
    Matcher input = INPUT.matcher(text);
    while (input.find()) {
      String on = input.group(1);
      if (!named.group().executed()) {
        add(
            Rule.EXECUTION_WITHOUT_IO,
            "runs " + named.name() + " of group " + named.group().label() + " on " + on);
      } else if (evaluationInputs.getOrDefault(named.name(), Set.of()).contains(on)) {
        add(
            Rule.EVALUATION_INPUT,
            "runs " + named.name() + " on " + on + ", on which it is evaluated");
      }
    }
  }

  /**
   * Reads the whole text as one of the known forms, and derives it again from what was read: where
   * the two differ is a finding.
   */
  private void form(Optional<TaskProgram> program, String subject, String text) {
    int lineEnd = text.indexOf('\n');
    String first = lineEnd < 0 ? text : text.substring(0, lineEnd);
    if (Template.TRAINING.stream().noneMatch(template -> template.context(subject).equals(first))) {
      add(
          Rule.UNREADABLE,
          "begins with " + quoted(first) + ", which is no pointer context of training");
    }
    if (lineEnd < 0) {
      add(Rule.UNREADABLE, "ends after its first line");
    } else if (program.isPresent()) {
      named(program.get(), text, lineEnd);
    } else {
      fresh(text, lineEnd);
    }
  }

  /** Reads what follows the pointer context of a named program: its source, a run, or nothing. */
  private void named(TaskProgram program, String text, int from) {
    String rest = text.substring(from);
    if (rest.equals(MENTION)) {
      return;
    }
    String shown = shownSource.get(program.name());
    if (program.group() == Group.NO_SOURCE || shown == null) {
      add(Rule.NO_SOURCE, "says more of " + program.name() + " than that it exists");
      return;
    }
    if (rest.equals("\n" + shown)) {
      return;
    }
    if (rest.startsWith("\n" + shown + "\n")) {
      add(Rule.UNREADABLE, "goes on after a source with " + quoted(line(rest, shown.length() + 1)));
      return;
    }
    Optional<Source> source = sources.computeIfAbsent(shown, this::parse);
    if (source.isEmpty()) {
      add(Rule.UNREADABLE, "is of " + program.name() + ", whose source does not run");
      return;
    }
    turn(source.get(), text, from)
        .filter(end -> end < text.length())
        .ifPresent(end -> add(Rule.UNREADABLE, "goes on with " + quoted(line(text, end))));
  }

  /**
   * Reads what follows the pointer context of a fresh program: its source, and its runs; or runs of
   * which the first recites the source.
   */
  private void fresh(String text, int from) {
    Matcher query = QUERY.matcher(text).region(from, text.length());
    boolean recited = query.lookingAt() && query.group(1).equals(Mode.RECITE.word());
    Matcher definition =
        DEFINITION.matcher(text).region((recited ? query.end() : from) + 1, text.length());
    if (!definition.lookingAt()) {
      add(Rule.UNREADABLE, "has the line " + quoted(line(text, from)) + " instead of a source");
      return;
    }
    Optional<Source> source = sources.computeIfAbsent(definition.group(), this::parse);
    if (source.isEmpty()) {
      return; // Found with the definitions.
    }
    if (!definition.group().equals(Formats.source(source.get().program))) {
      add(Rule.UNREADABLE, "holds a source that is not written as sources are");
    }
    Optional<Integer> end = Optional.of(recited ? from : definition.end());
    if (end.get() == text.length()) {
      add(Rule.UNREADABLE, "holds the source of a fresh program and does not run it");
    }
    while (end.isPresent() && end.get() < text.length()) {
      end = turn(source.get(), text, end.get());
    }
  }

  /**
   * Reads one run of {@code source}, from the line break before its query to its last answer.
   *
   * @return where it ends; empty if it is not as it should be, which is a finding then
   */
  private Optional<Integer> turn(Source source, String text, int from) {
    Matcher query = QUERY.matcher(text).region(from, text.length());
    if (!query.lookingAt()) {
      add(
          Rule.UNREADABLE,
          "has the line " + quoted(line(text, from)) + ", which is of no known form");
      return Optional.empty();
    }
    Mode mode =
        Stream.of(Mode.values())
            .filter(candidate -> candidate.word().equals(query.group(1)))
            .findFirst()
            .orElseThrow();
    Value input = inputs.get(query.group(2));
    if (input == null) {
      add(
          Rule.WRONG_EXECUTION,
          "runs a program on "
              + query.group(2)
              + ", which is none of its inputs 0 to "
              + (domain - 1));
      return Optional.empty();
    }
    String name = source.program.name();
    Execution execution = RandomArithmetic.execution(name, source.prepared, input, Split.TRAIN);
    String right = Formats.query(mode, input) + Formats.solution(mode, execution, source.program);
    int end = from + right.length();
    if (!text.startsWith(right, from) || (end < text.length() && text.charAt(end) != '\n')) {
      int line = lineOfDifference(text, from, right);
      add(
          Rule.WRONG_EXECUTION,
          "has "
              + quoted(line(text, from + line))
              + " where "
              + name
              + " gives "
              + quoted(line(right, line)));
      return Optional.empty();
    }
    return Optional.of(end);
  }

  /** Where the line break before the first difference from {@code right} stands, in it. */
  private static int lineOfDifference(String text, int from, String right) {
    int same = 0;
    while (same < right.length()
        && from + same < text.length()
        && right.charAt(same) == text.charAt(from + same)) {
      same++;
    }
    return Math.max(0, right.lastIndexOf('\n', same - 1));
  }

  /** The line that begins or goes on at {@code from}, or after the line break there. */
  private static String line(String text, int from) {
    return text.substring(from).strip().lines().findFirst().orElse("");
  }

  /** As it stands in a sentence: on one line, and not too long. */
  private static String quoted(String text) {
    String line = text.replaceAll("\\s+", " ");
    return "\"" + (line.length() > 120 ? line.substring(0, 120) + "…" : line) + "\"";
  }

  private void add(Rule rule, String what) {
    leaks.add(new Leak(rule, DataFiles.DOCUMENTS + ", line " + number + " " + what));
  }
}
