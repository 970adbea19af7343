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
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import pbb.document.DataFiles;
import pbb.document.Formats;
import pbb.document.Template;
import pbb.document.TrainingText;
import pbb.lang.Parser;
import pbb.lang.Program;
import pbb.lang.SyntaxException;
import pbb.task.Execution;
import pbb.task.FunctionTable;
import pbb.task.Group;
import pbb.task.Renaming;
import pbb.task.Split;
import pbb.task.TaskData;
import pbb.task.TaskProgram;

/**
 * Searches a written corpus for what would make its evaluation dishonest. It reads the texts
 * themselves, line by line, and trusts neither the fields beside them nor the code that wrote them:
 * a line that it does not understand is a finding too.
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
    /** An executed program is the same function as one whose executions are held out. */
    COINCIDENCE,
    /** A document names two programs. */
    TWO_NAMES,
    /** The executions of {@code io.jsonl} are not split as they should be. */
    SPLIT,
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
  private static final Pattern DEFINITION = Pattern.compile("def ([A-Za-z_]+)\\(.*");
  private static final Pattern QUERY = Pattern.compile("(?:answer|steps|code) from (-?\\d+)(.*)");
  private static final String MENTION = "nothing more";

  private final TaskData data;
  private final int domain;
  private final Map<String, TaskProgram> byName;
  private final Map<String, Set<String>> evaluationInputs = new HashMap<>();
  private final Map<String, String> shownSource = new HashMap<>();
  private final Map<FunctionTable, TaskProgram> held = new HashMap<>();
  private final Map<String, Optional<FunctionTable>> tables = new HashMap<>();
  private final List<Leak> leaks = new ArrayList<>();
  private long number;

  private LeakCheck(TaskData data, int domain) {
    this.data = data;
    this.domain = domain;
    this.byName =
        data.programs().stream().collect(Collectors.toMap(TaskProgram::name, Function.identity()));
    for (TaskProgram program : data.programs()) {
      data.shownProgram(program)
          .ifPresent(shown -> shownSource.put(program.name(), Formats.source(shown)));
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
    Set<String> subjects = new HashSet<>();
    Matcher words = WORD.matcher(text);
    while (words.find()) {
      if (byName.containsKey(words.group())) {
        subjects.add(words.group());
      }
    }
    if (subjects.size() > 1) {
      add(Rule.TWO_NAMES, "names " + String.join(" and ", subjects));
      return;
    }
    String subject = subjects.isEmpty() ? Formats.PLACEHOLDER : subjects.iterator().next();
    TaskProgram program = byName.get(subject);
    List<String> lines = text.lines().toList();
    for (String line : lines) {
      for (Template template : Template.HELD_OUT) {
        if (line.equals(template.context(subject))) {
          add(Rule.HELD_OUT_TEMPLATE, "uses the held-out pointer context \"" + line + "\"");
        }
      }
    }
    if (!WORD.matcher(lines.getFirst())
        .results()
        .map(match -> match.group())
        .toList()
        .contains(subject)) {
      add(Rule.UNREADABLE, "begins with \"" + lines.getFirst() + "\", which points to no program");
    }
    boolean mentions = false;
    for (int i = 1; i < lines.size(); i++) {
      String line = lines.get(i);
      Matcher definition = DEFINITION.matcher(line);
      Matcher query = QUERY.matcher(line);
      if (definition.matches()) {
        StringBuilder source = new StringBuilder(line);
        while (i + 1 < lines.size() && lines.get(i + 1).startsWith("    ")) {
          i++;
          source.append('\n').append(lines.get(i));
        }
        source(Optional.ofNullable(program), definition.group(1), subject, source.toString());
      } else if (query.matches()) {
        execution(Optional.ofNullable(program), query.group(1));
      } else if (line.equals(MENTION)) {
        mentions = true;
      } else {
        add(Rule.UNREADABLE, "has the line \"" + line + "\", which is of no known form");
      }
    }
    if (program != null && program.group() == Group.NO_SOURCE && !(mentions && lines.size() == 2)) {
      add(Rule.NO_SOURCE, "says more of " + subject + " than that it exists");
    }
  }

  private void source(
      Optional<TaskProgram> program, String defined, String subject, String source) {
    if (!defined.equals(subject)) {
      add(Rule.OTHER_SOURCE, "defines " + defined + " where it points to " + subject);
      return;
    }
    Optional<FunctionTable> table =
        tables.computeIfAbsent(source.replace("def " + defined + "(", "def f("), this::table);
    if (table.isEmpty()) {
      add(
          Rule.UNREADABLE,
          "holds a source that does not run: \"" + source.lines().findFirst().orElse("") + "…\"");
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
      coincidence("document " + number + ": " + subject, table.get());
    }
  }

  private Optional<FunctionTable> table(String source) {
    try {
      Program program = Parser.parse(source + "\n");
      return Optional.of(FunctionTable.of(Renaming.rename(program, Formats.PLACEHOLDER), domain));
    } catch (SyntaxException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private void execution(Optional<TaskProgram> program, String input) {
    if (program.isEmpty()) {
      return; // Of an anonymous program; whether it may be run is decided by its function.
    }
    TaskProgram named = program.get();
    if (!named.group().executed()) {
      add(
          Rule.EXECUTION_WITHOUT_IO,
          "runs " + named.name() + " of group " + named.group().label() + " on " + input);
    } else if (evaluationInputs.getOrDefault(named.name(), Set.of()).contains(input)) {
      add(
          Rule.EVALUATION_INPUT,
          "runs " + named.name() + " on " + input + ", on which it is evaluated");
    }
  }

  private void add(Rule rule, String what) {
    leaks.add(new Leak(rule, DataFiles.DOCUMENTS + ", line " + number + " " + what));
  }
}
